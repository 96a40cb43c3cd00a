"""A Partial of one partition as bytes: columns of what there is, sums as `detectors.packing` packs them.

The sums name their plans, so whoever reads them takes the same coordinates, or none.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np

from detectors.packing import pack as packed
from detectors.packing import unpack as unpacked
from stream.counting.clocks import Mark, Start
from stream.counting.drawn import Drawn
from stream.counting.sample import Sample
from stream.joining import waiting
from stream.partials import DeadLetter, Partial, series_order
from stream.plan import Plan
from stream.roster import Roster
from stream.tiers.chain import Kind, Link

VERSION: Final = 4
MESSAGE_BYTES: Final = 900_000  # below what brokers and their topics allow without being told

Counts = list[tuple[int, str, int]]  # (pane end, model, how many)
Place = tuple[int, int, int, int]
PlanOf = Callable[[str, int, str], Plan | None]


class UnknownPartial(Exception):
    """Bytes that are no Partial of this version."""


class _Wire(msgspec.Struct, frozen=True, array_like=True):
    version: int
    topic: str
    partition: int
    begin: Place
    end: Place
    kind: Kind
    gap: bool
    upto: int
    behind: int
    blocks: list[tuple[int, str, str | None, str, bytes]]  # pane end, model, version, plan, summary
    versions: list[tuple[int, str, list[str]]]
    learning: Counts
    strangers: Counts
    samples: list[tuple[int, str, bytes, tuple[str, ...], tuple[bytes, ...]]]
    late: Counts
    labels: Counts
    rejected: list[tuple[int, str, int]]
    unplaced: dict[str, int]
    unwatched: list[tuple[int, str, dict[str, int]]]
    keyed: Counts
    kept: Counts
    drawn: list[tuple[int, str, str | None, str, tuple[int, int, bytes, bytes]]]  # likewise, a sample
    dead_letters: list[tuple[int, int, int, str, str, bytes]]
    waiting: list[tuple[str, list[Any]]]


def pack(link: Link, roster: Roster, pane: int) -> bytes:
    """The Partial as bytes; equal ones for equal Partials. The roster is that by which it was counted."""
    sums = link.partial

    def plan_id(model: str, end: int) -> str:
        entry = roster.get(model)
        plan = None if entry is None else entry.plan_at(end - pane)
        assert plan is not None, f"{model}: pane {end} was counted without a plan"
        return plan.id

    return msgspec.msgpack.encode(
        _Wire(
            VERSION,
            *link.partition,
            link.begin.place,
            link.end.place,
            link.kind,
            link.gap,
            link.upto,
            link.behind,
            [
                (end, model, version, plan_id(model, end), packed(sums.blocks[end, model, version]))
                for end, model, version in sorted(sums.blocks, key=series_order)
            ],
            [(*pane_, sorted(names)) for pane_, names in sorted(sums.versions.items())],
            _counts(sums.learning),
            _counts(sums.strangers),
            [
                (*pane_, sample.hashes.astype("<i8").tobytes(), sample.versions, sample.payloads)
                for pane_, sample in sorted(sums.samples.items(), key=lambda item: item[0])
            ],
            _counts(sums.late),
            _counts(sums.labels),
            sorted((end, reason, n) for (end, _, _, reason), n in sums.rejected.items()),
            dict(sorted(link.unplaced.items())),
            [(*pane_, dict(sorted(fields.items()))) for pane_, fields in sorted(sums.unwatched.items())],
            _counts(sums.keyed),
            _counts(sums.kept),
            [
                (end, model, version, plan_id(model, end), one.pack())
                for (end, model, version), one in sorted(sums.drawn.items(), key=lambda item: series_order(item[0]))
            ],
            [(one.offset, one.row, one.at, one.reason, one.detail, one.payload) for one in sums.dead_letters],
            waiting.pack(sums.waiting),
        )
    )


def messages(link: Link, roster: Roster, pane: int) -> list[bytes]:
    """The Partial as messages of about MESSAGE_BYTES at most, for one transaction.

    All but the last end where they begin: so the chain goes on only with the whole.
    """
    value = pack(link, roster, pane)
    parted = link.partial.halves() if len(value) > MESSAGE_BYTES else None
    if parted is None:
        return [value]
    half, rest = parted
    before = Link(link.partition, link.begin, link.begin, half)
    return messages(before, roster, pane) + messages(replace(link, partial=rest), roster, pane)


def unpack(value: bytes, plan_of: PlanOf) -> Link:
    """The Partial that `pack` made bytes of. UnknownPartial where that cannot be.

    `plan_of` gives the plan of a model, a pane's end and an id; sums of which it knows none are left out: their pane is
    closed.
    """
    wire = _decoded(value)
    source = wire.topic, wire.partition
    blocks = {}
    for end, model, version, plan_id, body in wire.blocks:
        plan = plan_of(model, end, plan_id)
        if plan is not None:
            blocks[end, model, version] = unpacked(plan.grid, body)
    drawn = {}
    for end, model, version, plan_id, rows in wire.drawn:
        plan = plan_of(model, end, plan_id)
        if plan is not None:
            drawn[end, model, version] = _drawn(rows, len(plan.grid.numeric))
    sums = Partial(
        blocks,
        {(end, model): frozenset(names) for end, model, names in wire.versions},
        _counted(wire.learning),
        _counted(wire.strangers),
        {
            (end, model): Sample(np.frombuffer(hashes, "<i8").astype(np.int64), versions, payloads)
            for end, model, hashes, versions, payloads in wire.samples
        },
        _counted(wire.late),
        _counted(wire.labels),
        {(end, *source, reason): n for end, reason, n in wire.rejected},
        {(end, model): Counter(fields) for end, model, fields in wire.unwatched},
        tuple(DeadLetter(wire.topic, wire.partition, *letter) for letter in wire.dead_letters),
        _waiting(wire.waiting),
        _counted(wire.keyed),
        _counted(wire.kept),
        drawn,
    )
    marks = Mark(*wire.begin), Mark(*wire.end)
    return Link(source, *marks, sums, wire.unplaced, wire.kind, wire.gap, wire.upto, wire.behind)


def end_of(value: bytes) -> tuple[Start, bool]:
    """Where a Partial ends, and whether a loss lies open there: what a worker goes on from."""
    wire = _decoded(value)
    mark = Mark(*wire.end)
    return Start(mark, mark.position), wire.gap


def _decoded(value: bytes) -> _Wire:
    try:
        wire = msgspec.msgpack.decode(value, type=_Wire)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnknownPartial(f"no partial of version {VERSION}: {error}") from error
    if wire.version != VERSION:
        raise UnknownPartial(f"a partial of version {wire.version}, where {VERSION} is known: update the older side")
    return wire


def _waiting(packed: list[tuple[str, list[Any]]]) -> tuple[waiting.Waiting, ...]:
    try:
        return waiting.unpack(packed)
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownPartial(f"no partial of version {VERSION}: what waits for labels: {error!r}") from error


def _drawn(packed: tuple[int, int, bytes, bytes], columns: int) -> Drawn:
    try:
        return Drawn.unpack(packed, columns)
    except ValueError as error:
        raise UnknownPartial(f"no partial of version {VERSION}: a sample: {error}") from error


def _counts(counter: Mapping[tuple[int, str], int]) -> Counts:
    return sorted((end, model, n) for (end, model), n in counter.items())


def _counted(counts: Counts) -> dict[tuple[int, str], int]:
    return {(end, model): n for end, model, n in counts}
