"""What is in force of all that was asked of the monitor.

Frozen, and all of it by model: what a control does depends on the controls of its model before it, and on what was
closed by then, so it is the same whoever else is spoken to in between.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from stream.controls import promotions
from stream.controls.asked import (
    DAY,
    EVERY,
    LONGEST,
    Acknowledge,
    Close,
    Control,
    Maintenance,
    Pause,
    Promote,
    Reference,
    Resume,
    Trigger,
    decided,
    span,
)
from stream.controls.promotions import Promotion, Promotions
from stream.events import NEVER
from stream.roster import FUTURE

KNOWN: Final = "it was acknowledged before"
SPANS_MAX: Final = 100  # announced of a model, over or not
SEEN_MAX: Final = 200  # ids of a model that are remembered: whoever repeats does so within minutes
KNOWN_MAX: Final = 50  # incidents of a model that somebody knows of; of more, those that are closed are forgotten


class Known(Struct, frozen=True, array_like=True):
    """Who did something, since when, and why."""

    since: int  # T, ns
    who: str = ""
    words: str = ""


class Span(Struct, frozen=True, array_like=True):
    """What was announced: for windows that end within (begin, end], if they close after `since`."""

    kind: str
    begin: int
    end: int
    by: Known

    def holds(self, at: int) -> bool:
        """Whether it does for what is decided at an event time."""
        return max(self.begin, self.by.since) < at <= self.end

    @property
    def told(self) -> str:
        """Why nothing is asked for meanwhile."""
        return ": ".join(filter(None, (" by ".join(filter(None, (self.kind, self.by.who))), self.by.words)))


class Held(Struct, frozen=True, array_like=True):
    """What is in force for one model."""

    paused: Known | None = None
    spans: tuple[Span, ...] = ()
    acknowledged: Mapping[str, Known] = {}  # by incident, of those that were open
    seen: tuple[str, ...] = ()  # ids of what was applied, the newest last
    promotions: Promotions = ()


NOTHING: Final = Held()


class Controls(Struct, frozen=True):
    """What is in force, by model, and for all of them under EVERY."""

    models: Mapping[str, Held] = {}

    def paused(self, model: str, at: int) -> bool:
        """Whether nothing is judged at an event time, ns."""
        known = self.models.get(model, NOTHING).paused
        return known is not None and known.since < at

    def quiet(self, model: str, at: int) -> str:
        """Why no retraining is asked for at an event time; empty: it may be.

        Also of a time before the newest control: steps of labels may be behind.
        """
        own, every = self.models.get(model, NOTHING), self.models.get(EVERY, NOTHING)
        spans = (*own.spans, *every.spans, *([_pause(own.paused, FUTURE)] if own.paused else []))
        return next((each.told for each in spans if each.holds(at)), "")

    def acknowledged(self, model: str, incident: str) -> Known | None:
        """Who knows of an incident."""
        return self.models.get(model, NOTHING).acknowledged.get(incident)

    def promotions(self, model: str) -> Promotions:
        """Which versions were promoted, the newest last."""
        return self.models.get(model, NOTHING).promotions

    def learning(self, model: str, version: str, at: int) -> bool:
        """Whether windows of a version that end then wait for the reference that its promotion asks for."""
        return promotions.learning(self.promotions(model), version, at)

    def settled(self, model: str, until: int) -> "Controls":
        """With a reference of the model that holds from `until` on: nothing more is to be learned."""
        held = self.models.get(model, NOTHING)
        after = promotions.settled(held.promotions, until)
        if after is held.promotions:
            return self
        return Controls({**self.models, model: msgspec.structs.replace(held, promotions=after)})

    def announced(self, at: int) -> list[tuple[str, Span]]:
        """What is announced and not over at an event time, with its models, in order."""
        return [(name, each) for name, held in sorted(self.models.items()) for each in held.spans if each.end > at]

    def repeated(self, control: Control) -> bool:
        """Whether the control was applied before."""
        return control.id in self.models.get(control.model, NOTHING).seen

    def of(self, models: Collection[str]) -> "Controls":
        """Those of some models, and of all."""
        return Controls({name: held for name, held in self.models.items() if name in models or name == EVERY})

    def joined(self, other: "Controls") -> "Controls":
        """These and those of other models."""
        return Controls({**other.models, **self.models})

    def after(
        self, control: Control, since: int, opened: Collection[str], versions: Iterable[str] = ()
    ) -> tuple["Controls", str]:
        """With a control, from T on; `opened`: the incidents of its model that are open, `versions`: what it has had.

        Else why it is refused.
        """
        held = self.models.get(control.model, NOTHING)
        if isinstance(control, Promote):
            held, why = _promoted(held, control, since, versions)
        else:
            held, why = _after(held, control, since, opened)
        if why:
            return self, why
        held = msgspec.structs.replace(held, seen=(*held.seen, control.id)[-SEEN_MAX:])
        return Controls({**self.models, control.model: held}), ""


def _after(
    held: Held,
    control: Pause | Resume | Acknowledge | Close | Trigger | Maintenance | Reference,
    since: int,
    opened: Collection[str],
) -> tuple[Held, str]:
    by = Known(since, control.who, control.words)
    match control:
        case Pause():
            return (held, "it is paused already") if held.paused else (msgspec.structs.replace(held, paused=by), "")
        case Resume():
            return _resumed(held, since)
        case Maintenance():
            return _announced(held, control, by)
        case Reference() | Trigger():
            stopped = held.paused is not None and isinstance(control, Trigger)
            return held, "it is paused, and nothing triggers meanwhile: resume it first" if stopped else ""
        case Acknowledge() | Close():
            if control.incident not in opened:
                told = isinstance(control, Acknowledge) and control.incident in held.acknowledged
                return held, KNOWN if told else f"no incident {control.incident} of this model is open"
            return _told_of(held, control, by, opened)


def _promoted(held: Held, control: Promote, since: int, versions: Iterable[str]) -> tuple[Held, str]:
    new = Promotion(control.version, since, (), FUTURE, decided(control), control.who)
    after, why = promotions.promoted(held.promotions, new, versions)
    return msgspec.structs.replace(held, promotions=after), why


def _resumed(held: Held, since: int) -> tuple[Held, str]:
    spans = tuple(
        msgspec.structs.replace(each, end=since) if each.holds(since + 1) else each  # what has begun is over
        for each in held.spans
    )
    if held.paused is None and spans == held.spans:
        return held, "it is not paused, and nothing that was announced has begun"
    if held.paused is not None and held.paused.since < since:
        spans = (*_room(spans, since)[-SPANS_MAX + 1 :], _pause(held.paused, since))  # else the oldest is forgotten
    return msgspec.structs.replace(held, paused=None, spans=spans), ""


def _pause(by: Known, end: int) -> Span:
    return Span("pause", NEVER, end, by)


def _told_of(held: Held, control: Acknowledge | Close, by: Known, opened: Collection[str]) -> tuple[Held, str]:
    room = len(held.acknowledged) < KNOWN_MAX
    known = {each: one for each, one in held.acknowledged.items() if room or each in opened}
    if isinstance(control, Close):
        known.pop(control.incident, None)
    elif control.incident in known:
        return held, KNOWN
    else:
        known[control.incident] = by
    return msgspec.structs.replace(held, acknowledged=known), ""


def _announced(held: Held, control: Maintenance, by: Known) -> tuple[Held, str]:
    begin, end = span(control)
    if end <= by.since:
        return held, "it is over already"
    if begin == NEVER and by.since != NEVER and end - by.since > LONGEST:
        return held, f"it ends more than {LONGEST // DAY} days from now"
    spans = _room(held.spans, by.since)
    if len(spans) >= SPANS_MAX:
        return held, f"{SPANS_MAX} are announced already"
    return msgspec.structs.replace(held, spans=(*spans, Span(control.kind, begin, end, by))), ""


def _room(spans: tuple[Span, ...], since: int) -> tuple[Span, ...]:
    """Where there are many, those that somebody may still ask for: steps of labels are behind, but not for ever."""
    return spans if len(spans) < SPANS_MAX else tuple(each for each in spans if each.end > since - LONGEST)
