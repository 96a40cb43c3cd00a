"""What models saw in some predictions: copied as these are taken down, and placed in the cells of their plans together.

A plan's cells are found in one go for all rows until they are handed over: in every batch anew it cost as much as all
else that is done for labels, where fifty models share one (measured).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks import commit as tables
from sinks.commit import Texts
from stream.binding import Schema
from stream.events import Batch, Ints
from stream.joining.showing import shown, shown_at, shows
from stream.joining.waiting import Waiting, row_bytes
from stream.roster import Roster
from stream.taught.weighting import inputs

Held = tuple[Waiting, NDArray[np.float64], NDArray[np.unsignedinteger]]  # all but the cells, and the decoder's columns


class Seen:
    """The rows of one roster that were not handed over yet."""

    def __init__(self, roster: Roster, schema: Schema, pane: int) -> None:
        self._roster, self._schema, self._pane = roster, schema, pane
        self._held: list[Held] = []
        self._any = any(shows(entry.settings.output, plan) for entry in roster.entries for plan in entry.plans)

    def add(self, batch: Batch, rows: Ints, known: Mapping[str, Any]) -> None:
        """Copy those of a batch's rows whose inputs may be kept; `known` is all that their table has but the cells."""
        some = shown(known["check"]) if self._any else rows[:0]
        if len(some):
            about = Waiting(tables.INPUTS, known).take(some)
            self._held.append((about, batch.values[rows[some]], batch.texts[rows[some]]))

    def take(self) -> list[Waiting]:
        """Those rows since the last time whose inputs are kept."""
        held, self._held = self._held, []
        if not held:
            return []
        blocks = [one.columns for one, *_ in held]
        every = Waiting(tables.INPUTS, {name: _joined([block[name] for block in blocks]) for name in blocks[0]})
        kept = self._kept(every.columns)
        known = every.take(kept).columns
        plan = known["plan"]
        assert isinstance(plan, Texts), "a plan is a text"
        cells = self._cells(plan, *(np.concatenate([one[i] for one in held])[kept] for i in (1, 2)))
        return [Waiting(tables.INPUTS, {**known, "cells": cells})] if len(kept) else []

    def _kept(self, columns: Mapping[str, Any]) -> Ints:
        """The places of the rows whose inputs are kept, (n,)."""
        model, version = columns["model"], columns["version"]
        panes, pane = np.unique(columns["end"], return_inverse=True)
        shape = len(model.words), len(version.words), len(panes)
        groups, group = np.unique(np.ravel_multi_index((model.codes, version.codes, pane), shape), return_inverse=True)
        starts = (panes.astype(np.int64) * 1_000 - self._pane).tolist()
        named = zip(*(part.tolist() for part in np.unravel_index(groups, shape)), strict=True)
        index, entries = self._roster.index, self._roster.entries
        found = [shown_at(entries[index[model.words[i]]], version.words[j], starts[k]) for i, j, k in named]
        return np.flatnonzero(np.array(found, np.bool_)[group])

    def _cells(
        self, plan: Texts, values: NDArray[np.float64], texts: NDArray[np.unsignedinteger]
    ) -> NDArray[np.object_]:
        """The cell of each input, counted from its column's first, as bytes; an event each, (n,)."""
        packed = np.empty(len(plan.codes), np.object_)
        order = np.argsort(plan.codes, kind="stable")
        cuts = np.searchsorted(plan.codes[order], np.arange(len(plan.words) + 1)).tolist()
        for name, (i, j) in zip(plan.words, pairwise(cuts), strict=True):
            if i < j:
                mine, bound = order[i:j], self._schema.bindings[name]
                packed[mine] = row_bytes(bound.placed(values[mine], texts[mine])[inputs(bound.plan)].T)
        return packed


def _joined(columns: Sequence[NDArray[Any] | Texts]) -> NDArray[Any] | Texts:
    """The same column of several blocks."""
    texts = [column for column in columns if isinstance(column, Texts)]
    if not texts:
        return np.concatenate([column for column in columns if not isinstance(column, Texts)])
    places = {word: i for i, word in enumerate(dict.fromkeys(word for column in texts for word in column.words))}
    codes = [np.array([places[word] for word in column.words], np.int64)[column.codes] for column in texts]
    return Texts(tuple(places), np.concatenate(codes))
