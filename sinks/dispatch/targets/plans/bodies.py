"""What of a trigger goes into a request: the parameters that an entry gives, or the usual ones."""

from urllib.parse import urlencode

import msgspec

from sinks.dispatch.target import Trigger
from sinks.dispatch.targets.plans.keys import Entry, Key
from sinks.dispatch.targets.plans.templates import fields, filled, usual, worded

PARAMETERS = Key("tree", "a mapping of parameters, with places such as ${model}", None)
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def parameters(entry: Entry, trigger: Trigger) -> dict[str, object]:
    """The parameters of the run, as the entry has them."""
    tree = entry.values.get("parameters")
    if not isinstance(tree, dict):
        return usual(trigger)
    return {str(name): filled(value, fields(trigger)) for name, value in tree.items()}


def texts(entry: Entry, trigger: Trigger) -> dict[str, str]:
    """The same where parameters are texts."""
    return {name: worded(value) for name, value in parameters(entry, trigger).items()}


def as_json(document: object) -> tuple[bytes, str]:
    """A document as JSON, and its content type."""
    return msgspec.json.encode(document), JSON


def as_form(pairs: list[tuple[str, str]]) -> tuple[bytes, str]:
    """Pairs as a form, and its content type."""
    return urlencode(pairs).encode(), FORM


def written(**values: object) -> dict[str, object]:
    """A document without what is empty."""
    return {name: value for name, value in values.items() if value not in ("", None, {}, [])}
