"""The laws of Arrow records: each row is the event that it would be as JSON, and no bytes raise."""

import json
import random
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from stream.encodings.arrow.columns import column
from stream.encodings.arrow.differing import distinct
from stream.encodings.arrow.fields import Fields
from stream.encodings.arrow.reading import BYTES_MAX, NOT_INSTALLED, ROWS_MAX, Refused, read
from stream.encodings.packed import unpacked
from stream.events import KINDS, Arrow, Batch
from tests.stream.encodings import oracle, tables
from tests.stream.encodings.oracle import World
from tests.stream.encodings.worlds import LISTS, MANY_WORDS, WORLD, WORLDS, decoder, outcomes, records, valid, written

SEEDS = 40
N_MUTATED = 800


def decoded(world: World, values: list[bytes | None]) -> Batch:
    """Records of any encoding as a batch."""
    return decoder(world).decode(unpacked(records(values)))


def refusal(value: bytes) -> tuple[str, str]:
    """Why a record cannot be read."""
    found = read(Arrow(value))
    assert isinstance(found, Refused)
    return found.reason, found.detail


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_a_row_is_the_event_that_it_is_as_json(world: World) -> None:
    """Whatever the types of its columns: times, heads, values, texts, segments and reasons, bit for bit."""
    for seed in range(SEEDS):
        table, events = tables.events(seed, 12)
        expected = [oracle.decode(world, value) for value in events]
        assert expected == outcomes(decoded(world, [tables.stream(table, seed % 5 + 1)])), (seed, table.schema)


def test_what_a_row_says_is_the_same_event() -> None:
    """As JSON, which samples and dead letters keep."""
    for seed in range(SEEDS):
        batch = decoded(WORLD, [tables.stream(tables.events(seed, 12)[0])])
        payloads = [batch.records.payload(i) for i in range(12)]
        assert outcomes(batch) == [oracle.decode(WORLD, payload) for payload in payloads], seed


def test_encodings_and_schemas_may_be_mixed() -> None:
    """In one batch, each record where it was, cut anywhere: the events are those of the records by themselves."""
    ours, values = decoder(MANY_WORDS), list[bytes | None]()
    for seed in range(30):
        values += [tables.stream(tables.events(seed % 7, seed % 4 + 1)[0]), *valid(seed % 3), None, Arrow(b"?")]
    alone = [outcome for value in values for outcome in outcomes(ours.decode(unpacked(records([value]))))]
    whole = ours.decode(unpacked(records(values)))
    assert alone == outcomes(whole)
    for row in range(0, len(alone) + 1, 5):
        before, after = whole.split(row)
        assert alone == outcomes(before) + outcomes(after)
        assert alone[row:] == outcomes(ours.decode(after.records)), "a schema that has changed meanwhile"
        if row < len(alone):
            assert whole.records.place(row) == (before.records.position, before.records.row)


def test_any_bytes_are_rows_or_a_refusal() -> None:
    """Of streams with a few bytes that are others, none raises, and what is read is decoded."""
    dice = random.Random(1)
    whole = [bytes(tables.stream(tables.events(seed, 6)[0], seed % 3 + 1)) for seed in range(20)]
    ours, n_read = decoder(WORLD), 0
    for value in [*(mutated(dice, whole) for _ in range(N_MUTATED)), b"", b"\xff" * 4, b"\xff" * 8, b"ARROW1\0\0"]:
        batch = ours.decode(unpacked(records([Arrow(value)])))
        outcomes(batch)
        assert all(json.loads(batch.records.outline(i)) is not None for i in range(len(batch.records.values))[:1])
        n_read += len(batch.records.values) > 1
    assert n_read > N_MUTATED / 20


def mutated(dice: random.Random, whole: list[bytes]) -> bytes:
    """A stream with one to three places changed."""
    value = bytearray(dice.choice(whole))
    for _ in range(dice.choice((1, 1, 2, 3))):
        i = dice.randrange(len(value) - 64)
        match dice.randrange(4):
            case 0:
                value[i] = dice.randrange(256)
            case 1:
                value[i : i + 8] = dice.choice((0, 1, -1, 2**31, 2**40, 2**62)).to_bytes(8, "little", signed=True)
            case 2:
                value[i : i + 64] = dice.choice(whole)[i : i + 64]
            case _:
                del value[i : i + dice.randrange(1, 64)]
    return bytes(value)


def test_what_a_record_may_hold_is_bounded() -> None:
    """Bytes, rows, and rows that take no bytes; the bound itself is read."""
    most = tables.stream(pa.table({"time": pa.array(range(ROWS_MAX), pa.int64())}))
    assert ROWS_MAX == len(read(most))
    more = tables.stream(pa.table({"time": pa.array(range(ROWS_MAX + 1), pa.int64())}), 1_000)
    assert ("oversized", "16,385 rows, an Arrow stream has at most 16,384") == refusal(more)
    long = tables.stream(pa.table({"time": ["x" * BYTES_MAX]}))
    assert ("oversized", f"{len(long):,} bytes, the limit of an Arrow stream is 4,194,304") == refusal(long)
    empty = tables.stream(pa.table({"time": pa.nulls(ROWS_MAX)}))
    assert ("undecodable", "no Arrow IPC stream: more values than bytes") == refusal(empty)


def test_texts_that_share_their_bytes_are_bounded() -> None:
    """A view of a text takes 16 bytes, however long the text is."""
    long = pa.array(["x" * 10_000], pa.string_view())
    views = pa.StringViewArray.from_buffers(
        pa.string_view(), 1_000, [None, pa.py_buffer(long.buffers()[1].to_pybytes() * 1_000), long.buffers()[2]]
    )
    assert "oversized" == refusal(tables.stream(pa.table({"time": views})))[0]


