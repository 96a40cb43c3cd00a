"""Records what the systems' own clients send, so that a fast test can compare it with what we send.

Each client is asked for the same run as our target, against a recorder on 127.0.0.1. It needs that client's library, so
it runs in an environment of its own, outside of the project:

    python -m venv /tmp/kfp && /tmp/kfp/bin/pip install kfp
    /tmp/kfp/bin/python tests/sinks/dispatch/record.py kubeflow

Without a name it says which there are. The recording lands beside this file, with the library's version.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

RUN = "driftline-9f2c4be81d0a77e3"
PARAMETERS = {"model": "fraud", "model_version": "3", "reason": "drift", "trigger_id": "9f2c4be81d0a77e3"}
PLACE = Path(__file__).parent / "recorded"
KEPT = {
    "authorization",
    "private-token",
    "accept",
    "x-amz-target",
    "azureml-model-deployment",
    "repeatability_request-id",
}
ASKED: list[dict[str, object]] = []
REPLIES: dict[tuple[str, str], tuple[int, object]] = {}


class Recorder(BaseHTTPRequestHandler):
    """Answers what the client needs to go on, and keeps what it sent."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        kind = (self.headers.get("content-type") or "").partition(";")[0]
        sent: object = body
        if "json" in kind and body:
            sent = json.loads(body)
        elif "form-urlencoded" in kind:
            sent = parse_qsl(body)
        names = sorted({name.lower() for name in self.headers} & KEPT)
        headers = {name: self.headers[name] for name in (*names, "content-type") if name in self.headers}
        ASKED.append(
            {
                "method": self.command,
                "path": parts.path,
                "query": parse_qsl(parts.query),
                "headers": headers,
                "body": sent,
            }
        )
        status, document = REPLIES.get((self.command, parts.path), (200, {}))
        text = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _serve  # noqa: N815 - as http.server asks for them

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def kubeflow(url: str) -> str:
    """Kubeflow Pipelines' client."""
    import kfp

    REPLIES[("POST", "/apis/v2beta1/runs")] = (200, {"run_id": "r-1", "display_name": RUN})
    client = kfp.Client(host=url, existing_token="the-token")
    client.run_pipeline("e1", RUN, pipeline_id="p1", version_id="v1", params=PARAMETERS)
    client.get_run("r-1")
    return "kfp"


def sagemaker(url: str) -> str:
    """AWS's client."""
    import boto3

    REPLIES[("POST", "/")] = (
        200,
        {"PipelineExecutionArn": "arn:aws:sagemaker:eu-west-1:1:pipeline/retrain/execution/a"},
    )
    client = boto3.client(
        "sagemaker", "eu-west-1", endpoint_url=url, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret"
    )
    client.start_pipeline_execution(
        PipelineName="retrain",
        PipelineExecutionDisplayName=RUN,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in PARAMETERS.items()],
        ClientRequestToken=hashlib.sha256(b"9f2c4be81d0a77e3").hexdigest(),
    )
    client.describe_pipeline_execution(
        PipelineExecutionArn="arn:aws:sagemaker:eu-west-1:1:pipeline/retrain/execution/a"
    )
    return "boto3"


def vertex(url: str) -> str:
    """Google's client, by its REST transport."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient
    from google.cloud.aiplatform_v1.services.pipeline_service.transports.rest import PipelineServiceRestTransport
    from google.cloud.aiplatform_v1.types import PipelineJob
    from google.protobuf.struct_pb2 import Value

    host = urlsplit(url).netloc
    transport = PipelineServiceRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
    client = PipelineServiceClient(transport=transport)
    job = PipelineJob(
        display_name=RUN,
        labels={"driftline_trigger": "9f2c4be81d0a77e3"},
        template_uri="https://europe-west1-kfp.pkg.dev/p/pipelines/retrain/v1",
        runtime_config=PipelineJob.RuntimeConfig(
            gcs_output_directory="gs://bucket/pipelines",
            parameter_values={name: Value(string_value=value) for name, value in PARAMETERS.items()},
        ),
        service_account="retrainer@p.iam.gserviceaccount.com",
    )
    parent = "projects/p/locations/europe-west1"
    REPLIES[("POST", f"/v1/{parent}/pipelineJobs")] = (200, {"name": f"{parent}/pipelineJobs/{RUN}"})
    client.create_pipeline_job(parent=parent, pipeline_job=job, pipeline_job_id=RUN)
    client.get_pipeline_job(name=f"{parent}/pipelineJobs/{RUN}")
    return "google-cloud-aiplatform"


def azure_ml(url: str) -> str:
    """Microsoft's client, whose operation is given what it would have asked the resource manager for."""
    from types import SimpleNamespace

    from azure.ai.ml import Input
    from azure.ai.ml._utils._http_utils import HttpPipeline
    from azure.ai.ml.operations import BatchEndpointOperations
    from azure.core.credentials import AccessToken

    REPLIES[("POST", "/jobs")] = (
        200,
        {"id": "/subscriptions/s/jobs/j", "name": "j", "properties": {"status": "Queued"}},
    )
    found = SimpleNamespace(properties=SimpleNamespace(scoring_uri=f"{url}/jobs"))
    own = BatchEndpointOperations.__new__(BatchEndpointOperations)
    own.__dict__ |= {
        "_batch_operation": SimpleNamespace(get=lambda **_: found),
        "_credentials": SimpleNamespace(get_token=lambda *_: AccessToken("the-token", 2**31)),
        "_requests_pipeline": HttpPipeline(),
        "_init_kwargs": {},
        "_validate_deployment_name": lambda *_: None,
        "_operation_scope": SimpleNamespace(resource_group_name="g", workspace_name="w"),
    }
    inputs = {name: Input(type="string", default=value) for name, value in PARAMETERS.items()}
    type(own).invoke.__wrapped__.__wrapped__(own, "retrain", deployment_name="blue", inputs=inputs)
    return "azure-ai-ml"


