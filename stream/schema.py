"""What is written to topics, as documents for programs: JSON Schema 2020-12, and AsyncAPI 3.0."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from stream.config.settings import Topics
from stream.trigger import SCHEMA, Trigger

Document = dict[str, Any]
WHAT: Final = "One message per request to retrain. Its id is made from its content: whoever remembers ids acts once."


def trigger() -> Document:
    """The JSON Schema of a trigger."""
    found = msgspec.json.schema(Trigger)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **found}


def asyncapi() -> Document:
    """The topic of triggers as AsyncAPI."""
    message = {
        "name": "trigger",
        "contentType": "application/cloudevents+json",
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": trigger()},
        "bindings": {"kafka": {"key": {"type": "string", "description": "the model"}}},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "driftline", "version": "1", "description": "Requests to retrain models."},
        "channels": {
            "triggers": {"address": Topics().triggers, "description": WHAT, "messages": {"trigger": message}},
        },
        "operations": {
            "request": {
                "action": "send",
                "channel": {"$ref": "#/channels/triggers"},
                "messages": [{"$ref": "#/channels/triggers/messages/trigger"}],
            }
        },
    }


DOCUMENTS: Final[Mapping[str, Callable[[], Document]]] = {"trigger": trigger, "asyncapi": asyncapi}
