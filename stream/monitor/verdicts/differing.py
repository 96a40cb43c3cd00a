"""How much days differ, once a day and for each version and length: from a part of the slots of all days that are kept.

What is learned follows from the rows of `earlier` up to one moment, so that it is the same whenever it is looked at.
Each version has a moment of its own: of a hundred models, only some learn at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from msgspec.structs import replace

from detectors import packing, parts
from detectors.verdict import Spread
from detectors.verdict.apart import apart
from detectors.verdict.days import Days
from detectors.verdict.scores import NAMES
from detectors.verdict.sets import Sets
from stream.config.checking.earlier import WEEK, Choice, among_days, step
from stream.config.settings import DAY
from stream.monitor.verdicts.judging import Case
from stream.monitor.verdicts.layout import layout, own_width


class Span(NamedTuple):
    """What teaches: the slots of a period before `until`, ns, on this many days (or weeks)."""

    until: int
    period: int
    days: int
    step: int  # from slot to slot, ns

    @classmethod
    def of(cls, case: Case, choice: Choice) -> "Span":
        """The newest whole day before a window's end; of retention's reach the last day is not taken."""
        moment = crc32(f"{case.plan.model}\0{case.version}".encode()) % DAY
        until = ((case.end - 1 - moment) // DAY * DAY + moment) // case.length * case.length
        return cls(until, choice.period, among_days(choice), step(choice, case.length))

    def slots(self) -> Iterator[tuple[int, int]]:
        """When the newest and the oldest window of each slot end, ns."""
        for last in range(self.until, self.until - self.period, -self.step):
            yield last, last - (self.days - 1) * self.period

    def place(self, end: int) -> tuple[int, int] | None:
        """Which day and which slot a window is of, counted back; None if it is of no slot."""
        back = self.until - end
        day, slot = divmod(back, self.period)
        inside = back >= 0 and day < self.days and not slot % self.step
        return (day, slot // self.step) if inside else None


class Differing:
    """What days taught, of each version and length until it is learned anew."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int], tuple[str, int, Days | None]] = {}  # by which plan, and up to when

    def days(self, case: Case, choice: Choice, asked: Callable[[Span], Iterable[tuple[int, bytes]]]) -> Days | None:
        """What is known at a window's end; `asked` for windows of a span, it gives their ends and packed summaries."""
        span, key = Span.of(case, choice), (case.plan.model, case.version, case.length)
        if self._known.get(key, ("", 0))[:2] != (case.plan.id, span.until):
            old = span.until - WEEK  # of what has not been heard of for so long nothing is held
            self._known = {each: held for each, held in self._known.items() if held[1] >= old}
            self._known[key] = case.plan.id, span.until, _learned(case, span, asked(span))
        return self._known[key][2]


def spread(case: Case, days: Days | None, summaries: Sequence[parts.Summary]) -> Spread:
    """How a window varies beside those of other days.

    Where it is not known how much these differ, and nothing is tolerated, a series whose days surely do is slow.
    """
    at = layout(case.plan, own_width(case.plan))
    before = np.stack([at.rectangle(each.counts[:1])[0] for each in summaries])
    if days is None:
        found = Spread.independent(len(at.ordered), len(NAMES) + Sets.of(at.on_line, at.sizes).begin.shape[1])
    else:
        observed = at.rectangle(case.summary.counts[:1])[0]
        found = days.spread(before, observed.sum(axis=1), at.ordered, at.sizes)
    if case.settings.tolerate:
        return found
    alike = True if days is None else ~days.differ
    return replace(found, slow=apart(before, at.ordered) & alike)


def _learned(case: Case, span: Span, windows: Iterable[tuple[int, bytes]]) -> Days | None:
    at = layout(case.plan, own_width(case.plan))
    counts = np.zeros((span.days, -(-span.period // span.step), *at.ordered.shape), np.int64)
    for end, packed in windows:
        place = span.place(end)
        if place is not None:
            counts[place] = at.rectangle(packing.total(case.plan.grid, packed)[None])[0]
    return Days.learn(counts, at.ordered, at.sizes)
