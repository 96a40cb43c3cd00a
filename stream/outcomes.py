"""What dispatchers tell of a run that a trigger has asked for: a record of the topic of outcomes as it is read."""

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from stream.encodings.times import BAD, one

TEXT_MAX: Final = 16_384  # characters of a record
WORDS_MAX: Final = 1_000  # characters that are kept of what a target says
LINK_MAX: Final = 2_000
_Name = Annotated[str, Meta(min_length=1, max_length=512)]
_Words = Annotated[str, Meta(max_length=TEXT_MAX)]
State = Literal["accepted", "started", "succeeded", "failed", "superseded", "promoted"]
STATES: Final[tuple[str, ...]] = get_args(State)
OPEN: Final = frozenset(("accepted", "started"))  # more will be told of such a run
WELL: Final = frozenset(("succeeded", "promoted"))  # what it was asked for is there


class BadOutcome(Exception):
    """A record that tells no outcome; says what was expected."""


class _Data(Struct, frozen=True):
    trigger: _Name
    target: _Name
    model: _Name
    state: State
    at: str | int
    model_version: Annotated[str, Meta(max_length=512)] = ""
    incident: Annotated[str, Meta(max_length=512)] = ""
    external_id: _Words = ""
    link: _Words = ""
    why: _Words = ""


class _Event(Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=200)]
    data: _Data


class Outcome(Struct, frozen=True):
    """A step of a run. `at` is when it was taken, wall clock, ns."""

    id: str
    trigger: str
    target: str
    model: str
    version: str
    incident: str
    state: State
    external_id: str
    link: str
    why: str
    at: int


_DECODER: Final = msgspec.json.Decoder(_Event)


def text_of(value: bytes | None) -> str:
    """A record's value as text, cut where it is too long: whatever it was, it can be told again."""
    return (value or b"").decode("utf-8", "replace")[: TEXT_MAX + 1]


def parsed(text: str) -> Outcome:
    """The outcome of a record; unknown fields are ignored. BadOutcome."""
    if len(text) > TEXT_MAX:
        raise BadOutcome(f"longer than {TEXT_MAX:,} characters")
    try:
        event = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadOutcome(str(error)) from None
    said, at = event.data, one(event.data.at)
    if at == BAD:
        raise BadOutcome("at: expected a time such as 2026-11-20T17:00:00Z, or epoch milliseconds")
    link = said.link if len(said.link) <= LINK_MAX else ""  # a part of it would lead nowhere
    identity, trigger, target, model, version, incident, external_id, why = map(
        _plain,
        (
            event.id,
            said.trigger,
            said.target,
            said.model,
            said.model_version,
            said.incident,
            said.external_id[:WORDS_MAX],
            said.why[:WORDS_MAX],
        ),
    )
    about = identity, trigger, target, model, version, incident
    return Outcome(*about, said.state, external_id, _plain(link), why, at)


def _plain(text: str) -> str:
    """What every store can keep."""
    return text.replace("\0", "\ufffd")


def model_of(text: str) -> str:
    """Which model a record speaks of, if it tells an outcome."""
    try:
        return parsed(text).model
    except BadOutcome:
        return ""
