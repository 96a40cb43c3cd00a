"""The same events as JSON and as Arrow records, from bytes to Partials, in turns; without clients and closes.

A batch is what a fetch brings of a partition, half a megabyte, of either encoding. Events that no typed column can hold
are left out of both: broken JSON, and texts in the place of numbers.
"""

import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from sinks.memory import MemoryStore
from stream.broker.reader import FETCH_BYTES
from stream.counting.clocks import Limits
from stream.counting.fold import FOLD_ROWS
from stream.counting.ingest import Ingest
from stream.events import Arrow, Records
from stream.journey import Journey
from stream.recovery import recall
from tests.bench.events import BROKEN, Stream
from tests.bench.measured import settings, sources
from tests.bench.report import Figure
from tests.bench.speed import CASES, PANE_S, Case

TOPIC = "t"
ROWS, FEW = 1_000, 100  # of a record
N, REPETITIONS = 30_000, 7
SHARE_MAX = 0.4  # of JSON's time
STAMP_MS = 1_761_955_200_000
UNBOUNDED = Limits(2**62, 2**62)


def ingest(case: Case) -> Ingest:
    """A worker's first half that knows all models."""
    chosen = settings(case.models, case.segments, "none:1", TOPIC, Path("none.duckdb"))
    journey = Journey(chosen, sources(chosen), recall(MemoryStore(), chosen))
    journey.find((TOPIC, 0), 0)
    return journey.ingest


def fetches(values: Sequence[bytes]) -> Iterator[Records]:
    """Records as they are fetched, half a megabyte at a time."""
    first = size = 0
    for i, value in enumerate(values):
        size += len(value)
        if size >= FETCH_BYTES or i + 1 == len(values):
            offsets = np.arange(first, i + 1)
            yield Records(TOPIC, 0, offsets, np.full(len(offsets), STAMP_MS), list(values[first : i + 1]), i + 1)
            first, size = i + 1, 0


def once(case: Case, encoded: Sequence[Sequence[bytes]]) -> list[float]:
    """Microseconds of processor time per event of each encoding, a fetch of each in turn."""
    workers = [(ingest(case), deque(fetches(values))) for values in encoded]
    spent, counted = [0.0] * len(encoded), [0] * len(encoded)
    while any(waiting for _, waiting in workers):
        for i, (ours, waiting) in enumerate(workers):
            if waiting:
                records = waiting.popleft()
                begun = time.thread_time()
                assert ours.receive(ours.decode(records), UNBOUNDED) is None
                due = ours.n_buffered >= FOLD_ROWS or not waiting
                blocks = ours.cut().blocks if due else {}
                spent[i] += time.thread_time() - begun
                counted[i] += sum(int(summary.events()[0]) for summary in blocks.values())
    assert min(counted) == max(counted) > 0.99 * N, "late ones apart, all are summed"
    return [each / N * 1e6 for each in spent]


def packed(events: Sequence[bytes], n: int, *, words: bool) -> list[bytes]:
    """The events as records of n; texts that repeat as dictionaries where `words` says so."""
    rows = [json.loads(event) for event in events]
    names = sorted({name for row in rows for name in row["features"]})
    for row in rows:
        row["time"] = np.datetime64(row["time"].rstrip("Z"), "ms")
        row["features"] = {name: row["features"].get(name) for name in names}
    whole = pa.table({name: [row[name] for row in rows] for name in rows[0]})
    schema = pa.schema([field if field.name == "id" or not words else _worded(field) for field in whole.schema])
    return [_stream(pa.Table.from_pylist(rows[i : i + n], schema)) for i in range(0, len(rows), n)]


def _worded(field: Any) -> Any:  # noqa: ANN401 - a field of pyarrow
    kind = field.type
    if pa.types.is_struct(kind):
        return field.with_type(pa.struct([_worded(kind.field(i)) for i in range(kind.num_fields)]))
    return field.with_type(pa.dictionary(pa.int16(), kind)) if pa.types.is_string(kind) else field


def _stream(table: Any) -> Arrow:  # noqa: ANN401 - of pyarrow
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return Arrow(sink.getvalue().to_pybytes())


def figures(quick: bool) -> Iterator[Figure]:
    """What an event in an Arrow record costs, as a share of what it costs as JSON."""
    for case in CASES:
        stream = Stream(N + 1_000, case.models, case.per_pane / PANE_S)
        every = [event for block in stream.blocks() for event in block]
        events = [event for event in every if event != BROKEN and b'"a text"' not in event][:N]
        encoded = {
            "JSON": events,
            f"{ROWS} per record": packed(events, ROWS, words=True),
            f"{ROWS}, plain texts": packed(events, ROWS, words=False),
            f"{FEW}, plain texts": packed(events, FEW, words=False),
        }
        runs = [once(case, list(encoded.values())) for _ in range(3 if quick else REPETITIONS)]
        print(f"\npacked, {case.name}: {N:,} events, {len(runs)} times, in turns")
        shares = []
        for i, (name, values) in enumerate(encoded.items()):
            shares.append(median(run[i] / run[0] for run in runs))
            cost, size = median(run[i] for run in runs), sum(map(len, values)) / N
            print(f"  {name}: {cost:.2f} us per event, {1 / shares[i]:.2f} times JSON's rate; {size:.0f} bytes")
        yield Figure(f"packed, {case.name}: {ROWS} events per Arrow record / JSON", shares[1], SHARE_MAX, "")
