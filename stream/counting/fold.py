"""Rows wait in a buffer and are summed in blocks, sorted by pane and series: a kernel per block, not one per poll."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.parts import Summary
from stream.binding import OUTPUT_TEXTS, Schema
from stream.counting.drawn import Drawn, Thinned, add
from stream.counting.fates import Fates, Heads
from stream.counting.fewest import fewest
from stream.counting.sample import hashes_of
from stream.encodings.schema import ABSENT, ABSENT_ID
from stream.events import FEATURES, Batch, Ints
from stream.partials import NAMES_MAX, Series
from stream.roster import Entry, Roster

FOLD_ROWS = 65_536  # rows after which the caller cuts: larger blocks gain nothing more (measured)
ROOM = FOLD_ROWS + 8_192  # rows that there is room for at first: until the caller cuts, and the batch at which it does
OPEN_PANES = 16  # of which it is known what was drawn; of older ones only stragglers come

Columns = tuple[NDArray[Any], ...]


@dataclass
class Folded:
    """Summaries of rows by series, the versions behind the series of those not admitted, and samples of some series."""

    blocks: dict[Series, Summary] = field(default_factory=dict)
    versions: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)
    drawn: dict[Series, Drawn] = field(default_factory=dict)


class Buffer:
    """Rows that were judged and not yet summed, copied while the caches hold them; the memory of batches goes back."""

    def __init__(self, pane: int) -> None:
        self.rows, self.draws = 0, False  # whether any model draws samples
        self._pane = pane
        self._thinned = Thinned[Series]()
        self._columns: Columns = ()  # with room for more rows

    def add(self, batch: Batch, fates: Fates.View, end: Ints, fresh: NDArray[np.bool_], said: int) -> None:
        """Keep the fresh rows of a batch; `end` is the end of each row's pane, `said` as in a Schema."""
        values, texts = batch.values, batch.texts
        bare = np.flatnonzero(fates.kind == FEATURES)
        if len(bare):  # features alone: what a model says is not missing from them, it does not apply
            values, texts = values.copy(), texts.copy()
            values[bare, -said:] = ABSENT
            texts[bare, -OUTPUT_TEXTS:] = ABSENT_ID
        hashes = hashes_of(batch.records, batch.at) if self.draws else np.empty((len(values), 0), np.int64)
        columns: Columns = (end, batch.head, values, texts, batch.segments, hashes)
        rows = np.flatnonzero(fresh)  # by their places, which takes half as long as by a mask
        upto = self.rows + len(rows)
        self._make_room(columns, upto)
        for kept, added in zip(self._columns, columns, strict=True):
            room = kept[self.rows : upto]
            if len(rows) == len(added):
                room[:] = added
            else:
                added.take(rows, axis=0, out=room, mode="clip")  # into its place; no row is beyond
        self.rows = upto

    def _make_room(self, like: Columns, n: int) -> None:
        """Have room for n rows of such columns; another schema's come only when there are none."""
        shapes = [(column.dtype, column.shape[1:]) for column in like]
        if not self.rows and shapes != [(column.dtype, column.shape[1:]) for column in self._columns]:
            self._columns = tuple(np.empty((ROOM, *shape), kind) for kind, shape in shapes)
        if n > len(self._columns[0]):
            before, self._columns = self._columns, tuple(np.empty((2 * n, *shape), kind) for kind, shape in shapes)
            for kept, column in zip(self._columns, before, strict=True):
                kept[: self.rows] = column[: self.rows]

    def fold(self, roster: Roster, schema: Schema, heads: Heads, upto: int) -> Folded:
        """Sum the rows by series.

        Rows of panes that end after `upto` wait on: a pane summed in two halves costs nearly twice as much.
        """
        folded = Folded()
        if not self.rows:
            return folded
        end, head, values, texts, segments, hashes = (column[: self.rows] for column in self._columns)
        due = np.flatnonzero(end <= upto)
        if not len(due):
            return folded
        ends = end[due]
        first = int(ends.min())
        key = ((ends - first) // self._pane) * len(heads.groups) + heads.group[head[due]]
        if key.max() < 1 << 16:
            key = key.astype(np.uint16)  # sorts by radix
        sorting = np.argsort(key, kind="stable")
        order, key = due[sorting], key[sorting]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        for i, j in zip(starts.tolist(), [*starts[1:].tolist(), len(key)], strict=True):
            pane, group = divmod(int(key[i]), len(heads.groups))
            pane_end = first + pane * self._pane
            model, version = heads.groups[group]
            entry = roster.entries[model]
            start = pane_end - self._pane
            plan = entry.plan_at(start)
            assert plan is not None, f"{entry.name}: a row of pane {pane_end} without a plan"
            block = order[i:j]
            # Taken block by block, and not all at once: what is read next is still in the processor's caches.
            rows = tuple(column.take(block, axis=0) for column in (values, texts, segments))
            binding = schema.bindings[plan.id]
            slot = None if version is None else entry.slot_at(version, start)
            series = (pane_end, entry.name, slot)
            summary, known = binding.summary(*rows), folded.blocks.get(series)
            folded.blocks[series] = summary if known is None else known + summary
            if plan.sample:
                drawn = Drawn.of(hashes[block], rows[0][:, binding.numeric], plan.sample)
                add(folded.drawn, series, self._thinned.thin(series, drawn))
            if slot is None:
                names = _versions(heads, head[block], entry, version)
                told = folded.versions.get((pane_end, entry.name), frozenset())
                folded.versions[pane_end, entry.name] = fewest(told | names, NAMES_MAX)
        self._keep(np.flatnonzero(end > upto))
        self._thinned.keep(lambda series: series[0] > int(ends.max()) - OPEN_PANES * self._pane)
        return folded

    def _keep(self, rows: Ints) -> None:
        """Keep only these rows, in their order."""
        for column in self._columns if len(rows) else ():
            column[: len(rows)] = column.take(rows, axis=0)
        self.rows = len(rows)


def _versions(heads: Heads, head: NDArray[np.int32], entry: Entry, version: str | None) -> frozenset[str]:
    """The versions that rows of a group carry."""
    if version is not None:
        return frozenset((version,))
    return frozenset(heads.listed[i].version for i in np.unique(head).tolist()) - entry.versions.keys()
