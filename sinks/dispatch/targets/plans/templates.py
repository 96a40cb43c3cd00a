"""Values with places for a trigger's fields: `${model}`. Data, not code: each is replaced once, nothing evaluated."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec

from sinks.dispatch.target import Trigger

PLACE = re.compile(r"\$\$|\$\{([^{}]*)\}")
Path = tuple[str | int, ...]
MESSAGE = "trigger_json"  # the usual parameter that has it whole


def fields(trigger: Trigger) -> dict[str, object]:
    """What a place may name, and what stands there."""
    data = trigger.data
    fresh = data.get("fresh_data")
    fresh = fresh if isinstance(fresh, dict) else {}
    reference = data.get("reference")
    reference = reference if isinstance(reference, dict) else {}
    return {
        "id": trigger.id,
        "model": trigger.model,
        "version": trigger.version,
        "reason": trigger.reason,
        "severity": trigger.severity,
        "incident": trigger.incident,
        "time": trigger.time,
        "fresh_from": fresh.get("from", ""),
        "fresh_to": fresh.get("to", ""),
        "label_coverage": fresh.get("label_coverage"),
        "reference": reference.get("id", ""),
        "reference_source": reference.get("source", ""),
        "hold_training": data.get("hold_training", False),
        "config_digest": data.get("config_digest", ""),
        "dataset_versions": data.get("dataset_versions"),
        "supersedes": data.get("supersedes"),
        "evidence": data.get("evidence", []),
        "data": data,
        "trigger": whole(trigger),
    }


def whole(trigger: Trigger) -> object:
    """The message as JSON has it."""
    try:
        return msgspec.json.decode(trigger.raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"id": trigger.id, "data": trigger.data}


NAMES = tuple(fields(Trigger("", "", "", "", "", "", "", {}, b"{}")))


def usual(trigger: Trigger) -> dict[str, object]:
    """The parameters of a run where an entry says none: texts, as every kind of pipeline takes them."""
    known = fields(trigger)
    return {
        "model": trigger.model,
        "model_version": trigger.version,
        "reason": trigger.reason,
        "trigger_id": trigger.id,
        "fresh_from": worded(known["fresh_from"]),
        "fresh_to": worded(known["fresh_to"]),
        MESSAGE: worded(known["trigger"]),
    }


def filled(tree: object, known: Mapping[str, object]) -> object:
    """The tree with its places filled. A text that is one place and nothing else becomes the value with its type."""
    if isinstance(tree, dict):
        return {key: filled(value, known) for key, value in tree.items()}
    if isinstance(tree, list):
        return [filled(value, known) for value in tree]
    if not isinstance(tree, str):
        return tree
    only = PLACE.fullmatch(tree)
    return known[only[1]] if only and only[1] else text(tree, known)


def text(template: str, known: Mapping[str, object]) -> str:
    """The template as text; `$$` is a dollar. What is filled in is not read again."""
    return PLACE.sub(lambda place: worded(known[place[1]]) if place[1] else "$", template)


def segment(template: str, known: Mapping[str, object]) -> str:
    """The template as one segment of a path or a name: what is filled in can neither leave nor extend it.

    It keeps letters, digits and `_.~-`; quoting would not do, for servers decode `%2F` before they route.
    """
    step = PLACE.sub(lambda place: plain(worded(known[place[1]])) if place[1] else "$", template)
    return "_" * len(step) if set(step) <= {"."} else quote(step, safe="")


def plain(word: str) -> str:
    """A word whose other characters are underscores."""
    return re.sub(r"[^A-Za-z0-9_.~-]", "_", word)


def worded(value: object) -> str:
    """A field inside a text: what is no text stands there as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def strangers(tree: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The places that name no field, each with where it stands; a dollar and a brace without an end is one too."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from strangers(value, (*path, str(key)))
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from strangers(value, (*path, i))
    elif isinstance(tree, str):
        places = [place[1] for place in PLACE.finditer(tree) if place[1] is not None]
        yield from ((path, name) for name in places if name not in NAMES)
        if "${" in PLACE.sub("", tree):
            yield path, tree
