"""One entry of each kind, one trigger, and what each system answers: for the fast tests and those with sockets."""

import json
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from sinks.dispatch.target import Trigger
from sinks.dispatch.targets.plans.exchange import Reply, Request

R = TypeVar("R")

DATA: dict[str, Any] = {
    "model": "fraud",
    "model_version": "3",
    "reason": "drift",
    "severity": "critical",
    "incident": "41f0c2d9a6b3",
    "hold_training": False,
    "evidence": [
        {
            "detector": "verdict",
            "feature": "amount",
            "segment": "",
            "words": "values above 812.4 went from 2 % to 11 %",
            "value": 0.09,
            "limit": 0.05,
            "n": 4000,
            "window": ["2026-11-20T16:00:00Z", "2026-11-20T17:00:00Z"],
        }
    ],
    "reference": {"id": "b-12", "source": "mlflow"},
    "fresh_data": {"from": "2026-11-01T00:00:00Z", "to": "2026-11-20T17:00:00Z"},
    "config_digest": "blake2b:77",
}
MESSAGE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "9f2c4be81d0a77e3",
    "source": "/driftline",
    "type": "driftline.retrain.requested",
    "subject": "fraud",
    "time": "2026-11-20T17:00:00Z",
    "datacontenttype": "application/json",
    "data": DATA,
}


def trigger(**changes: object) -> Trigger:
    """The trigger of the facts, or one that differs from it."""
    message = {**MESSAGE, **{key: value for key, value in changes.items() if key in MESSAGE}}
    usual: dict[str, Any] = {
        "id": message["id"],
        "model": DATA["model"],
        "version": DATA["model_version"],
        "reason": DATA["reason"],
        "severity": DATA["severity"],
        "incident": DATA["incident"],
        "time": message["time"],
        "data": message["data"],
        "raw": json.dumps(message).encode(),
    }
    return Trigger(**{**usual, **changes})


SECRET = "s3cr3t-do-not-tell"
ENVIRONMENT = {"HIDDEN": SECRET}
HIDDEN = "env:HIDDEN"
RUN = "driftline-9f2c4be81d0a77e3"
ID = "9f2c4be81d0a77e3"


Answers = Mapping[tuple[str, str], tuple[int, object]]


class Case(Struct, frozen=True):
    """An entry, the system's answers to it by (method, path without query), and what comes of them."""

    keys: dict[str, Any]
    answers: Answers
    started: str  # the run's id
    start: tuple[str, str]  # the request that starts it
    repeat: Answers | None = None  # answers once it has been started
    ended: Answers = {}  # answers once it has succeeded
    failed: Answers = {}


