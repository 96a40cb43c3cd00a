"""Rows wait in a buffer and are summed in blocks, sorted by pane and series: a kernel per block, not one per poll."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.binding import OUTPUT_NUMBERS, OUTPUT_TEXTS, Schema
from stream.encodings.schema import ABSENT, ABSENT_ID
from stream.events import FEATURES, Batch, Ints
from stream.fates import Fates, Heads
from stream.partials import NAMES_MAX, Series, fewest
from stream.roster import Entry, Roster

FOLD_ROWS = 65_536  # rows after which the caller cuts: larger blocks gain nothing more (measured)

Columns = tuple[NDArray[Any], ...]


@dataclass
class Buffer:
    """Rows that were judged and not yet summed."""

    pane: int
    rows: int = 0
    _waiting: list[Columns] = field(default_factory=list)

    def add(self, batch: Batch, fates: Fates.View, end: Ints, fresh: NDArray[np.bool_]) -> None:
        """Keep the fresh rows of a batch; `end` is the end of each row's pane."""
        values, texts = batch.values, batch.texts
        bare = np.flatnonzero(fates.kind == FEATURES)
        if len(bare):  # features alone: what a model says is not missing from them, it does not apply
            values, texts = values.copy(), texts.copy()
            values[bare, -OUTPUT_NUMBERS:] = ABSENT
            texts[bare, -OUTPUT_TEXTS:] = ABSENT_ID
        columns: Columns = (end, batch.head, values, texts, batch.segments)
        if not fresh.all():
            columns = _chosen(columns, fresh)
        if len(columns[0]):
            self._waiting.append(columns)
            self.rows += len(columns[0])

    def fold(
        self, roster: Roster, schema: Schema, heads: Heads, upto: int
    ) -> tuple[dict[Series, Any], dict[tuple[int, str], frozenset[str]]]:
        """The summaries of rows by series, and the versions behind the series of those not admitted.

        Rows of panes that end after `upto` wait on: a pane summed in two halves costs nearly twice as much.
        """
        blocks: dict[Series, Any] = {}
        versions: dict[tuple[int, str], frozenset[str]] = {}
        due = self._due(upto)
        if not due:
            return blocks, versions
        end, head, values, texts, segments = (np.concatenate(parts) for parts in zip(*due, strict=True))
        first = int(end.min())
        key = ((end - first) // self.pane) * len(heads.groups) + heads.group[head]
        if key.max() < 1 << 16:
            key = key.astype(np.uint16)  # sorts by radix
        order = np.argsort(key, kind="stable")
        key = key[order]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        for i, j in zip(starts.tolist(), [*starts[1:].tolist(), len(key)], strict=True):
            pane, group = divmod(int(key[i]), len(heads.groups))
            pane_end = first + pane * self.pane
            model, version = heads.groups[group]
            entry = roster.entries[model]
            start = pane_end - self.pane
            plan = entry.plan_at(start)
            assert plan is not None, f"{entry.name}: a row of pane {pane_end} without a plan"
            block = order[i:j]
            # Taken block by block, and not all at once: what is read next is still in the processor's caches.
            rows = (column.take(block, axis=0) for column in (values, texts, segments))
            summary = schema.bindings[plan.id].summary(*rows)
            slot = None if version is None else entry.slot_at(version, start)
            series = (pane_end, entry.name, slot)
            blocks[series] = blocks[series] + summary if series in blocks else summary
            if slot is None:
                names = _versions(heads, head[block], entry, version)
                versions[pane_end, entry.name] = fewest(
                    versions.get((pane_end, entry.name), frozenset()) | names, NAMES_MAX
                )
        return blocks, versions

    def _due(self, upto: int) -> list[Columns]:
        """Take the rows of panes that end by then. Most batches go or stay whole, and are not copied."""
        due: list[Columns] = []
        later: list[Columns] = []
        for columns in self._waiting:
            gone = columns[0] <= upto
            if gone.all():
                due.append(columns)
            elif not gone.any():
                later.append(columns)
            else:
                due.append(_chosen(columns, gone))
                later.append(_chosen(columns, ~gone))
        self._waiting, self.rows = later, sum(len(columns[0]) for columns in later)
        return due


def _chosen(columns: Columns, which: NDArray[np.bool_]) -> Columns:
    """Only some rows. By their places, which takes half as long as by a mask."""
    rows = np.flatnonzero(which)
    return tuple(column.take(rows, axis=0) for column in columns)


def _versions(heads: Heads, head: NDArray[np.int32], entry: Entry, version: str | None) -> frozenset[str]:
    """The versions that rows of a group carry."""
    if version is not None:
        return frozenset((version,))
    return frozenset(heads.listed[i].version for i in np.unique(head).tolist()) - entry.versions.keys()
