"""A record of the trigger topic as a Trigger, or the reason why it is none. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from sinks.dispatch.target import Trigger

TEXT_MAX = 512  # characters of an id or a name: they become keys, labels and parts of addresses
BYTES_MAX = 1_048_576  # what brokers take of a topic that says nothing else
REDRIVEN: Final = "driftline-redriven"  # headers of another try: the place of the dead letter that it is of ...
TARGET: Final = "driftline-target"  # ... and the target that had given it up
CONTENT: Final = (("content-type", b"application/cloudevents+json"),)  # of what we send ourselves
GAVE_UP, NO_TRIGGER = "dispatch_failed", "no_trigger"  # reasons of dead letters
NOTHING: Final[Mapping[str, bytes]] = {}


class _Data(Struct, frozen=True):
    """What the dispatcher itself reads of an event's data; targets get all of it."""

    model: str
    incident: str
    model_version: str = ""
    reason: str = ""
    severity: str = ""


class _Event(Struct, frozen=True):
    """A CloudEvent in structured mode."""

    specversion: str
    id: str
    time: str
    data: msgspec.Raw


def read(raw: bytes | None, headers: Mapping[str, bytes] = NOTHING) -> Trigger | str:
    """The trigger that a record holds; a text says why it holds none. Never raises."""
    if not raw:
        return "a record without a value"
    if len(raw) > BYTES_MAX:
        return f"{len(raw):,} bytes, above {BYTES_MAX:,}"
    try:
        event = msgspec.json.decode(raw, type=_Event)
        known = msgspec.json.decode(event.data, type=_Data)
        data = msgspec.json.decode(event.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"no trigger: {error}"
    if not event.specversion.startswith("1."):
        return f"CloudEvents 1.x expected, found specversion {event.specversion[:16]!r}"
    for name, text in (("id", event.id), ("model", known.model)):
        if not 0 < len(text) <= TEXT_MAX:
            return f"{name}: 1 to {TEXT_MAX} characters expected, found {len(text)}"
    return Trigger(
        id=event.id,
        model=known.model,
        version=known.model_version,
        reason=known.reason,
        severity=known.severity,
        incident=known.incident,
        time=event.time,
        data=data,
        raw=raw,
        redriven=_header(headers, REDRIVEN),
        only=_header(headers, TARGET) if REDRIVEN in headers else "",
    )


def supersedes(trigger: Trigger) -> tuple[str, ...]:
    """The ids of earlier triggers whose place this one takes."""
    return _texts(trigger.data.get("supersedes"))


def meant_for(trigger: Trigger, target: str) -> bool:
    """Whether a target is to act; a trigger that names no targets is for all, another try for one."""
    if trigger.only:
        return trigger.only == target
    named = trigger.data.get("targets")
    return named is None or target in _texts(named)


def _header(headers: Mapping[str, bytes], name: str) -> str:
    """A header's text; others may write what they like there."""
    return (headers.get(name) or b"").decode(errors="replace")[:TEXT_MAX]


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    """One text, or those of a list."""
    return tuple(each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str) and each)
