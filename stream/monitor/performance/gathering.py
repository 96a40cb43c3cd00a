"""Sums of windows as they stood at steps. Long windows are held, so that of their pairs only new ones are read.

What is held never shows in a result: it could be read from the store at any time.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from sinks.commit import PAIRS, Span, Table
from stream.answers.kind import Rows
from stream.events import NEVER
from stream.monitor.labels.called import Called, Key
from stream.monitor.labels.news import News, joined, taken
from stream.monitor.performance.gathered import SUMMED, Gathered, Shape, gather
from stream.monitor.performance.tell import Tell

HELD_LEAST: Final = 1_000  # pairs: fewer are read again as fast as they are looked up
HELD_MAX: Final = 64_000_000  # bytes of sums; of more the smallest windows go
PENDING_MAX: Final = 1_000  # pairs of a held window that wait to be added
READ_MAX: Final = 200_000  # pairs of several windows that are read at once: 60 MB


class Kept(Protocol):
    """Asks the store for pairs, or for predictions, of spans of panes; for one in so many, by the hash of their id."""

    def __call__(self, spans: Sequence[Span], table: Table = PAIRS, one_in: int = 1) -> Rows:
        """The rows, with `end` and `step` in ns."""


@dataclass
class _Held:
    """A window, and committed pairs that are not in its sums yet."""

    found: Gathered
    n: int
    pending: list[Rows] = field(default_factory=list)

    def settle(self) -> Gathered:
        """With all pairs."""
        if self.pending:
            shapes = [self.found.shape] * len(self.pending)
            for more in gather(shapes, self.pending):
                self.found += more
            self.pending = []
        return self.found


class Gathering:
    """The sums of windows that are told."""

    def __init__(self, called: Called) -> None:
        self._called = called
        self._held: dict[Key, _Held] = {}
        self._upto: dict[Key, int] = {}  # which of the steps that are being taken are in the sums

    def forget(self) -> None:
        """Hold nothing: the steps that were taken last may not have been."""
        self._held, self._upto = {}, {}

    def gather(self, tells: Sequence[Tell], news: News, kept: Kept) -> list[Gathered]:
        """The sums of each tell's window at its step; those of one window come in the order of their steps."""
        first: dict[Key, Tell] = {}
        for tell in tells:
            first.setdefault(tell.key, tell)
        self._read([tell for tell in first.values() if self._since(tell, news) is None], news, kept)
        found = [self._at(tell, news, kept) for tell in tells]
        self._release(tells)
        return found

    def follow(self, news: News, changed: Collection[Key]) -> None:
        """All steps have been taken: add what they did to windows that are held."""
        for key in [key for key in self._held if key in changed]:
            held = self._held[key]
            pairs = news.of(key, self._upto.get(key, NEVER))
            if not held.found.shape.counted.issuperset(pairs["plan"]):
                del self._held[key]
            elif len(pairs["plan"]):
                held.pending.append(pairs)
                if sum(len(each["plan"]) for each in held.pending) > PENDING_MAX:
                    held.settle()
        self._upto = {}

    def _since(self, tell: Tell, news: News) -> Rows | None:
        """The pairs of a held window that come with these steps, up to its own; None where it is to be read.

        That is where it is not held, or where they are counted by other plans than those that it has.
        """
        held = self._held.get(tell.key)
        if held is None or self._called.plan(tell.key[0], held.found.shape.counted) is not held.found.shape.plan:
            return None
        fresh = news.of(tell.key, self._upto.get(tell.key, NEVER), tell.at)
        return fresh if held.found.shape.counted.issuperset(fresh["plan"]) else None

    def _at(self, tell: Tell, news: News, kept: Kept) -> Gathered:
        """A window at a step, which has been read up to an earlier one."""
        fresh = self._since(tell, news)
        if fresh is None:
            self._read([tell], news, kept)
            return self._held[tell.key].found
        held = self._held[tell.key]
        if len(fresh["plan"]):
            held.pending.append(fresh)
        self._upto[tell.key], held.n = tell.at, tell.labelled
        return held.settle()

    def _read(self, tells: Sequence[Tell], news: News, kept: Kept) -> None:
        """Sum windows up to their steps, with the pairs that the store has."""
        fresh = {name: news.rows[name] for name in SUMMED}
        for some in _parts(tells):
            stored = News(self._called, kept(spans_of([tell.key for tell in some])))
            every, first = joined({name: stored.rows[name] for name in SUMMED}, fresh), len(stored.rows["plan"])
            places = [
                np.concatenate((stored.places(tell.key), first + news.places(tell.key, upto=tell.at))) for tell in some
            ]
            pairs = [taken(every, each) for each in places]
            found = gather([self._shape(tell.key[0], each) for tell, each in zip(some, pairs, strict=True)], pairs)
            for tell, one in zip(some, found, strict=True):
                self._held[tell.key] = _Held(one.alone() if _stays(tell) else one, tell.labelled)
                self._upto[tell.key] = tell.at

    def _shape(self, model: str, pairs: Rows) -> Shape:
        counted = frozenset(pairs["plan"])
        plan = self._called.plan(model, counted)
        return Shape.of(plan, self._called.answers(model, plan), counted)

    def _release(self, tells: Sequence[Tell]) -> None:
        """Let go of what is read as fast, of what is final, and of the smallest of too many."""
        for tell in tells:
            if not _stays(tell):
                self._drop(tell.key)
        size = sum(held.found.nbytes for held in self._held.values())
        for key, held in sorted(self._held.items(), key=lambda one: one[1].n) if size > HELD_MAX else ():
            self._drop(key)
            size -= held.found.nbytes
            if size <= HELD_MAX // 2:
                break

    def _drop(self, key: Key) -> None:
        self._held.pop(key, None)
        self._upto.pop(key, None)


def _stays(tell: Tell) -> bool:
    """Whether a window is held."""
    return not tell.final and tell.labelled >= HELD_LEAST


def _parts(tells: Sequence[Tell]) -> Iterable[list[Tell]]:
    """Neighbours that do not have too many pairs together."""
    some, n = list[Tell](), 0
    for tell in tells:
        if some and n + tell.labelled > READ_MAX:
            yield some
            some, n = [], 0
        some.append(tell)
        n += tell.labelled
    if some:
        yield some


def spans_of(keys: Iterable[Key]) -> list[Span]:
    """Spans that hold these windows and nothing else, none of which has anything in common with another."""
    found: list[Span] = []
    for model, after, upto in sorted({(model, end - length, end) for model, _, length, end in keys}):
        if found and found[-1].model == model and after <= found[-1].upto:
            found[-1] = found[-1]._replace(upto=max(upto, found[-1].upto))
        else:
            found.append(Span(model, after, upto))
    return found
