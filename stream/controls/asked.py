"""What people, and programs for them, ask of the monitor: a record of the control topic as it is written and read."""

from typing import Annotated, Final, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from stream.encodings.times import BAD, one
from stream.events import NEVER

EVERY: Final = "*"  # as a model: all of them
DAY: Final = 86_400_000_000_000  # ns
LONGEST: Final = 31 * DAY  # of what is announced: a wrong year would silence a model for ever
TEXT_MAX: Final = 16_384  # characters of a record
REFERENCE_MAX: Final = 900_000  # of one that carries a reference: what a broker takes of a record, a little less
_Short = Annotated[str, Meta(min_length=1, max_length=200)]
_Words = Annotated[str, Meta(max_length=1_000)]


class _Control(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What every control says: about which model, by whom, and why."""

    id: _Short
    model: _Short
    who: Annotated[str, Meta(max_length=200)] = ""
    words: _Words = ""

    @property
    def kind(self) -> str:
        """The word that the record has for it, such as `pause`."""
        return str(self.__struct_config__.tag)

    @property
    def detail(self) -> dict[str, object]:
        """What it says beside what every control says."""
        common = _Control.__struct_fields__
        return {name: value for name, value in msgspec.to_builtins(self).items() if name not in {*common, "kind"}}


class Pause(_Control, frozen=True, tag="pause"):
    """Count the model's events, and judge nothing, until it is resumed."""


class Resume(_Control, frozen=True, tag="resume"):
    """End a pause, and what is announced and has begun."""


class Acknowledge(_Control, frozen=True, tag="acknowledge"):
    """Somebody knows of an incident."""

    incident: _Short


class Close(_Control, frozen=True, tag="close"):
    """An incident is over, whatever the windows say."""

    incident: _Short


class Trigger(_Control, frozen=True, tag="trigger"):
    """Ask for a retraining now, whatever was found."""


class Maintenance(_Control, frozen=True, tag="maintenance"):
    """Ask for no retraining between two times. Without `from`: from now on."""

    to: str | int
    from_: str | int | UnsetType = field(default=UNSET, name="from")


class Deployment(Maintenance, frozen=True, tag="deployment"):
    """The same while a version is rolled out."""


class Reference(_Control, frozen=True, tag="reference"):
    """Compare windows with another reference, from the first pane on that nobody has read yet."""

    saved: msgspec.Raw  # as `driftline reference build` writes it
    source: _Short = "a control"

    @property
    def detail(self) -> dict[str, object]:
        """Where it comes from; the plan itself has a table of its own."""
        return {"source": self.source}


class Promote(_Control, frozen=True, tag="promote"):
    """A version is the one that is served from now on: the one before it is not, and what it is compared with is new.

    Without `saved` its reference is learned from its own first panes. `decided`: when somebody made up their mind; one
    that was decided before the newest one, and comes after it, changes nothing.
    """

    version: _Short
    saved: msgspec.Raw | UnsetType = UNSET  # as `driftline reference build` writes it
    source: Annotated[str, Meta(max_length=200)] = ""
    decided: str | int | UnsetType = UNSET

    @property
    def detail(self) -> dict[str, object]:
        """What is promoted, and where its reference comes from."""
        said = {"source": self.source, "decided": None if self.decided is UNSET else self.decided}
        return {"version": self.version, **{name: value for name, value in said.items() if value}}


Control = Pause | Resume | Acknowledge | Close | Trigger | Maintenance | Deployment | Reference | Promote
KINDS: Final = tuple(str(each.__struct_config__.tag) for each in get_args(Control))
_DECODER: Final = msgspec.json.Decoder(Control)


class BadControl(Exception):
    """A record that is no control; says what was expected."""


def text_of(value: bytes | None) -> str:
    """A record's value as text, cut where it is too long: whatever it was, it can be told again."""
    text = (value or b"").decode("utf-8", "replace")
    return text if len(text) <= _longest(text) else text[: TEXT_MAX + 1]


def _longest(text: str) -> int:
    """How long a record may be, by what it asks for."""
    if len(text) <= TEXT_MAX:
        return TEXT_MAX
    return REFERENCE_MAX if loosely(text).get("kind") in {"reference", "promote"} else TEXT_MAX


def parsed(text: str) -> Control:
    """The control of a record. BadControl."""
    if len(text) > (longest := _longest(text)):
        raise BadControl(f"longer than {longest:,} characters")
    try:
        control: Control = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise BadControl(_sentence(text, str(error))) from None
    if control.model == EVERY and not isinstance(control, Maintenance | Resume):
        raise BadControl(f"{control.kind} needs the name of one model, not {EVERY}")
    if isinstance(control, Maintenance):
        span(control)
    if isinstance(control, Promote):
        decided(control)
    return control


def _sentence(text: str, error: str) -> str:
    said = loosely(text)
    if said and said["kind"] not in KINDS:
        return f"kind: expected {', '.join(KINDS[:-1])} or {KINDS[-1]}, found {said['kind'] or 'none'}"
    return error


def loosely(text: str) -> dict[str, str]:
    """Who and what a record that is no control speaks of, as far as it says so; nothing where it is no object."""
    try:
        said = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return {}
    if not isinstance(said, dict):
        return {}
    texts = {name: said.get(name, "") for name in ("id", "kind", "model", "who", "words")}
    return {name: value[:200] if isinstance(value, str) else "" for name, value in texts.items()}


def model_of(text: str) -> str:
    """Which model a record speaks of, be it a control or not."""
    try:
        return parsed(text).model
    except BadControl:
        return loosely(text).get("model", "")


def decided(control: Promote) -> int:
    """When a promotion was decided, ns; NEVER: it does not say. BadControl."""
    time = NEVER if control.decided is UNSET else one(control.decided)
    if time == BAD:
        raise BadControl("decided: expected a time such as 2026-11-20T17:00:00Z, or epoch milliseconds")
    return time


def span(control: Maintenance) -> tuple[int, int]:
    """From when to when, event time in ns; NEVER: from the moment from which the control holds. BadControl."""
    begin, end = (NEVER if each is UNSET else one(each) for each in (control.from_, control.to))
    for name, time in (("from", begin), ("to", end)):
        if time == BAD:
            raise BadControl(f"{name}: expected a time such as 2026-11-20T17:00:00Z, or epoch milliseconds")
    if begin != NEVER and end <= begin:
        raise BadControl("to: expected a time after `from`")
    if begin != NEVER and end - begin > LONGEST:
        raise BadControl(f"to: expected at most {LONGEST // DAY} days after `from`")
    return begin, end