def metaflow(url: str) -> str:
    """Metaflow's own event."""
    os.environ.setdefault("METAFLOW_USER", "driftline")
    from metaflow.plugins.argo.argo_events import ArgoEvent

    ArgoEvent("drift.retrain", url=f"{url}/drift", access_token="the-token").publish(PARAMETERS, ignore_errors=False)
    return "metaflow"


def github(url: str) -> str:
    """PyGithub."""
    from github import Auth, Github

    REPLIES[("GET", "/repos/acme/models")] = (200, {"full_name": "acme/models", "url": f"{url}/repos/acme/models"})
    REPLIES[("POST", "/repos/acme/models/dispatches")] = (204, None)
    repository = Github(auth=Auth.Token("the-token"), base_url=url).get_repo("acme/models")
    repository.create_repository_dispatch("driftline-retrain", {"trigger": {"id": "9f2c4be81d0a77e3"}})
    return "PyGithub"


def gitlab(url: str) -> str:
    """python-gitlab."""
    import gitlab as library

    REPLIES[("POST", "/api/v4/projects/group%2Fmodels/trigger/pipeline")] = (201, {"id": 5, "web_url": "https://g/5"})
    project = library.Gitlab(url, private_token="the-token").projects.get("group/models", lazy=True)
    project.trigger_pipeline("main", "the-trigger-token", PARAMETERS)
    REPLIES[("GET", "/api/v4/projects/group%2Fmodels/pipelines/5")] = (200, {"id": 5, "status": "success"})
    project.pipelines.get(5)
    return "python-gitlab"


def jenkins(url: str) -> str:
    """python-jenkins."""
    import jenkins as library

    REPLIES[("GET", "/crumbIssuer/api/json")] = (404, None)
    REPLIES[("GET", "/job/team/job/retrain/api/json")] = (200, {"actions": [{"parameterDefinitions": [{}]}]})
    server = library.Jenkins(url, "bot", "the-token")
    with suppress(library.JenkinsException):  # the recorder gives no queue item
        server.build_job("team/retrain", PARAMETERS)
    return "python-jenkins"


def mlflow(url: str) -> str:
    """MLflow's client."""
    os.environ["MLFLOW_TRACKING_TOKEN"] = "the-token"
    os.environ["MLFLOW_TRACKING_URI"] = url
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    ml = "/api/2.0/mlflow"
    info = {
        "run_id": "aa",
        "run_uuid": "aa",
        "experiment_id": "4",
        "status": "RUNNING",
        "start_time": 1,
        "user_id": "x",
    }
    REPLIES[("GET", f"{ml}/experiments/get-by-name")] = (
        200,
        {"experiment": {"experiment_id": "4", "name": "drift-monitor/fraud", "lifecycle_stage": "active"}},
    )
    REPLIES[("POST", f"{ml}/experiments/create")] = (200, {"experiment_id": "4"})
    REPLIES[("POST", f"{ml}/runs/create")] = (200, {"run": {"info": info, "data": {}}})
    REPLIES[("POST", f"{ml}/runs/update")] = (200, {"run_info": info})
    REPLIES[("GET", f"{ml}/runs/get")] = (200, {"run": {"info": info, "data": {}}})
    client = MlflowClient(url, url)
    client.get_experiment_by_name("drift-monitor/fraud")
    client.create_experiment("drift-monitor/fraud")
    client.search_runs(["4"], f"tags.`drift.run` = '{RUN}'", max_results=1)
    client.create_run("4", start_time=1_795_194_000_000, tags={"drift.run": RUN}, run_name=RUN)
    metrics = [Metric("verdict/amount", 0.09, 1_795_194_000_000, 0)]
    client.log_batch("aa", metrics, [Param("fresh_to", "2026-11-20T17:00:00Z")], [RunTag("drift.evidence.0", "words")])
    client.set_model_version_tag("fraud", "3", "drift.status", "drifted")
    client.set_terminated("aa", "FINISHED", 1_795_194_000_000)
    return "mlflow-skinny"


CLIENTS: dict[str, Callable[[str], str]] = {
    each.__name__: each for each in (kubeflow, sagemaker, vertex, azure_ml, metaflow, github, gitlab, jenkins, mlflow)
}


def main() -> None:
    """Record one client."""
    if len(sys.argv) != 2 or sys.argv[1] not in CLIENTS:
        raise SystemExit(f"which one: {', '.join(CLIENTS)}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    library = CLIENTS[sys.argv[1]](url)
    text = json.dumps({"library": library, "version": version(library), "requests": ASKED}, indent=1)
    PLACE.mkdir(exist_ok=True)
    (PLACE / f"{sys.argv[1]}.json").write_text(text.replace(url, "https://recorder") + "\n")


if __name__ == "__main__":
    main()
