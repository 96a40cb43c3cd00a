"""Pipelines: Kubeflow, Vertex AI, Azure ML; and the event that starts a Metaflow flow."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from sinks.dispatch.target import Trigger
from sinks.dispatch.targets.plans.bodies import FORM, PARAMETERS, as_json, parameters, texts, written
from sinks.dispatch.targets.plans.exchange import Request
from sinks.dispatch.targets.plans.keys import REACHED, SECRET, Entry, Key
from sinks.dispatch.targets.plans.login import Login, Secrets
from sinks.dispatch.targets.plans.row import Row, Search, States, run_id
from sinks.dispatch.targets.plans.templates import fields, text

TOKEN = Key("secret", SECRET)
METADATA = "169.254.169.254"  # where a machine of Google's asks who it is


def _kubeflow(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    version = written(pipeline_id=entry.text("pipeline"), pipeline_version_id=entry.text("version"))
    document = written(
        experiment_id=entry.text("experiment"),
        display_name=run_id(trigger),
        pipeline_version_reference=version,
        runtime_config={"parameters": parameters(entry, trigger)},
        service_account=entry.text("service_account"),
    )
    return as_json(document)


# https://www.kubeflow.org/docs/components/pipelines/reference/api/kubeflow-pipeline-api-spec/
KUBEFLOW = Row(
    keys={
        "url": Key(
            "url", "the address of Kubeflow Pipelines, such as https://kubeflow.example.com/pipeline", needed=True
        ),
        "pipeline": Key("text", "the id of a pipeline", needed=True),
        "version": Key("text", "the id of a version of the pipeline; left out: its default"),
        "experiment": Key("text", "the id of an experiment", needed=True),
        "service_account": Key("text", "a service account of the cluster"),
        "token": TOKEN,
        "parameters": PARAMETERS,
        **REACHED,
    },
    path="/apis/v2beta1/runs",
    body=_kubeflow,
    identify="run_id",
    link="/#/runs/details/{external}",
    search=Search(
        "/apis/v2beta1/runs?experiment_id={experiment}&page_size=100&sort_by=created_at%20desc",
        "runs",
        "display_name",
        by_run=True,
    ),
    status="/apis/v2beta1/runs/{1}",
    states=States("state", frozenset({"SUCCEEDED"}), frozenset({"FAILED", "CANCELED", "SKIPPED"}), why="error.message"),
)


def _vertex(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    document = written(
        displayName=run_id(trigger),
        # Labels are small letters and digits, at most 63.
        labels={"driftline_trigger": run_id(trigger).removeprefix("driftline-")},
        templateUri=entry.text("template"),
        runtimeConfig={"gcsOutputDirectory": entry.text("output"), "parameterValues": parameters(entry, trigger)},
        serviceAccount=entry.text("service_account"),
    )
    return as_json(document)


def _ask_metadata(_entry: Entry, _secrets: Secrets) -> Request:
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    return Request("GET", path, headers={"metadata-flavor": "Google"})


_ENDED_BADLY = frozenset({"PIPELINE_STATE_FAILED", "PIPELINE_STATE_CANCELLED"})
_CONSOLE = "https://console.cloud.google.com/vertex-ai/pipelines/locations/{location}/runs/{run}?project={project}"
# https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.pipelineJobs/create
VERTEX = Row(
    keys={
        "url": Key("url", "an address such as https://europe-west1-aiplatform.googleapis.com", needed=True),
        "project": Key("text", "a project", needed=True),
        "location": Key("text", "a location such as europe-west1", needed=True),
        "template": Key("text", "the address of a pipeline in Artifact Registry", needed=True),
        "output": Key("text", "a directory such as gs://bucket/pipelines", needed=True),
        "service_account": Key("text", "a service account"),
        "token": TOKEN,
        "parameters": PARAMETERS,
        **REACHED,
    },
    path="/v1/projects/{project}/locations/{location}/pipelineJobs?pipelineJobId={run}",
    body=_vertex,
    keyed=True,
    repeated=frozenset({409}),  # ALREADY_EXISTS
    link=_CONSOLE,
    status="/v1/projects/{project}/locations/{location}/pipelineJobs/{1}",
    states=States("state", frozenset({"PIPELINE_STATE_SUCCEEDED"}), _ENDED_BADLY, why="error.message"),
    login=Login(
        when=lambda entry: not entry.text("token"),
        request=_ask_metadata,
        base=f"http://{METADATA}",
        network=f"{METADATA}/32",
    ),
)


def _azure(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    given = parameters(entry, trigger).items()
    inputs = {name: {"jobInputType": "Literal", "value": value} for name, value in given}
    return as_json({"properties": {"inputData": inputs}})


def _deployment(entry: Entry, trigger: Trigger) -> dict[str, str]:
    """Which deployment, and the request's id: Microsoft's own client draws one, ours is the same for a repeat."""
    digest = hashlib.blake2b(trigger.id.encode(), digest_size=16).digest()
    repeatable = {"repeatability_request-id": str(UUID(bytes=digest, version=4))}
    deployment = entry.text("deployment")
    return {**repeatable, "azureml-model-deployment": deployment} if deployment else repeatable


def _ask_entra(entry: Entry, secrets: Secrets) -> Request:
    form = {
        "grant_type": "client_credentials",
        "client_id": entry.text("client"),
        "client_secret": secrets["client_secret"],
        "scope": "https://ml.azure.com/.default",
    }
    path = f"/{entry.text('tenant')}/oauth2/v2.0/token"
    return Request("POST", path, urlencode(form).encode(), {"content-type": FORM})


def _client(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """A token, or all three of a client."""
    three = [key for key in ("tenant", "client", "client_secret") if key in values]
    if len(three) != (0 if "token" in values else 3):
        yield "token", "either a token, or tenant, client and client_secret"


# https://learn.microsoft.com/azure/machine-learning/how-to-access-data-batch-endpoints-jobs
AZURE_ML = Row(
    keys={
        "url": Key(
            "url", "a scoring URI without its /jobs: https://retrain.westeurope.inference.ml.azure.com", needed=True
        ),
        "deployment": Key("text", "a deployment of the endpoint; left out: its default"),
        "token": TOKEN,
        "tenant": Key("name", "the id of a tenant"),
        "client": Key("name", "the id of an application"),
        "client_secret": TOKEN,
        "parameters": PARAMETERS,
        **REACHED,
    },
    path="/jobs",
    body=_azure,
    more=_deployment,
    taken=frozenset({200, 201, 202}),
    identify="id",
    status="/jobs/{1}",
    states=States(
        "properties.status status", frozenset({"Completed"}), frozenset({"Failed", "Canceled", "NotResponding"})
    ),
    together=_client,
    login=Login(
        when=lambda entry: bool(entry.text("client")), request=_ask_entra, base="https://login.microsoftonline.com"
    ),
)


def _argo_event(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    """What Metaflow's own ArgoEvent sends, so that `@trigger` takes it: flat texts beside its own keys."""
    name = text(entry.text("event"), fields(trigger))
    moment = datetime.fromisoformat(trigger.time) if _is_time(trigger.time) else datetime.fromtimestamp(0, UTC)
    own = {
        "name": name,
        "id": trigger.id,
        "timestamp": int(moment.timestamp()),
        "utc_date": moment.astimezone(UTC).strftime("%Y%m%d"),
        "generated-by-metaflow": True,
    }
    return as_json({"name": name, "payload": {**texts(entry, trigger), **own}})


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


# https://docs.metaflow.org/production/event-triggering/external-events
METAFLOW = Row(
    keys={
        "url": Key("url", "the address of the Argo Events webhook, METAFLOW_ARGO_EVENTS_WEBHOOK_URL", needed=True),
        "event": Key("template", "the name of an event, such as drift.retrain", "driftline.retrain"),
        "token": TOKEN,
        "parameters": PARAMETERS,
        **REACHED,
    },
    path="",
    body=_argo_event,
    external="{id}",
)
