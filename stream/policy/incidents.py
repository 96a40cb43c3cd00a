"""Incidents: rules that hold open one, at most one at a time; it asks for one retraining, and clean windows close it.

Pure folds in the order of time. The state is small and frozen; what happens is returned as facts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from stream.events import NEVER
from stream.policy.book import Book, Ruling, rank
from stream.policy.leaves import Memory
from stream.policy.sightings import Seen, Sighting

Fresh = Mapping[int, tuple[Sighting, ...]]  # by the place of a leaf: what lasts in windows that were just judged
DRIFTS: Final = frozenset(("drift", "prediction_drift", "attribution"))
PROMOTED: Final = "promoted"  # why an incident was closed, by nothing that was judged
BROKEN_MAX: Final = 16  # spans of broken input that are told apart; the oldest two become one


class Incident(msgspec.Struct, frozen=True):
    """Findings of one model and version that belong together, while it is open."""

    id: str
    opened: int
    length: int  # the length of the windows that must be clean again before it closes
    feature: str
    segment: str
    detector: str
    kind: str = "drift"
    rule: str = "drift"
    severity: str = "warning"
    clean: int = 0  # ns that nothing may be found for
    trigger: str = ""  # the id of its trigger; empty: it has asked for nothing
    waits: bool = False  # it asks as soon as nothing suppresses it any more
    why: str = ""  # why it has not asked when it might have


class Event(msgspec.Struct, frozen=True):
    """An incident was opened, updated or closed; `triggered` where a retraining is asked for."""

    state: Literal["opened", "updated", "closed"]
    incident: Incident
    at: int
    triggered: bool
    causes: tuple[Sighting, ...] = ()
    targets: tuple[str, ...] = ()
    supersedes: str = ""  # the trigger before this one


class Last(msgspec.Struct, frozen=True, array_like=True):
    """The newest trigger: its id, when it was, and until when none follows."""

    id: str = ""
    at: int = NEVER
    quiet_until: int = NEVER


NONE: Final = Last()
NEW: Final = Memory()


@dataclass(frozen=True)
class Moment:
    """What a decision is made with, beside what was seen.

    `ends` are the lengths of the windows that were judged at this time. `identify` gives the id of an incident's
    trigger. `suppressed` says why nothing may be asked for, or nothing. `elsewhere` is a trigger of another policy.
    """

    at: int
    ends: Collection[int]
    incident_id: str
    identify: Callable[[Incident], str]
    suppressed: str = ""
    elsewhere: Last = NONE


class Policy(msgspec.Struct, frozen=True):
    """One version of a model: what its leaves remember, its incident, and until when it is quiet."""

    memories: dict[str, Memory] = {}
    plan: str = ""  # whose series they are
    incident: Incident | None = None
    last: Last = NONE
    drifted: dict[int, int] = {}  # by window length: the end of the last one with any drift
    broken: tuple[tuple[int, int], ...] = ()  # spans in which the input was broken

    def observe(self, book: Book, seen: Seen) -> tuple["Policy", Fresh]:
        """After one more judged window, and what lasts in it. Another plan has other series: they begin anew."""
        memories = self.memories
        if seen.plan and seen.plan != self.plan:
            memories = {key: one.begun_anew() for key, one in memories.items()}
        fresh: dict[int, tuple[Sighting, ...]] = {}
        changed: dict[str, Memory] = {}
        for i, leaf in enumerate(book.leaves):
            before = memories.get(leaf.key, NEW)
            after, found = before.step(leaf, seen)
            if after is not before:
                changed[leaf.key] = after
            if found:
                fresh[i] = found
        drifted, plan = self.drifted, seen.plan or self.plan
        if any(not one.alarm and DRIFTS.intersection(one.kinds) for one in seen.sightings):
            drifted = {**drifted, seen.length: seen.end}
        if changed:
            memories = {**memories, **changed}
        if memories is self.memories and plan == self.plan and drifted is self.drifted:
            return self, fresh  # as after most windows
        return replace(self, memories=memories, plan=plan, drifted=drifted), fresh

    def leaves(self, book: Book, fresh: Fresh) -> list[bool]:
        """Which leaves hold."""
        return [
            self.memories.get(leaf.key, NEW).holds(leaf, fresh.get(i, ()), book.weights)
            for i, leaf in enumerate(book.leaves)
        ]

    def decide(
        self, book: Book, rules: Sequence[Ruling], fresh: Fresh, moment: Moment, leaves: Sequence[bool] | None = None
    ) -> tuple["Policy", tuple[Event, ...]]:
        """Once per time, after all that was judged then: open, update or close.

        `leaves`: which hold, where this policy alone does not know.
        """
        holding = self.leaves(book, fresh) if leaves is None else leaves
        firing = [rule for rule in rules if rule.asked & fresh.keys() and rule.when.holds(holding)]
        if self.incident is None:
            return self._opened(firing[0], fresh, moment) if firing else (self, ())
        if firing:
            return self._updated(self.incident, firing, fresh, moment)
        return self._closed(self.incident, book, moment)

    def begun_anew(self) -> "Policy":
        """Without its incident, and without what had not lasted long enough yet."""
        return replace(self, incident=None, memories={key: each.begun_anew() for key, each in self.memories.items()})

    def scheduled(self, identity: str, at: int) -> "Policy":
        """After a trigger that had no finding: it makes nothing quiet."""
        return replace(self, last=Last(identity, max(at, self.last.at), self.last.quiet_until))

    def noted(self, span: tuple[int, int], since: int) -> "Policy":
        """With one more span of broken input, without those that ended by `since`."""
        known = [one for one in self.broken if one[1] > since]
        spans: list[tuple[int, int]] = []
        for start, end in sorted((*known, span)):
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        if len(spans) > BROKEN_MAX:
            spans = [(spans[0][0], spans[1][1]), *spans[2:]]
        return replace(self, broken=tuple(spans))

    def _opened(self, rule: Ruling, fresh: Fresh, moment: Moment) -> tuple["Policy", tuple[Event, ...]]:
        causes = _causes(rule, fresh)
        first = causes[0]
        kind = next(kind for kind in first.kinds)
        about = (moment.incident_id, moment.at, first.length, first.feature, first.segment, first.detector)
        incident = Incident(*about, kind, rule.name, rule.severity, rule.n * first.length)
        return self._asking("opened", incident, rule, causes, moment)

    def _updated(
        self, incident: Incident, firing: Sequence[Ruling], fresh: Fresh, moment: Moment
    ) -> tuple["Policy", tuple[Event, ...]]:
        """It becomes more severe, or asks for what it could not ask for before; else nothing is new."""
        rule = firing[0]
        worse = rank(rule.severity) > rank(incident.severity)
        asks = next((each for each in firing if each.triggers), None)
        may = asks is not None and not incident.trigger and (incident.waits or worse)
        if worse:
            incident = replace(incident, rule=rule.name, severity=rule.severity)
        if may and asks is not None:
            policy, events = self._asking("updated", incident, asks, _causes(asks, fresh), moment)
            return (policy, events) if worse or events[0].triggered else (self, ())
        if not worse:
            return self, ()
        causes = _causes(rule, fresh)
        return replace(self, incident=incident), (
            Event("updated", incident, moment.at, triggered=False, causes=causes),
        )

    def _asking(
        self,
        state: Literal["opened", "updated"],
        incident: Incident,
        rule: Ruling,
        causes: tuple[Sighting, ...],
        moment: Moment,
    ) -> tuple["Policy", tuple[Event, ...]]:
        """It asks for a retraining, unless it may not."""
        before = max(self.last, moment.elsewhere, key=lambda each: each.at)
        why = ""
        if not rule.triggers:
            why = "no trigger"
        elif moment.suppressed:
            why = moment.suppressed
        elif moment.at < max(self.last.quiet_until, moment.elsewhere.quiet_until):
            why = "cooldown"
        if why:
            incident = replace(incident, why=why, waits=rule.triggers and bool(moment.suppressed))
            return replace(self, incident=incident), (
                Event(state, incident, moment.at, triggered=False, causes=causes),
            )
        incident = replace(incident, trigger=moment.identify(incident), waits=False, why="")
        last = Last(incident.trigger, moment.at, moment.at + rule.cooldown)
        told = Event(state, incident, moment.at, True, causes, rule.targets, before.id)
        return replace(self, incident=incident, last=last), (told,)

    def _closed(self, incident: Incident, book: Book, moment: Moment) -> tuple["Policy", tuple[Event, ...]]:
        """By time, not by what is remembered of series: one that is gone keeps its last verdicts there for ever.

        Windows of its length were clean for long enough, and so was the newest of the next longer ones.
        """
        rule = book.ruling(incident.rule)
        keys = [book.leaves[i].key for i in sorted(rule.asked)] if rule is not None else []
        asked = [self.memories[key] for key in keys if key in self.memories]
        over = max((incident.opened, *(one.last_seen(incident.length) for one in asked))) + incident.clean
        if (longer := book.longer(incident.length)) is not None:
            over = max((over, *(one.last_seen(longer) + longer for one in asked)))
        if incident.length not in moment.ends or moment.at < over:
            return self, ()
        return replace(self, incident=None), (Event("closed", incident, moment.at, triggered=False),)


def _causes(rule: Ruling, fresh: Fresh) -> tuple[Sighting, ...]:
    """What a rule rests on just now: alarms, then windows from the shortest on, in order of series."""
    found = [one for i in sorted(rule.asked) for one in fresh.get(i, ())]
    return tuple(sorted(found, key=lambda one: (not one.alarm, one.length * (not one.alarm), *_series(one))))


def _series(one: Sighting) -> tuple[str, str, str]:
    return ("", "", "") if one.alarm else (one.segment, one.feature, one.detector)
