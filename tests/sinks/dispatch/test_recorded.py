"""What the systems' own clients sent (`record.py`), field by field beside what we send for the same run."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from sinks.dispatch.targets.calling.authority import Authority, Gitlab, Plain
from sinks.dispatch.targets.calling.secrets import Secrets
from sinks.dispatch.targets.entry import read
from sinks.dispatch.targets.plans.exchange import Reply, Request
from sinks.dispatch.targets.systems.commanding import Command
from sinks.dispatch.targets.systems.kinds import KINDS
from tests.sinks.dispatch.entries import ID, RUN, answering, driven, trigger

PLACE = Path(__file__).parent / "recorded"
PARAMETERS = {"model": "${model}", "model_version": "${version}", "reason": "${reason}", "trigger_id": "${id}"}
TOKEN = {"token": "env:TOKEN"}
ENVIRONMENT = {"TOKEN": "the-token", "TRIGGER": "the-trigger-token"}
URL = {"url": "https://recorder"}
JOB = "projects/p/locations/europe-west1/pipelineJobs"
ENTRIES: dict[str, dict[str, Any]] = {
    "kubeflow": {**URL, **TOKEN, "pipeline": "p1", "version": "v1", "experiment": "e1", "parameters": PARAMETERS},
    "sagemaker": {**URL, "region": "eu-west-1", "pipeline": "retrain", "parameters": PARAMETERS},
    "vertex": {
        **URL,
        "project": "p",
        "location": "europe-west1",
        "template": "https://europe-west1-kfp.pkg.dev/p/pipelines/retrain/v1",
        "output": "gs://bucket/pipelines",
        "service_account": "retrainer@p.iam.gserviceaccount.com",
        "parameters": PARAMETERS,
    },
    "azure_ml": {**URL, **TOKEN, "deployment": "blue", "parameters": PARAMETERS},
    "metaflow": {"url": "https://recorder/drift", **TOKEN, "event": "drift.retrain", "parameters": PARAMETERS},
    "github": {**URL, **TOKEN, "repository": "acme/models"},
    "gitlab": {**URL, **TOKEN, "trigger_token": "env:TRIGGER", "project": "group/models", "parameters": PARAMETERS},
    "jenkins": {**URL, "job": "team/retrain", "username": "bot", "password": "env:TOKEN", "parameters": PARAMETERS},
    "mlflow": {**URL, **TOKEN},
}
ARN = "arn:aws:sagemaker:eu-west-1:1:pipeline/retrain/execution/a"
FOLLOWED = {"kubeflow": "r-1", "sagemaker": ARN, "vertex": RUN, "gitlab": "5"}


def recorded(kind: str) -> list[dict[str, Any]]:
    """What the client sent."""
    requests: list[dict[str, Any]] = json.loads((PLACE / f"{kind}.json").read_text())["requests"]
    return requests


def sent(kind: str, answer: Any, *, following: bool = False) -> list[dict[str, Any]]:  # noqa: ANN401
    """What we send, in the recorder's form."""
    own = read({"kind": kind, **ENTRIES[kind]})
    row = KINDS[kind]
    assert not isinstance(row, Command)
    asked: list[Request]
    if following:
        _, asked = driven(row.follow(own, FOLLOWED[kind]), answer)
    else:
        _, asked = driven(row.start(own, trigger()), answer)
    secrets = Secrets(own.references, ENVIRONMENT)
    authority: Authority = Gitlab(secrets) if kind == "gitlab" else Plain(own, secrets)
    return [noted(own.text("url"), asyncio.run(authority.ours(request, 1.0))) for request in asked]


def noted(url: str, request: Request) -> dict[str, Any]:
    """A request as the recorder notes it."""
    parts = urlsplit(url + request.path)
    kind = request.headers.get("content-type", "")
    body: object = request.body.decode()
    if "json" in kind and body:
        body = json.loads(request.body)
    elif "form" in kind:
        body = [list(pair) for pair in parse_qsl(request.body.decode())]
    query = [list(pair) for pair in parse_qsl(parts.query)]
    return {"method": request.method, "path": parts.path, "query": query, "headers": request.headers, "body": body}


def only(requests: list[dict[str, Any]], method: str, end: str) -> dict[str, Any]:
    """The one request to a path with this end."""
    (found,) = [each for each in requests if each["method"] == method and each["path"].endswith(end)]
    return found


def same(ours: dict[str, Any], theirs: dict[str, Any], *fields: str) -> None:
    """Equal in these fields, and in the type of the content."""
    for field in ("method", "path", *fields):
        assert theirs[field] == ours[field], field
    if theirs["body"]:
        assert theirs["headers"]["content-type"] == ours["headers"]["content-type"]


def test_kubeflow_as_its_own_client() -> None:
    """The run and its state; we search before, which the client leaves to people."""
    theirs, ours = recorded("kubeflow"), sent("kubeflow", lambda _: Reply(200, b"{}"))
    mine, its = only(ours, "POST", "/runs"), only(theirs, "POST", "/runs")
    same(mine, its, "query", "body")
    assert its["headers"]["authorization"] == mine["headers"]["authorization"]
    (followed,) = sent("kubeflow", lambda _: Reply(200, b"{}"), following=True)
    same(followed, only(theirs, "GET", "/runs/r-1"), "query", "body")


