"""Records of many events become rows: what follows sees a row as it sees a record of one event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat

import numpy as np

from stream.encodings.arrow.reading import Refused, Table, read
from stream.events import Arrow, Ints, Records


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbours among records that are rows of one record: `n` of them from its row `row` on, the first at `at`."""

    value: Table | Refused
    at: int
    row: int
    n: int


def unpacked(records: Records) -> Records:
    """The same, each record of many events as often as it has rows; one that cannot be read is there once."""
    if Arrow not in set(map(type, records.values)):
        return records
    values = [read(value) if isinstance(value, Arrow) else value for value in records.values]
    n_rows = [1 if value is None or isinstance(value, bytes) else len(value) for value in values]
    return Records(
        records.topic,
        records.partition,
        np.repeat(records.offsets, n_rows),
        np.repeat(records.timestamps_ms, n_rows),
        list(chain.from_iterable(map(repeat, values, n_rows))),
        records.position,
        records.row,
        ranges(np.zeros(len(n_rows), np.int64), n_rows),
    )


def runs(records: Records) -> Iterator[Run]:
    """The packed ones among unpacked records, record by record."""
    if records.rows is None:
        return
    starts = np.flatnonzero(np.diff(records.offsets, prepend=-1)).tolist()
    for at, end in pairwise((*starts, len(records.values))):
        value = records.values[at]
        if isinstance(value, Table | Refused):
            yield Run(value, at, records.place(at)[1], end - at)


def ranges(starts: Ints, lengths: Sequence[int]) -> Ints:
    """Ranges of these lengths one after the other, from their starts on."""
    ends = np.cumsum(lengths)
    within: Ints = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return within + np.repeat(starts, lengths)
