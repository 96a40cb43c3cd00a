"""What a trigger starts: a new version is registered, and the alias moves to it: docs/mlflow.md.

`python retrain.py http://mlflow.internal:5000 fraud` with the trigger on the standard input. Only the standard library:
where the training code has MLflow's own client, `MlflowClient.set_registered_model_alias` does the same.
"""

import json
import sys
from urllib.request import Request, urlopen

ALIAS = "champion"


def ask(url: str, method: str, path: str, document: dict[str, object]) -> dict[str, dict[str, str]]:
    """One request of MLflow's REST API."""
    body = json.dumps(document).encode()
    request = Request(f"{url}/api/2.0/mlflow/{path}", body, {"content-type": "application/json"}, method=method)  # noqa: S310 - the address of MLflow
    with urlopen(request, timeout=60) as reply:  # noqa: S310
        return json.load(reply)


def main(url: str, model: str) -> None:
    """Train on the fresh data that the trigger names, register what came of it, and serve it."""
    trigger = json.load(sys.stdin)
    fresh = trigger["data"]["fresh_data"]
    print(f"training {model} on {fresh['from']} to {fresh['to']}, without {fresh['without']}")
    # Here the training goes; `source` is where it has put the model.
    about = {"name": model, "source": f"s3://models/{model}/{trigger['id']}"}
    tags = [{"key": "driftline.trigger", "value": trigger["id"]}]
    made = ask(url, "POST", "model-versions/create", {**about, "tags": tags})
    version = made["model_version"]["version"]
    # Here the new version is compared with the old one on data that neither has seen; if it is better:
    ask(url, "POST", "registered-models/alias", {"name": model, "alias": ALIAS, "version": version})
    print(f"{ALIAS} of {model} is version {version}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
