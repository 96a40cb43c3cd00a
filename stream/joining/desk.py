"""Predictions with an id, and labels, are taken down, each once: they belong to positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from sinks import commit as tables
from sinks.commit import Texts
from stream.binding import OUTPUT_TEXTS, Schema
from stream.encodings.schema import ABSENT_ID
from stream.encodings.several import Kept
from stream.events import Batch, Head, Ints, Partition, Position
from stream.joining.keyed import Keyed, Sampler
from stream.joining.seen import Seen
from stream.joining.spoken import kept_of
from stream.joining.waiting import Waiting, row_bytes
from stream.roster import Roster

SMALL = 4_096  # more numbers than this are sorted
SCORE_AT, VALUE_AT = -3, -1  # of the numbers that a model says, from the end


@dataclass(frozen=True)
class Desk:
    """Takes predictions and labels down, each once. `written`: what lies before these positions has been."""

    roster: Roster
    schema: Schema
    pane: int
    written: Mapping[Partition, Position]
    _kept: dict[str, Kept | None] = field(default_factory=dict)  # by plan

    def answers(self, batch: Batch, rows: Ints, ends: Ints) -> list[Waiting]:
        """The labels at these places of a batch; `ends` are those of their panes."""
        rows, ends = self._unwritten(batch, rows, ends)
        if not len(rows):
            return []
        said, does = zip(*(batch.answers[i] for i in rows.tolist()), strict=True)
        columns = _common(batch, rows, ends, *_heads(batch, rows)) | {"does": Texts.of(does), "answer": Texts.of(said)}
        return [Waiting(tables.ANSWERS, columns)]

    @cached_property
    def _seen(self) -> Seen:
        return Seen(self.roster, self.schema, self.pane)

    @cached_property
    def _sampler(self) -> Sampler:
        return Sampler(self.roster, self.pane)

    def predictions(
        self, batch: Batch, chosen: NDArray[np.bool_], model: Ints, end: Ints
    ) -> tuple[Keyed, list[Waiting]]:
        """The chosen events of a batch that have an id, all of planned panes, and those of them that are in the sample.

        `model` and `end` (n,) are those of all events.
        """
        keyed = self._sampler.of(batch, chosen, model, end)
        return keyed, self._predictions(batch, *self._unwritten(batch, keyed.rows, end[keyed.rows]))

    def _predictions(self, batch: Batch, rows: Ints, ends: Ints) -> list[Waiting]:
        if not len(rows):
            return []
        heads, head = _heads(batch, rows)
        plans, plan = self._plans(heads, head, ends)
        value = batch.values[rows, VALUE_AT]
        known = _common(batch, rows, ends, heads, head) | {
            "version": Texts(tuple(one.version for one in heads), head),
            "plan": Texts(plans, plan),
        }
        columns = known | {
            "score": _finite(batch.values[rows, SCORE_AT]),
            "value": _finite(value),
            "answer": self._said(batch.texts[rows, -OUTPUT_TEXTS], value),
            "segments": self._segments(batch, rows, plans, plan),
            "several": self._several(batch, rows, plans, plan),
        }
        self._seen.add(batch, rows, known)
        return [Waiting(tables.PREDICTIONS, columns)]

    def take_seen(self) -> list[Waiting]:
        """The inputs of predictions that were taken down since the last time, of those that keep theirs."""
        return self._seen.take()

    def _plans(self, heads: Sequence[Head], head: Ints, ends: Ints) -> tuple[tuple[str, ...], Ints]:
        """The ids of the plans of some events, and the place of each event's among them, (n,)."""
        first = int(ends.min())
        panes, pane = _distinct((ends - first) // self.pane)
        groups, group = _distinct(head * len(panes) + pane)
        places: dict[str, int] = {}
        of_group = []
        for i, j in zip(*(part.tolist() for part in np.divmod(groups, len(panes))), strict=True):
            plan = self.roster.entries[heads[i].model].plan_at(first + (int(panes[j]) - 1) * self.pane)
            assert plan is not None, (
                f"{heads[i].name}: a prediction of pane {first + int(panes[j]) * self.pane} without a plan"
            )
            of_group.append(places.setdefault(plan.id, len(places)))
        return tuple(places), np.array(of_group)[group]

    def _segments(self, batch: Batch, rows: Ints, plans: Sequence[str], plan: Ints) -> NDArray[np.object_]:
        """The row of each event in its plan's summaries, for each segment field."""
        order = np.argsort(plan, kind="stable")
        texts, fields = batch.texts[rows[order]], batch.segments[rows[order]]
        asked = any(self.schema.bindings[one].numbers_asked for one in plans)
        values = batch.values[rows[order]] if asked else np.empty((len(rows), 0))
        cuts = np.searchsorted(plan[order], np.arange(len(plans) + 1)).tolist()
        lines: list[bytes] = []
        for one, (i, j) in zip(plans, pairwise(cuts), strict=True):
            lines += row_bytes(self.schema.bindings[one].rows(values[i:j], texts[i:j], fields[i:j]))
        segments = np.empty(len(rows), np.object_)
        segments[order] = lines
        return segments

    def _several(self, batch: Batch, rows: Ints, plans: Sequence[str], plan: Ints) -> NDArray[np.object_]:
        """The several values of the events that have such, by the classes of their plan, as bytes."""
        packed = np.full(len(rows), b"", np.object_)
        for i, one in enumerate(plans):
            if (kept := self._kept_of(one)) is not None:
                mine = np.flatnonzero(plan == i)
                packed[mine] = [kept(said) for said in batch.answers[rows[mine]].tolist()]
        return packed

    def _kept_of(self, plan: str) -> Kept | None:
        if plan not in self._kept:
            counted = self.schema.bindings[plan].plan
            entry = self.roster[counted.model]
            self._kept[plan] = kept_of(entry.settings.output, counted)
        return self._kept[plan]

    def _said(self, ids: NDArray[np.unsignedinteger], value: Floats) -> Texts:
        """Predictions as categories. A number has its own name, whether or not it is one in somebody's vocabulary."""
        ids = np.where(np.isfinite(value), ABSENT_ID, ids)
        present, codes = _distinct(ids)
        return Texts(tuple(self.schema.words[present].tolist()), codes)

    def _unwritten(self, batch: Batch, rows: Ints, ends: Ints) -> tuple[Ints, Ints]:
        """What nobody has written yet of these events."""
        records = batch.records
        offset, row = self.written[records.topic, records.partition]
        at = batch.at[rows]
        offsets, there = records.offsets[at], 0 if records.rows is None else records.rows[at]
        new = (offsets > offset) | ((offsets == offset) & (there >= row))
        return rows[new], ends[new]


def _heads(batch: Batch, rows: Ints) -> tuple[list[Head], Ints]:
    """The heads of some events, and the place of each event's among them, (n,)."""
    present, head = _distinct(batch.head[rows])
    return [batch.heads[i] for i in present.tolist()], head


def _distinct(codes: NDArray[np.integer]) -> tuple[NDArray[np.integer], Ints]:
    """The numbers that there are, sorted, and the place of each among them; none is below 0.

    A batch has few of them, all small, and four times as fast as it is sorted (measured) they are looked up.
    """
    if not len(codes) or int(codes.max()) >= SMALL:
        present, place = np.unique(codes, return_inverse=True)
        return present, place.astype(np.int64)
    there = np.bincount(codes) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]


def _common(batch: Batch, rows: Ints, ends: Ints, heads: Sequence[Head], head: Ints) -> dict[str, Any]:
    records, at = batch.records, batch.at[rows]
    n = len(rows)
    return {
        "model": Texts(tuple(one.name for one in heads), head),
        "end": (ends // 1_000).astype("datetime64[us]"),
        "at": batch.time[rows],
        "key": batch.keys[rows, 0],
        "check": batch.keys[rows, 1],
        "topic": Texts((records.topic,), np.zeros(n, np.int64)),
        "partition": np.full(n, records.partition, np.int64),
        "offset": records.offsets[at],
        "row": np.zeros(n, np.int64) if records.rows is None else records.rows[at],
    }


def _finite(values: Floats) -> Floats:
    """One nan for all that is no number: its bits are nobody's business any more."""
    return np.where(np.isfinite(values), values, np.nan)