def test_sagemaker_as_boto3() -> None:
    """Every field of both operations; the signature is botocore's own (tests/integration/test_targets.py)."""
    theirs = recorded("sagemaker")
    ours = sent("sagemaker", lambda _: Reply(200, b"{}")) + sent("sagemaker", lambda _: Reply(200), following=True)
    for mine, its in zip(ours, theirs, strict=True):
        same(mine, its, "query", "body")
        assert its["headers"]["x-amz-target"] == mine["headers"]["x-amz-target"]


def test_vertex_as_the_client_of_google() -> None:
    """All fields; `$alt` asks for numbers in the place of words in the reply, and we read the words."""
    theirs = recorded("vertex")
    ours = sent("vertex", lambda _: Reply(200, b"{}")) + sent("vertex", lambda _: Reply(200), following=True)
    for mine, its in zip(ours, theirs, strict=True):
        same(mine, its, "body")
        assert [pair for pair in its["query"] if pair[0] != "$alt"] == mine["query"]


def test_azure_ml_as_the_client_of_microsoft() -> None:
    """All fields; the request's id is made from the trigger's rather than drawn."""
    (its,) = recorded("azure_ml")
    (mine,), (again,) = sent("azure_ml", lambda _: Reply(200)), sent("azure_ml", lambda _: Reply(200))
    same(mine, its, "query", "body")
    for name in ("authorization", "azureml-model-deployment"):
        assert its["headers"][name] == mine["headers"][name]
    drawn, made = (each["headers"]["repeatability_request-id"] for each in (its, mine))
    assert UUID(drawn).version == UUID(made).version
    assert made == again["headers"]["repeatability_request-id"]


def test_metaflow_as_its_own_event() -> None:
    """All fields; the id is the trigger's rather than drawn, the moment the trigger's rather than now."""
    (its,) = recorded("metaflow")
    (mine,) = sent("metaflow", lambda _: Reply(200))
    drawn = {"id": ID, "timestamp": 1_795_194_000, "utc_date": "20261120"}
    same(mine, {**its, "body": {**its["body"], "payload": {**its["body"]["payload"], **drawn}}}, "query", "body")
    assert its["headers"]["authorization"] == mine["headers"]["authorization"]


def test_github_as_pygithub() -> None:
    """The same shape; the payload is ours."""
    its = only(recorded("github"), "POST", "/dispatches")
    mine = only(sent("github", lambda _: Reply(204)), "POST", "/dispatches")
    same(mine, its, "query")
    assert its["body"].keys() == mine["body"].keys()
    assert its["body"]["event_type"] == mine["body"]["event_type"]
    assert its["body"]["client_payload"]["trigger"]["id"] == mine["body"]["client_payload"]["trigger"]["id"]


def test_gitlab_as_python_gitlab() -> None:
    """All fields but `inputs`, which are empty there; only the token that starts goes along with the start."""
    theirs = recorded("gitlab")
    (mine,) = sent("gitlab", lambda _: Reply(201, b'{"id": 5}'))
    its = only(theirs, "POST", "/trigger/pipeline")
    same(mine, {**its, "body": {key: value for key, value in its["body"].items() if key != "inputs"}}, "query", "body")
    (followed,) = sent("gitlab", lambda _: Reply(200), following=True)
    same(followed, only(theirs, "GET", "/pipelines/5"), "query", "body")
    assert "the-token" == followed["headers"]["private-token"]


def test_jenkins_as_python_jenkins() -> None:
    """The same parameters, in the body, where they are not logged with the address; the same user."""
    its = only(recorded("jenkins"), "POST", "/buildWithParameters")
    mine = only(sent("jenkins", lambda _: Reply(404)), "POST", "/buildWithParameters")
    assert (its["path"], its["query"]) == (mine["path"], mine["body"])
    assert its["headers"]["authorization"] == mine["headers"]["authorization"]


@pytest.mark.parametrize(
    ("end", "left_out"),
    [
        ("experiments/create", set()),
        ("runs/search", set()),
        ("runs/create", {"user_id", "tags"}),  # deprecated; ours are more
        ("runs/log-batch", {"metrics", "params", "tags"}),
        ("model-versions/set-tag", set()),
        ("runs/update", {"run_uuid"}),  # deprecated
    ],
)
def test_mlflow_as_its_own_client(end: str, left_out: set[str]) -> None:
    """All fields that are not deprecated; lists of tags, metrics and parameters have the same shape."""
    ml = "/api/2.0/mlflow"
    answers = {
        ("GET", f"{ml}/experiments/get-by-name"): (404, None),
        ("POST", f"{ml}/experiments/create"): (200, {"experiment_id": "4"}),
        ("POST", f"{ml}/runs/create"): (200, {"run": {"info": {"run_id": "aa"}}}),
        **{("POST", f"{ml}/{path}"): (200, {}) for path in ("runs/search", "runs/log-batch", "runs/update")},
        ("POST", f"{ml}/model-versions/set-tag"): (200, {}),
    }
    ours, theirs = sent("mlflow", answering(answers)), recorded("mlflow")
    mine = next(each for each in ours if each["path"].endswith(end))
    its = only(theirs, "POST", end)
    same(mine, its, "query")
    plain = {key: value for key, value in its["body"].items() if key not in left_out}
    assert plain == {key: value for key, value in mine["body"].items() if key not in left_out}
    for key in left_out & mine["body"].keys():
        assert its["body"][key][0].keys() == mine["body"][key][0].keys()
    get = only(theirs, "GET", "get-by-name")
    same(only(ours, "GET", "get-by-name"), get, "query")


def test_every_recording_is_compared() -> None:
    """And none is left behind."""
    assert sorted(ENTRIES) == sorted(path.stem for path in PLACE.glob("*.json"))
