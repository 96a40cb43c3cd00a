"""A pipeline that driftline's `kubeflow` and `vertex` targets run: `python pipeline.py` compiles it to retrain.yaml.

Its parameters are those that driftline gives where the entry names none. A pipeline with others needs `parameters:`
there, because Kubeflow and Vertex refuse parameters that a pipeline does not have.
"""

from kfp import compiler, dsl


@dsl.component(base_image="python:3.11-slim")
def train(model: str, reason: str, fresh_from: str, fresh_to: str) -> str:
    """Your training, on the data of this stretch."""
    words = f"{model} retrained on {fresh_from} to {fresh_to} because of {reason}"
    print(words)
    return words


@dsl.pipeline(name="retrain")
def retrain(  # noqa: PLR0913, PLR0917
    model: str,
    model_version: str,  # noqa: ARG001 - driftline gives it
    reason: str,
    trigger_id: str,  # noqa: ARG001
    fresh_from: str,
    fresh_to: str,
    trigger_json: str = "{}",  # noqa: ARG001
) -> str:
    """One step; the trigger's whole message is at hand as JSON."""
    return train(model=model, reason=reason, fresh_from=fresh_from, fresh_to=fresh_to).output


if __name__ == "__main__":
    compiler.Compiler().compile(retrain, "retrain.yaml")
