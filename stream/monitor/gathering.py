"""Sums of windows as they stood at steps. Long windows are held, so that of their pairs only new ones are read.

What is held never shows in a result: it could be read from the store at any time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from stream.events import NEVER
from stream.monitor.called import Called, Key
from stream.monitor.gathered import Gathered, gather
from stream.monitor.measuring import Tell
from stream.monitor.news import News, joined, spans
from stream.monitor.outputs import Rows

HELD_LEAST: Final = 1_000  # pairs: fewer are read again as fast as they are looked up
HELD_MAX: Final = 64_000_000  # bytes of sums; of more the smallest windows go
PENDING_MAX: Final = 1_000  # pairs of a held window that wait to be added
READ_MAX: Final = 200_000  # pairs of several windows that are read at once: 60 MB

Kept = Callable[[str, int, int], Rows]  # the pairs of a model in panes that end in a span: those of the store


@dataclass
class _Held:
    """A window, and committed pairs that are not in its sums yet."""

    found: Gathered
    n: int
    pending: list[Rows] = field(default_factory=list)

    def settle(self) -> Gathered:
        """With all pairs."""
        for pairs in self.pending:
            self.found = self.found.more(pairs)
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
        absent = {tell.key: tell.labelled for tell in tells if tell.key not in self._held}
        mine: dict[Key, list[int]] = {}
        for i, tell in enumerate(tells):
            mine.setdefault(tell.key, []).append(i)
        found: dict[int, Gathered] = {}
        for (model, start, end), keys in spans(absent, READ_MAX).items():
            stored = News(self._called, kept(model, start, end))
            for key in keys:
                found |= {i: self._at(tells[i], news, kept, stored) for i in mine.pop(key)}
        found |= {i: self._at(tells[i], news, kept) for places in mine.values() for i in places}
        self._release(tells)
        return [found[i] for i in range(len(tells))]

    def follow(self, news: News, changed: Iterable[Key]) -> None:
        """All steps have been taken: add what they did to windows that are held."""
        for key in changed:
            held = self._held.get(key)
            if held is None:
                continue
            pairs = news.of(key, self._upto.get(key, NEVER))
            if not held.found.counted.issuperset(pairs["plan"]):
                del self._held[key]
            elif len(pairs["plan"]):
                held.pending.append(pairs)
                if sum(len(each["plan"]) for each in held.pending) > PENDING_MAX:
                    held.settle()
        self._upto = {}

    def _at(self, tell: Tell, news: News, kept: Kept, stored: News | None = None) -> Gathered:
        """A window at a step; `stored` are the pairs that were there before these steps, if they have been read."""
        key, held = tell.key, self._held.get(tell.key)
        model, _, length, end = key
        if held is not None:
            fresh = news.of(key, self._upto.get(key, NEVER), tell.at)
            counted = held.found.counted
            if counted.issuperset(fresh["plan"]) and self._called.plan(model, counted) is held.found.plan:
                found = held.settle()
                found = found.more(fresh) if len(fresh["plan"]) else found
                return self._hold(tell, found)
        stored = News(self._called, kept(model, end - length, end)) if stored is None else stored
        pairs = joined(stored.of(key), news.of(key, upto=tell.at))
        plan = self._called.plan(model, set(pairs["plan"]))
        return self._hold(tell, gather(plan, self._called.answers(model, plan), pairs))

    def _hold(self, tell: Tell, found: Gathered) -> Gathered:
        self._held[tell.key] = _Held(found, tell.labelled)
        self._upto[tell.key] = tell.at
        return found

    def _release(self, tells: Sequence[Tell]) -> None:
        """Let go of what is read as fast, of what is final, and of the smallest of too many."""
        for tell in tells:
            if tell.final or tell.labelled < HELD_LEAST:
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
