"""SageMaker: the execution of a pipeline, signed by SigV4.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html
"""

import hashlib
from collections.abc import Iterator, Mapping

from msgspec import Struct

from sinks.dispatch.target import Again, Refused, Started, Trigger
from sinks.dispatch.targets.plans.bodies import PARAMETERS, as_json, texts
from sinks.dispatch.targets.plans.exchange import Following, Reply, Request, Taking, declined, said, unclear, word
from sinks.dispatch.targets.plans.keys import REACHED, Entry, Key
from sinks.dispatch.targets.plans.login import Login
from sinks.dispatch.targets.plans.row import States, Together, nothing, run_id
from sinks.dispatch.targets.plans.templates import MESSAGE

# SageMaker says 400 to these too, and means later.
LATER = (
    "Throttling",
    "TooManyRequests",
    "ExpiredToken",
    "RequestExpired",
    "ResourceLimitExceeded",
    "InvalidClientToken",
)
STATES = States(
    "PipelineExecutionStatus", frozenset({"Succeeded"}), frozenset({"Failed", "Stopped"}), why="FailureReason"
)


KEYS = {
    "url": Key("url", "an address; left out: the region's", ""),
    "region": Key("name", "a region such as eu-west-1", needed=True),
    "pipeline": Key("text", "the name of a pipeline", needed=True),
    "profile": Key("text", "a profile of the AWS configuration; left out: the usual chain of credentials"),
    "parameters": PARAMETERS,
    **REACHED,
}


class Execution(Struct, frozen=True):
    """A run of a SageMaker pipeline. The token makes a repeated trigger the same execution."""

    keys: Mapping[str, Key]
    keyed: bool = True
    together: Together = nothing
    login: Login | None = None

    def start(self, entry: Entry, trigger: Trigger) -> Taking:
        """Ask for an execution; the same token again answers with the same one."""
        document = {
            "PipelineName": entry.text("pipeline"),
            "PipelineExecutionDisplayName": run_id(trigger),
            "PipelineParameters": [{"Name": name, "Value": value} for name, value in _parameters(entry, trigger)],
            "ClientRequestToken": hashlib.sha256(trigger.id.encode()).hexdigest(),  # 32 to 128 characters
        }
        reply = yield _call("StartPipelineExecution", document)
        arn = word(reply.document, "PipelineExecutionArn")
        if reply.status != 200:
            return _declined(reply)
        return Started(arn, _console(entry)) if arn else unclear(reply)

    def follow(self, entry: Entry, external_id: str) -> Following:  # noqa: ARG002 - the region is in the id
        """Ask for the execution's status."""
        reply = yield _call("DescribePipelineExecution", {"PipelineExecutionArn": external_id})
        if reply.status == 200:
            return STATES.read(reply.document)
        answer = _declined(reply)
        return Again(answer.why) if isinstance(answer, Refused) else answer


def _parameters(entry: Entry, trigger: Trigger) -> Iterator[tuple[str, str]]:
    """Of the usual ones all but the whole message: SageMaker takes at most 1,024 characters of each."""
    own = isinstance(entry.values.get("parameters"), dict)
    return ((name, value) for name, value in texts(entry, trigger).items() if own or name != MESSAGE)


def _call(operation: str, document: object) -> Request:
    body, _ = as_json(document)
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"SageMaker.{operation}"}
    return Request("POST", "/", body, headers)


def _declined(reply: Reply) -> Again | Refused:
    error = word(reply.document, "__type").rpartition("#")[2]
    later = reply.status == 400 and error.startswith(LATER)
    return Again(f"answered {reply.status}{said(reply)}") if later else declined(reply)


def _console(entry: Entry) -> str:
    region = entry.text("region")
    return f"https://{region}.console.aws.amazon.com/sagemaker/home?region={region}#/pipelines"


SAGEMAKER = Execution(KEYS)
