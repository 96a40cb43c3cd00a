"""Which ids are kept where too many predictions wait for labels: a share of 2^-halvings, by the hash of model and id.

A prediction and its labels have the same hash, so they are kept together, or neither is. An id that is in a sample is
in every larger one. A decision holds for panes that nobody has read yet; what it was is never changed, so whoever asks
later is told the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from stream.events import NEVER, Ints


class Rate(NamedTuple):
    """Decided when the pane with this end closed: for panes that begin at `since` or later."""

    decided: int
    since: int
    halvings: int


@dataclass(frozen=True)
class Schedule:
    """The rates of a model, in the order in which they were decided. Before the first one all ids are kept.

    A later decision replaces those that were to hold from its `since` on. Whoever asks as of a time `decided` is told
    what was decided by then.
    """

    rates: tuple[Rate, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rates)

    @cached_property
    def in_force(self) -> tuple[Rate, ...]:
        """Those that hold, or will, ascending by `since`."""
        return _in_force(self.rates)

    def at(self, start: int) -> int:
        """The halvings of the pane that begins then."""
        return self.most(start, start)

    def of(self, starts: Ints) -> Ints:
        """The halvings of panes by their starts, (n,)."""
        since, halvings = (np.array([NEVER if i == 1 else 0, *(rate[i] for rate in self.in_force)]) for i in (1, 2))
        found: Ints = halvings[np.searchsorted(since, starts, side="right") - 1]
        return found

    def least(self, first: int, last: int, decided: int | None = None) -> int:
        """The fewest halvings of panes that begin in [first, last], as it was decided by then."""
        return min(self._between(first, last, decided))

    def most(self, first: int, last: int, decided: int | None = None) -> int:
        """The most halvings of these panes."""
        return max(self._between(first, last, decided))

    def _between(self, first: int, last: int, decided: int | None) -> list[int]:
        known = self.in_force
        if decided is not None:
            known = _in_force(rate for rate in self.rates if rate.decided <= decided)
        before = [rate.halvings for rate in known if rate.since <= first]
        return [before[-1] if before else 0, *(rate.halvings for rate in known if first < rate.since <= last)]

    def decide(self, rate: Rate) -> "Schedule":
        """With one more decision."""
        return Schedule((*self.rates, rate))

    def joined(self, other: "Schedule") -> "Schedule":
        """What two monitors have decided, of whom one may be behind."""
        return Schedule(tuple(sorted({*self.rates, *other.rates}))) if self.rates != other.rates else self

    def since(self, time: int) -> "Schedule":
        """Without what no question can be about any more: of panes that begin, or decisions made, from then on."""
        old = [rate for rate in _in_force(rate for rate in self.rates if rate.decided <= time) if rate.since <= time]
        last = old[-1:]
        found = tuple(rate for rate in self.rates if rate in last or rate.since > time or rate.decided > time)
        return Schedule(found) if len(found) < len(self.rates) else self


EVERY_ID = Schedule()


def share(halvings: int) -> float:
    """What share of the ids is kept."""
    return float(2.0**-halvings)


def _in_force(rates: Iterable[Rate]) -> tuple[Rate, ...]:
    found: tuple[Rate, ...] = ()
    for rate in rates:
        found = (*(one for one in found if one.since < rate.since), rate)
    return found
