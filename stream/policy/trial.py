"""A policy over a history: what it would have done, close by close, and at steps of labels as far as they are known."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from msgspec.structs import replace

from stream.events import NEVER
from stream.policy.book import Book
from stream.policy.hearing import Hearing, Standing, heard, wanted
from stream.policy.incidents import NONE, PROMOTED, Event, Fresh, Incident, Last, Moment, Policy
from stream.policy.sightings import Seen, Sighting

Suppressed = Callable[[int], str]


class Served(NamedTuple):
    """How a version was served: `turns` are when promotions that concern it took effect, in order.

    While it is `retired`, another is served in its place, and it asks for nothing.
    """

    turns: tuple[int, ...]
    retired: Callable[[int], bool]


ALWAYS: Final = Served((), lambda _: False)


def observed(policy: Policy, book: Book, seen: Iterable[Seen]) -> tuple[Policy, Fresh]:
    """After all that was judged at one time."""
    every: dict[int, tuple[Sighting, ...]] = {}
    for one in seen:
        policy, fresh = policy.observe(book, one)
        for leaf, some in fresh.items():
            every[leaf] = (*every.get(leaf, ()), *some)
    return policy, every


def told(book: Book, policy: Policy, fresh: Fresh) -> tuple[Standing, dict[str, tuple[Sighting, ...]]]:
    """How a close left things for those who wait for labels, and what lasted in its windows."""
    asked, holding = wanted(book), policy.leaves(book, fresh)
    holds = tuple(sorted(book.leaves[i].key for i in asked if holding[i]))
    incident = policy.incident.id if policy.incident is not None else ""
    return Standing(holds, incident, policy.last), {book.leaves[i].key: some for i, some in fresh.items() if i in asked}


def with_heard(book: Book, policy: Policy, fresh: Fresh, hearing: Hearing, said: Fresh) -> tuple[Fresh, list[bool]]:
    """What lasts, and which leaves hold, with what was heard of closes."""
    both = {**fresh, **{i: (*fresh.get(i, ()), *some) for i, some in said.items()}}
    mine = policy.leaves(book, both)
    return both, [held or leaf.key in hearing.now.holds for leaf, held in zip(book.leaves, mine, strict=True)]


def ends(seen: Iterable[Seen]) -> frozenset[int]:
    """The lengths of the windows among what was judged; alarms are of none."""
    return frozenset(one.length for one in seen if not any(each.alarm for each in one.sightings))


def tried(
    book: Book, closes: Iterable[Seen], labels: Iterable[Seen], suppressed: Suppressed, served: Served = ALWAYS
) -> Iterator[Event]:
    """What would have happened, in order of time: first by closes, then by labels."""
    hearing, policy = Hearing(), Policy()
    happened: list[Event] = []
    before = NEVER
    for at, some in groupby(closes, key=lambda one: one.at):
        seen = list(some)
        turns, before = [turn for turn in served.turns if before <= turn < at], at
        policy, over = _turned(policy, (*turns, at) if served.retired(at) else turns)
        happened += over
        if served.retired(at):
            continue
        policy, fresh = observed(policy, book, seen)
        policy, events = policy.decide(book, book.told(labelled=False), fresh, _moment(at, seen, suppressed(at)))
        happened += events
        hearing = hearing.told(at, *told(book, policy, fresh))
    happened += _turned(policy, [turn for turn in served.turns if before <= turn])[1]
    by_time = {at: list(some) for at, some in groupby(labels, key=lambda one: one.at)}
    policy, before = Policy(), NEVER
    for at in sorted({*by_time, *(one.at for one in hearing.news)}):
        turns, before = [turn for turn in served.turns if before <= turn < at], at
        policy, over = _turned(policy, turns if policy.incident is not None else ())
        happened += over
        hearing, said = hearing.upto(at)
        seen = by_time.get(at, [])
        policy, fresh = observed(policy, book, seen)
        both, holds = with_heard(book, policy, fresh, hearing, heard(book, said))
        moment = _moment(at, seen, suppressed(at), hearing.now.last)
        asking = () if served.retired(at) else book.told(labelled=True)
        policy, events = policy.decide(book, asking, both, moment, holds)
        happened += events
    happened += _turned(policy, [turn for turn in served.turns if before <= turn])[1]
    yield from sorted(happened, key=lambda one: one.at)


def _turned(policy: Policy, turns: Iterable[int]) -> tuple[Policy, list[Event]]:
    """A promotion ends what is open, and what it is compared with is new."""
    events = []
    for at in turns:
        if policy.incident is not None:
            events.append(Event("closed", replace(policy.incident, why=PROMOTED), at, triggered=False))
        policy = policy.begun_anew()
    return policy, events


def _moment(at: int, seen: Iterable[Seen], why: str, last: Last = NONE) -> Moment:
    return Moment(at, ends(seen), f"{at}", _named, why, last)


def _named(incident: Incident) -> str:
    return f"{incident.rule}:{incident.opened}"
