"""A real MLflow: one run for a trigger that comes three times, and the version's tag."""

import asyncio
from typing import Any

from sinks.dispatch.target import Started
from sinks.dispatch.targets import open_target
from tests.real.programs import call
from tests.sinks.dispatch.entries import ID, trigger


def test_three_repeats_of_a_trigger_are_one_run_with_its_evidence(mlflow: str) -> None:
    """Found again by its tag; the version of the registered model says that it has drifted."""
    api = f"{mlflow}/api/2.0/mlflow"
    call("POST", f"{api}/registered-models/create", {"name": "fraud"})
    for _ in range(3):
        call("POST", f"{api}/model-versions/create", {"name": "fraud", "source": "s3://nowhere/model"})
    entry = {"kind": "mlflow", "url": mlflow, "networks": ["127.0.0.1/32"]}

    async def thrice() -> list[object]:
        answers: list[object] = []
        for _ in range(3):
            target = open_target(entry)  # as after a crash
            answers.append(await target.start(trigger()))
            await target.close()
        return answers

    first, *others = asyncio.run(thrice())
    assert isinstance(first, Started), first
    assert [first, first] == others
    experiment: Any = call("GET", f"{api}/experiments/get-by-name?experiment_name=drift-monitor/fraud")
    wanted = {
        "experiment_ids": [experiment["experiment"]["experiment_id"]],
        "filter": f"tags.`drift.alert_id` = '{ID}'",
    }
    found: Any = call("POST", f"{api}/runs/search", wanted)
    (run,) = found["runs"]
    assert "FINISHED" == run["info"]["status"]
    assert {"verdict/amount": 0.09, "verdict/amount/limit": 0.05} == {
        each["key"]: each["value"] for each in run["data"]["metrics"]
    }
    version: Any = call("GET", f"{api}/model-versions/get?name=fraud&version=3")
    tags = {each["key"]: each["value"] for each in version["model_version"]["tags"]}
    assert {"drift.status": "drifted", "drift.incident": "41f0c2d9a6b3"} == tags


def test_a_model_that_is_not_registered_is_recorded_all_the_same(mlflow: str) -> None:
    """The run says everything; there is no version to tag."""
    target = open_target({"kind": "mlflow", "url": mlflow, "networks": ["127.0.0.1/32"]})

    async def story() -> object:
        answer = await target.start(trigger(id="77", model="unknown"))
        await target.close()
        return answer

    assert isinstance(asyncio.run(story()), Started)
