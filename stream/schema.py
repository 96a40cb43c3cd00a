"""What is written to topics, as documents for programs: JSON Schema 2020-12, and AsyncAPI 3.0."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sinks.dispatch.outcome import SCHEMA as OF_OUTCOMES
from sinks.dispatch.outcome import Outcome
from stream.config.settings import Topics
from stream.trigger import SCHEMA, Trigger

Document = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TOLD: Final = "What became of each trigger at each target, step by step. A step may come twice, under the same id."
WHAT: Final = "One message per request to retrain. Its id is made from its content: whoever remembers ids acts once."


def trigger() -> Document:
    """The JSON Schema of a trigger."""
    return {"$schema": DIALECT, "$id": SCHEMA, **msgspec.json.schema(Trigger)}


def outcome() -> Document:
    """The JSON Schema of an outcome."""
    return {"$schema": DIALECT, "$id": OF_OUTCOMES, **msgspec.json.schema(Outcome)}


def asyncapi() -> Document:
    """The topics of triggers and of outcomes as AsyncAPI."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "driftline",
            "version": "1",
            "description": "Requests to retrain models, and what became of them.",
        },
        "channels": {
            "triggers": _channel(Topics().triggers, WHAT, "trigger", trigger()),
            "outcomes": _channel(Topics().outcomes, TOLD, "outcome", outcome()),
        },
        "operations": {"request": _sending("triggers", "trigger"), "tell": _sending("outcomes", "outcome")},
    }


def _channel(address: str, words: str, name: str, schema: Document) -> Document:
    """A topic of one kind of message, keyed by model."""
    message = {
        "name": name,
        "contentType": "application/cloudevents+json",
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema},
        "bindings": {"kafka": {"key": {"type": "string", "description": "the model"}}},
    }
    return {"address": address, "description": words, "messages": {name: message}}


def _sending(channel: str, message: str) -> Document:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
    }


DOCUMENTS: Final[Mapping[str, Callable[[], Document]]] = {
    "trigger": trigger,
    "outcome": outcome,
    "asyncapi": asyncapi,
}
