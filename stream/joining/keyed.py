"""Predictions with an id: how many there are, and which of them wait for labels."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.events import Batch, Ints
from stream.roster import Roster

GROUPS_MAX = 65_536  # panes times heads; beyond, where times jump, they are sorted instead

Counted = Counter[tuple[int, str]]  # by pane end and model


class Keyed(NamedTuple):
    """Of a batch: the places of those that wait, how many have an id, and how many of these wait."""

    rows: Ints
    keyed: Counted
    kept: Counted


NONE = Keyed(np.empty(0, np.int64), Counter(), Counter())


class Sampler:
    """Chooses by the rates of a roster. Only masks: of ids that end in as many zeros as their pane has halvings."""

    def __init__(self, roster: Roster, pane: int) -> None:
        self._pane = pane
        self._rates = [(i, entry.rates) for i, entry in enumerate(roster.entries) if entry.rates]

    def of(self, batch: Batch, chosen: NDArray[np.bool_], model: Ints, end: Ints) -> Keyed:
        """The chosen events that have an id. `model` and `end` (n,) are those of all events: its index, its pane."""
        if not len(batch.keys):  # no labels are read
            return NONE
        rows = np.flatnonzero(chosen & batch.keys.any(axis=1))
        if not len(rows):
            return NONE
        keyed = self._tally(batch, rows, end)
        if not self._rates:
            return Keyed(rows, keyed, keyed)
        kept = rows[(batch.keys[rows, 0] & self._masks(model[rows], end[rows])) == 0]
        return Keyed(kept, keyed, self._tally(batch, kept, end))

    def _masks(self, model: Ints, end: Ints) -> Ints:
        """Which bits of its key must be zero for each event to wait, (n,)."""
        masks = np.zeros(len(model), np.int64)
        for i, rates in self._rates:
            mine = np.flatnonzero(model == i)
            if len(mine):
                masks[mine] = (1 << rates.of(end[mine] - self._pane)) - 1
        return masks

    def _tally(self, batch: Batch, rows: Ints, end: Ints) -> Counted:
        """How many events of each pane and model there are."""
        found: Counted = Counter()
        if not len(rows):
            return found
        first, n_heads = int(end[rows].min()), len(batch.heads)
        groups = (end[rows] - first) // self._pane * n_heads + batch.head[rows]
        if groups.max() < GROUPS_MAX:
            n = np.bincount(groups)
            present = np.flatnonzero(n)
            counts = n[present]
        else:
            present, counts = np.unique(groups, return_counts=True)
        for group, count in zip(present.tolist(), counts.tolist(), strict=True):
            pane, head = divmod(group, n_heads)
            found[first + pane * self._pane, batch.heads[head].name] += count
        return found