DAGS = "/api/v2/dags/retrain_fraud/dagRuns"
JOBS = "/v1/projects/p/locations/l/pipelineJobs"
ML = "/api/2.0/mlflow"
CASES: dict[str, Case] = {
    "airflow": Case(
        {"dag": "retrain_${model}", "token": HIDDEN},
        {
            ("POST", DAGS): (200, {"dag_run_id": RUN, "state": "queued"}),
            ("GET", f"{DAGS}/{RUN}"): (200, {"state": "running"}),
        },
        f"retrain_fraud/{RUN}",
        ("POST", DAGS),
        {("POST", DAGS): (409, {"detail": "exists"})},
        {("GET", f"{DAGS}/{RUN}"): (200, {"state": "success"})},
        {("GET", f"{DAGS}/{RUN}"): (200, {"state": "failed"})},
    ),
    "airflow_asset": Case(
        {"asset": "drift://driftline/fraud", "token": HIDDEN},
        {
            ("GET", "/api/v2/assets"): (200, {"assets": [{"id": 7, "uri": "drift://driftline/fraud"}]}),
            ("GET", "/api/v2/assets/events"): (200, {"asset_events": []}),
            ("POST", "/api/v2/assets/events"): (200, {"id": 31}),
        },
        "7/31",
        ("POST", "/api/v2/assets/events"),
        {("GET", "/api/v2/assets/events"): (200, {"asset_events": [{"id": 31, "extra": {"trigger_id": ID}}]})},
    ),
    "kubeflow": Case(
        {"pipeline": "p1", "version": "v1", "experiment": "e1", "token": HIDDEN},
        {
            ("GET", "/apis/v2beta1/runs"): (200, {}),
            ("POST", "/apis/v2beta1/runs"): (200, {"run_id": "r-1", "display_name": RUN}),
            ("GET", "/apis/v2beta1/runs/r-1"): (200, {"state": "RUNNING"}),
        },
        "r-1",
        ("POST", "/apis/v2beta1/runs"),
        {("GET", "/apis/v2beta1/runs"): (200, {"runs": [{"run_id": "r-1", "display_name": RUN}]})},
        {("GET", "/apis/v2beta1/runs/r-1"): (200, {"state": "SUCCEEDED"})},
        {("GET", "/apis/v2beta1/runs/r-1"): (200, {"state": "FAILED", "error": {"message": "no data"}})},
    ),
    "vertex": Case(
        {"project": "p", "location": "l", "template": "https://r/p", "output": "gs://b/o", "token": HIDDEN},
        {
            ("POST", JOBS): (200, {"name": f"projects/1/locations/l/pipelineJobs/{RUN}"}),
            ("GET", f"{JOBS}/{RUN}"): (200, {"state": "PIPELINE_STATE_RUNNING"}),
        },
        RUN,
        ("POST", JOBS),
        {("POST", JOBS): (409, {"error": {"status": "ALREADY_EXISTS"}})},
        {("GET", f"{JOBS}/{RUN}"): (200, {"state": "PIPELINE_STATE_SUCCEEDED"})},
        {("GET", f"{JOBS}/{RUN}"): (200, {"state": "PIPELINE_STATE_CANCELLED"})},
    ),
    "azure_ml": Case(
        {"deployment": "blue", "token": HIDDEN},
        {
            ("POST", "/jobs"): (200, {"id": "/subscriptions/s/jobs/batchjob-1"}),
            ("GET", "/jobs/batchjob-1"): (200, {"properties": {"status": "Running"}}),
        },
        "/subscriptions/s/jobs/batchjob-1",
        ("POST", "/jobs"),
        None,
        {("GET", "/jobs/batchjob-1"): (200, {"properties": {"status": "Completed"}})},
        {("GET", "/jobs/batchjob-1"): (200, {"properties": {"status": "Failed"}})},
    ),
    "metaflow": Case({"event": "drift.retrain", "token": HIDDEN}, {("POST", ""): (200, None)}, ID, ("POST", "")),
    "github": Case(
        {"repository": "acme/models", "token": HIDDEN},
        {
            ("GET", "/repos/acme/models/actions/runs"): (200, {"workflow_runs": []}),
            ("POST", "/repos/acme/models/dispatches"): (204, None),
        },
        ID,
        ("POST", "/repos/acme/models/dispatches"),
        {
            ("GET", "/repos/acme/models/actions/runs"): (
                200,
                {"workflow_runs": [{"display_title": f"retrain {ID}", "conclusion": None, "html_url": "https://g/1"}]},
            )
        },
        {
            ("GET", "/repos/acme/models/actions/runs"): (
                200,
                {"workflow_runs": [{"display_title": f"retrain {ID}", "conclusion": "success"}]},
            )
        },
        {
            ("GET", "/repos/acme/models/actions/runs"): (
                200,
                {"workflow_runs": [{"display_title": f"retrain {ID}", "conclusion": "timed_out"}]},
            )
        },
    ),
    "gitlab": Case(
        {"project": "group/models", "trigger_token": HIDDEN, "token": HIDDEN},
        {
            ("POST", "/api/v4/projects/group%2Fmodels/trigger/pipeline"): (201, {"id": 5, "web_url": "https://g/5"}),
            ("GET", "/api/v4/projects/group%2Fmodels/pipelines/5"): (200, {"status": "running"}),
        },
        "5",
        ("POST", "/api/v4/projects/group%2Fmodels/trigger/pipeline"),
        None,
        {("GET", "/api/v4/projects/group%2Fmodels/pipelines/5"): (200, {"status": "success"})},
        {("GET", "/api/v4/projects/group%2Fmodels/pipelines/5"): (200, {"status": "failed"})},
    ),
    "jenkins": Case(
        {"job": "team/retrain", "username": "bot", "password": HIDDEN},
        {
            ("GET", "/job/team/job/retrain/api/json"): (200, {"builds": []}),
            ("POST", "/job/team/job/retrain/buildWithParameters"): (201, None),
        },
        f"team/job/retrain/{ID}",
        ("POST", "/job/team/job/retrain/buildWithParameters"),
        {
            ("GET", "/job/team/job/retrain/api/json"): (
                200,
                {"builds": [{"result": None, "actions": [{"parameters": [{"name": "trigger_id", "value": ID}]}]}]},
            )
        },
        {
            ("GET", "/job/team/job/retrain/api/json"): (
                200,
                {"builds": [{"result": "SUCCESS", "actions": [{"parameters": [{"name": "trigger_id", "value": ID}]}]}]},
            )
        },
        {
            ("GET", "/job/team/job/retrain/api/json"): (
                200,
                {"builds": [{"result": "ABORTED", "actions": [{"parameters": [{"name": "trigger_id", "value": ID}]}]}]},
            )
        },
    ),
    "webhook": Case({"secret": HIDDEN}, {("POST", ""): (204, None)}, ID, ("POST", "")),
    "http": Case(
        {
            "path": "/runs/${id}",
            "headers": {"idempotency-key": "${id}"},
            "body": {"model": "${model}", "evidence": "${evidence}"},
            "repeated": [409],
            "run": "run.id",
            "link": "run.url",
            "status": "/runs/{external}",
            "state": "run.state",
            "succeeded": ["done"],
            "failed": ["broken"],
            "token": HIDDEN,
        },
        {
            ("POST", f"/runs/{ID}"): (201, {"run": {"id": "x1", "url": "https://t/x1"}}),
            ("GET", "/runs/x1"): (200, {"run": {"state": "busy"}}),
        },
        "x1",
        ("POST", f"/runs/{ID}"),
        None,
        {("GET", "/runs/x1"): (200, {"run": {"state": "done"}})},
        {("GET", "/runs/x1"): (200, {"run": {"state": "broken"}})},
    ),
    "mlflow": Case(
        {"token": HIDDEN},
        {
            ("GET", f"{ML}/experiments/get-by-name"): (404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}),
            ("POST", f"{ML}/experiments/create"): (200, {"experiment_id": "4"}),
            ("POST", f"{ML}/runs/search"): (200, {}),
            ("POST", f"{ML}/runs/create"): (200, {"run": {"info": {"run_id": "aa"}}}),
            ("POST", f"{ML}/runs/log-batch"): (200, {}),
            ("POST", f"{ML}/model-versions/set-tag"): (200, {}),
            ("POST", f"{ML}/runs/update"): (200, {}),
        },
        "aa",
        ("POST", f"{ML}/runs/create"),
        {
            ("GET", f"{ML}/experiments/get-by-name"): (200, {"experiment": {"experiment_id": "4"}}),
            ("POST", f"{ML}/runs/search"): (200, {"runs": [{"info": {"run_id": "aa"}}]}),
        },
    ),
    "sagemaker": Case(
        {"region": "eu-west-1", "pipeline": "retrain"},
        {("POST", "/"): (200, {"PipelineExecutionArn": "arn:aws:sagemaker:e", "PipelineExecutionStatus": "Executing"})},
        "arn:aws:sagemaker:e",
        ("POST", "/"),
        None,
        {("POST", "/"): (200, {"PipelineExecutionStatus": "Succeeded"})},
        {("POST", "/"): (200, {"PipelineExecutionStatus": "Failed", "FailureReason": "no data"})},
    ),
}


def entry(kind: str, url: str = "https://target.example.com", **more: object) -> dict[str, Any]:
    """The entry of a kind as the configuration has it."""
    return {"kind": kind, "url": url, **CASES[kind].keys, **more}


Answering = Callable[[Request], Reply]


def answering(*answers: Answers) -> Answering:
    """A system that gives these answers, later ones over earlier ones; to anything else 404."""
    known = {key: value for each in answers for key, value in each.items()}

    def answer(request: Request) -> Reply:
        status, document = known.get((request.method, request.path.partition("?")[0]), (404, None))
        return Reply(status, b"" if document is None else json.dumps(document).encode())

    return answer


def driven(plan: Generator[Request, Reply, R], answer: Answering) -> tuple[R, list[Request]]:
    """What a plan returns against a system, and what it asked."""
    asked: list[Request] = []
    try:
        request = next(plan)
        while len(asked) < 20:
            asked.append(request)
            request = plan.send(answer(request))
    except StopIteration as end:
        answered: R = end.value
        return answered, asked
    raise AssertionError("a plan without an end")