def test_compressed_streams_are_refused() -> None:
    """A megabyte may become gigabytes; Kafka compresses, too, and within limits."""
    sink = pa.BufferOutputStream()
    table = pa.table({"time": list(range(1_000)), "kind": pa.array(["prediction"] * 1_000).dictionary_encode()})
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    assert "its buffers are compressed" in refusal(sink.getvalue().to_pybytes())[1]


def test_an_event_that_would_be_too_long_as_json_is_too_long() -> None:
    """Samples keep events, so the limit of one is that of `limits.event_bytes`, however many a record has."""
    rows = [{"kind": "prediction", "model": "fraud", "time": 1, "status": "x" * n} for n in (1, 65_400, 70_000)]
    batch = decoded(WORLD, [tables.stream(pa.Table.from_pylist(rows))])
    assert (2, "oversized") == (batch.rejects[0].row, batch.rejects[0].reason)
    assert [0, 1] == batch.at.tolist()
    as_json = decoded(WORLD, [written(status="x" * 70_000)])
    assert "the limit is 65,536 (limits.event_bytes)" in batch.rejects[0].detail
    assert "the limit is 65,536 (limits.event_bytes)" in as_json.rejects[0].detail


def test_no_event_is_longer_than_it_may_be_by_its_columns() -> None:
    """What is reckoned from whole columns, lists and structs too, is enough for every row."""
    for seed in range(SEEDS):
        fields = Fields(tables.events(seed, 12)[0])
        assert fields.longest(fields.layout()) >= max(len(fields.payload(row)) for row in range(12)), seed
    rows = [{"kind": "prediction", "model": "new", "time": 1, "prediction": ["x" * 100] * n} for n in (1, 600, 700)]
    batch = decoded(LISTS, [tables.stream(pa.Table.from_pylist(rows))])
    assert [(2, "oversized")] == [(reject.row, reject.reason) for reject in batch.rejects]


def test_without_the_library_a_record_is_refused_with_its_name() -> None:
    """The service reads on; the dead letter says what to install."""
    program = """
import sys
sys.modules["pyarrow"] = None
from stream.encodings.arrow.fields import Fields
from stream.encodings.arrow.reading import read
from stream.events import Arrow
print(read(Arrow(b"anything")).detail)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert NOT_INSTALLED == done.stdout.strip()


@pytest.mark.parametrize(("indices", "n"), [(pa.int8(), 127), (pa.int8(), 128), (pa.uint8(), 256)])
def test_nothing_is_missing_from_a_dictionary_that_fills_its_indices(indices: pa.DataType, n: int) -> None:
    """A null has no index of its own; a categorical of pandas with 128 words uses all of one byte."""
    words = [f"w{i}" for i in range(n)]
    read = column(pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array([0, None, n - 1], indices), words)]))
    assert read.missing is not None
    assert [False, True, False] == read.missing.tolist()
    assert [words[0], words[-1]] == [read.words[i] for i in read.values[[0, 2]]]


def test_heads_are_told_apart_however_narrow_their_dictionaries_are() -> None:
    """Codes of one byte each, as pandas has them; how many heads there may be is their product."""
    heads = [(KINDS[i % 3], f"m{i}", f"v{i * 7 % 100}") for i in range(100)]
    columns = {name: _of_bytes([head[at] for head in heads]) for at, name in enumerate(("kind", "model", "version"))}
    batch = decoded(WORLD, [tables.stream(pa.table({**columns, "time": range(100), "id": range(100)}))])
    assert heads == [(KINDS[head.kind], head.name, head.version) for head in map(batch.heads.__getitem__, batch.head)]


def _of_bytes(words: list[str]) -> pa.DictionaryArray:
    """Words as a dictionary whose codes take one byte."""
    return pa.array(words).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))


@pytest.mark.parametrize("kind", [f"{sign}{width}" for sign in "iu" for width in (1, 2, 4, 8)])
def test_different_integers_are_those_that_sorting_finds(kind: str) -> None:
    """Of every width, at both ends of their type, however close together they lie."""
    least, greatest = np.iinfo(kind).min, np.iinfo(kind).max
    rng = np.random.default_rng(5)
    for low, high in ((least, least + 99), (greatest - 99, greatest), (least, greatest), (7, 7)):
        for n in (0, 1, 50, 400):
            values = rng.integers(low, high, n, kind, endpoint=True)
            for expected, found in zip(np.unique(values, return_inverse=True), distinct(values), strict=True):
                np.testing.assert_array_equal(expected, found, strict=True)


def test_a_timestamp_is_an_id_as_the_text_that_it_is_as_json() -> None:
    """Of predictions and of labels: the same key as the text has."""
    stored = pa.array([1_795_194_000_123, 1_795_194_000_124, None], pa.int64()).cast(pa.timestamp("ms", "UTC"))
    texts = ["2026-11-20T17:00:00.123Z", "2026-11-20T17:00:00.124Z", None]
    header = {"kind": ["prediction", "label", "label"], "model": ["fraud"] * 3, "time": [1_795_194_000_123] * 3}
    found = decoded(WORLD, [tables.stream(pa.table({**header, "id": stored}))])
    named = decoded(WORLD, [tables.stream(pa.table({**header, "id": pa.array(texts)}))])
    assert ["missing_field"] == [reject.reason for reject in found.rejects]
    assert named.keys.tolist() == found.keys.tolist()
    assert 2 == len({tuple(key) for key in found.keys.tolist()})
