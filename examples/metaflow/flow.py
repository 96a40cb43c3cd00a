"""A flow that driftline starts: on Argo Workflows by the event of `kind: metaflow`, or here by `kind: command`.

python flow.py argo-workflows create             # waits for the event
python flow.py run --model fraud --trigger_id 1  # runs here
"""

from metaflow import FlowSpec, Parameter, step, trigger


@trigger(
    event={
        "name": "driftline.retrain",
        "parameters": {"model": "model", "reason": "reason", "trigger_id": "trigger_id", "fresh_to": "fresh_to"},
    }
)
class RetrainFlow(FlowSpec):
    """One model, retrained."""

    model = Parameter("model", default="")
    reason = Parameter("reason", default="")
    trigger_id = Parameter("trigger_id", default="")
    fresh_to = Parameter("fresh_to", default="")

    @step
    def start(self) -> None:
        """Your training."""
        self.words = f"{self.model} retrained on data up to {self.fresh_to} because of {self.reason}"
        print(self.words)
        self.next(self.end)

    @step
    def end(self) -> None:
        """The model is ready to be promoted."""


if __name__ == "__main__":
    RetrainFlow()
