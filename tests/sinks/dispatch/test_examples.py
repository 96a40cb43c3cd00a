"""The examples of what systems run: the ones that only the system itself could run are read here."""

import base64
import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from sinks.dispatch.targets.calling.signatures import signed
from sinks.dispatch.targets.entry import read
from sinks.dispatch.targets.systems.ci import GITHUB
from sinks.dispatch.targets.systems.commanding import Command
from sinks.dispatch.targets.systems.kinds import KINDS
from sinks.dispatch.targets.systems.pipelines import METAFLOW
from tests.sinks.dispatch.entries import CASES, ID, answering, driven, entry, trigger

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"


def sent(kind: str) -> Any:  # noqa: ANN401 - a document
    """What a system of this kind is told where the entry names no parameters."""
    row = KINDS[kind]
    assert not isinstance(row, Command)
    _, asked = driven(row.start(read(entry(kind)), trigger()), answering(CASES[kind].answers))
    return json.loads(asked[-1].body)


def test_the_workflow_waits_for_our_event_and_is_found_by_its_name() -> None:
    """And no field of the trigger becomes part of a script."""
    workflow: Any = yaml.load((EXAMPLES / "github" / "retrain.yml").read_text(), yaml.BaseLoader)
    assert [GITHUB.keys["event"].default] == workflow["on"]["repository_dispatch"]["types"]
    assert "github.event.client_payload.trigger.id" in workflow["run-name"]
    scripts = [step["run"] for step in workflow["jobs"]["retrain"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_the_flow_waits_for_our_event() -> None:
    """By the name that an entry without one sends."""
    assert f'"name": "{METAFLOW.keys["event"].default}"' in (EXAMPLES / "metaflow" / "flow.py").read_text()


def test_the_job_of_gitlab_runs_for_a_trigger_and_reads_variables_that_it_gets() -> None:
    """Quoted, so that no field becomes part of the script."""
    job: Any = yaml.safe_load((EXAMPLES / "gitlab" / "retrain.yml").read_text())["retrain"]
    assert ['$CI_PIPELINE_SOURCE == "trigger" && $trigger_id'] == [rule["if"] for rule in job["rules"]]
    assert ['python train.py "$trigger_json"'] == job["script"]
    assert {"trigger_id", "trigger_json"} <= sent("gitlab")["variables"].keys()


def test_the_job_of_jenkins_declares_all_that_it_gets() -> None:
    """Of what it does not declare nothing arrives, the id by which the build is found included."""
    text = (EXAMPLES / "jenkins" / "Jenkinsfile").read_text()
    assert sent("gitlab")["variables"].keys() == set(re.findall(r"(?:string|text)\(name: '(\w+)'", text))
    assert "sh 'python3 train.py \"$trigger_json\"'" in text


def test_the_pipeline_of_sagemaker_declares_all_that_it_gets() -> None:
    """And gives it to its only step; SageMaker refuses an unknown parameter, and more than 1,024 characters."""
    made = json.loads(runpy.run_path(str(EXAMPLES / "sagemaker" / "pipeline.py"))["definition"]("role", "image", "s3"))
    given = {each["Name"]: each["Value"] for each in sent("sagemaker")["PipelineParameters"]}
    assert list(given) == [each["Name"] for each in made["Parameters"]]
    read_by_step = [each["Get"] for each in made["Steps"][0]["Arguments"]["HyperParameters"].values()]
    assert [f"Parameters.{name}" for name in given] == read_by_step
    assert not any("{" in value for value in given.values())


def test_the_pipeline_of_azure_declares_all_that_it_gets() -> None:
    """Its step declares what it is handed, and the endpoint's deployment is of it."""
    pipeline, train, deployment = (
        yaml.safe_load((EXAMPLES / "azure-ml" / f"{name}.yml").read_text())
        for name in ("pipeline", "train", "deployment")
    )
    assert sent("azure_ml")["properties"]["inputData"].keys() == pipeline["inputs"].keys()
    handed = pipeline["jobs"]["train"]["inputs"]
    assert {name: f"${{{{parent.inputs.{name}}}}}" for name in train["inputs"]} == handed
    assert set(re.findall(r"inputs\.(\w+)", train["command"])) == train["inputs"].keys()
    assert f"azureml:{pipeline['name']}@latest" == deployment["component"]


@pytest.mark.parametrize("secret", ["plain", "whsec_" + base64.b64encode(b"k" * 24).decode()])
def test_the_receiver_believes_what_we_sign(secret: str) -> None:
    """Not another body, another secret, or what is older than five minutes."""
    answered = runpy.run_path(str(EXAMPLES / "webhook" / "receiver.py"))["answered"]
    body = trigger().raw
    headers = signed(ID, body, secret, 1_795_194_000)
    assert (204, ID) == answered(headers, body, secret, 1_795_194_010)
    assert (401, "") == answered(headers, body + b" ", secret, 1_795_194_010)
    assert (401, "") == answered(headers, body, "other", 1_795_194_010)
    assert (401, "") == answered({}, body, secret, 1_795_194_010)
    assert (400, "") == answered(headers, body, secret, 1_795_194_301)


def test_every_kind_is_told_what_runs_on_the_other_side() -> None:
    """A folder of examples; what stands in it is named."""
    text = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8").partition("## The other side\n")[2]
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert set(KINDS) == {kind for cell in cells for kind in re.findall(r"`(\w+)`", cell[0])}
    folders = [name for cell in cells for name in re.findall(r"\(\.\./examples/([\w-]+)\)", cell[1])]
    assert {each.name for each in EXAMPLES.iterdir() if each.is_dir()} == {*folders, "real-model"}
