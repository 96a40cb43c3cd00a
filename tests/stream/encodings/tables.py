"""Events as tables of any storage, each beside the same events as JSON documents."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from stream.events import KINDS, Arrow

WORDS = ("FR", "DE", "7", "1", "ok", "inf", "paris", "caf\u00e9", "", 'a"b\\', "\x01", "\U0001f600")
BEGIN_MS = 1_795_194_000_000
ODD_TIMES = ("2026-11-20", "yesterday", "2026-11-20t17:00:00z", "2026-11-20 18:30:00.123456789+01:30", "")
TEXTS = (pa.string(), pa.large_string(), pa.string_view())
SIGNED = (pa.int8(), pa.int16(), pa.int32(), pa.int64())
UNSIGNED = (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())


@dataclass(frozen=True)
class Stored:
    """A column, and its values as in JSON."""

    array: pa.Array
    values: list[Any]


Maker = Callable[[random.Random, int], Stored]


def texts(words: Sequence[str]) -> Maker:
    """Texts of these, stored in one of the ways in which texts are."""

    def make(dice: random.Random, n: int) -> Stored:
        values = [dice.choice((*words, None)) if dice.random() < 0.2 else dice.choice(words) for _ in range(n)]
        array = pa.array(values, dice.choice(TEXTS))
        return Stored(array.dictionary_encode() if dice.random() < 0.5 else array, values)

    return make


def integers(dice: random.Random, n: int) -> Stored:
    """Integers of any width, also beyond 2^53."""
    kind = dice.choice((*SIGNED, *UNSIGNED))
    bits, low = kind.bit_width - (kind in SIGNED), 0 if kind in UNSIGNED else -3
    values = [dice.choice((None, 0, 1, 7, low, 2**bits - 1, dice.randrange(2**bits))) for _ in range(n)]
    return Stored(_perhaps_encoded(dice, pa.array(values, kind)), values)


def reals(dice: random.Random, n: int) -> Stored:
    """Floats of any width, also without a value and not finite."""
    kind = dice.choice((np.float16, np.float32, np.float64))
    odd = (None, float("nan"), float("inf"), float("-inf"), 0.5, 7.0, -0.0)
    values = [dice.choice(odd) if dice.random() < 0.4 else float(kind(dice.gauss(0, 99))) for _ in range(n)]
    mask = np.array([value is None for value in values])
    array = pa.array(np.array([0.0 if value is None else value for value in values], kind), mask=mask)
    return Stored(_perhaps_encoded(dice, array) if kind is np.float64 else array, values)


def decimals(dice: random.Random, n: int) -> Stored:
    """Decimal numbers, which are reals."""
    values = [dice.choice((None, 0.5, 7.0, -12.25)) for _ in range(n)]
    return Stored(pa.array([None if v is None else Decimal(v) for v in values], pa.decimal128(12, 4)), values)


def truths(dice: random.Random, n: int) -> Stored:
    """True, false, or neither."""
    values = [dice.choice((True, False, None)) for _ in range(n)]
    return Stored(pa.array(values, pa.bool_()), values)


def nothing(dice: random.Random, n: int) -> Stored:
    """A column of nulls without a type."""
    del dice
    return Stored(pa.nulls(n), [None] * n)


def others(dice: random.Random, n: int) -> Stored:
    """What JSON has no value for, or an array or object."""
    kind, value, as_json = dice.choice(
        (
            (pa.binary(), b"FR", []),
            (pa.date32(), 3, []),
            (pa.time64("us"), 3, []),
            (pa.duration("s"), 3, []),
            (pa.list_(pa.int64()), [1, 2], [1, 2]),
            (pa.list_(pa.float32(), 2), [1, 2], [1, 2]),
            (pa.list_(pa.bool_()), [True], []),
            (pa.map_(pa.string(), pa.int64()), [("a", 1)], {"a": 1}),
            (pa.struct([("a", pa.int64())]), {"a": 1}, {"a": 1}),
            (pa.dictionary(pa.int8(), pa.binary()), b"x", []),
        )
    )
    there = [dice.random() < 0.7 for _ in range(n)]
    return Stored(
        pa.array([value if each else None for each in there], kind), [as_json if each else None for each in there]
    )


def scored(dice: random.Random, n: int) -> Stored:
    """Objects: structs and maps of numbers, perhaps of texts."""
    names = dice.sample(("FR", "1", "DE", "caf\u00e9", "other"), 3)
    inner = [dice.choice((reals, integers, texts(WORDS)))(dice, n) for _ in names]
    if dice.random() < 0.5:
        mask = pa.array([dice.random() < 0.2 for _ in range(n)])
        values = [
            None if gone else {name: each.values[i] for name, each in zip(names, inner, strict=True)}
            for i, gone in enumerate(mask.to_pylist())
        ]
        return Stored(pa.StructArray.from_arrays([each.array for each in inner], names, mask=mask), values)
    values = [
        dice.choice((None, {name: dice.choice((0.25, None, float("nan"), 3.0)) for name in names[: dice.randrange(4)]}))
        for _ in range(n)
    ]
    kind = pa.map_(dice.choice((pa.string(), pa.large_string())), dice.choice((pa.float64(), pa.float32())))
    return Stored(pa.array([None if each is None else list(each.items()) for each in values], kind), values)


def arrays_of(dice: random.Random, n: int) -> Stored:
    """Arrays of texts or numbers."""
    kind, some = dice.choice(
        ((pa.string(), WORDS), (pa.large_string(), WORDS), (pa.int16(), (7, 1, -3)), (pa.float32(), (0.5, 7.0)))
    )
    values = [dice.choice((None, [dice.choice((*some, None)) for _ in range(dice.randrange(4))])) for _ in range(n)]
    return Stored(pa.array(values, dice.choice((pa.list_(kind), pa.large_list(kind)))), values)


def moments(dice: random.Random, n: int) -> Stored:
    """Timestamps of any unit, with and without a zone, perhaps before 1970 or after 2261."""
    unit = dice.choice(("s", "ms", "us", "ns"))
    zone = dice.choice((None, "UTC", "+01:30", "Europe/Paris"))
    per_s = 10 ** (3 * ("s", "ms", "us", "ns").index(unit))
    stored, values = [], list[Any]()
    for i in range(n):
        at = BEGIN_MS // 1000 * per_s + dice.randrange(100 * per_s) + i
        odd = dice.random()
        at = None if odd < 0.1 else -1 if odd < 0.15 else 9_223_372_036 * per_s if odd < 0.2 else at
        stored.append(at)
        values.append(None if at is None else rfc3339(at, per_s))
    array = pa.array(stored, pa.int64()).cast(pa.timestamp(unit, zone))
    return Stored(_perhaps_encoded(dice, array), values)


def rfc3339(at: int, per_s: int) -> str:
    """A moment as a publisher writes it in JSON."""
    seconds, rest = divmod(at, per_s)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    fraction = f".{per_s + rest}".replace(".1", ".", 1) if per_s > 1 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _perhaps_encoded(dice: random.Random, array: pa.Array) -> pa.Array:
    return array.dictionary_encode() if dice.random() < 0.2 else array


def times(dice: random.Random, n: int) -> Stored:
    """Usable times mostly: texts, milliseconds or timestamps."""
    if dice.random() < 0.4:
        return moments(dice, n)
    ms = [BEGIN_MS + dice.randrange(100_000) for _ in range(n)]
    if dice.random() < 0.5:
        values = [dice.choice((None, -1, 9_214_646_400_000)) if dice.random() < 0.1 else at for at in ms]
        return Stored(pa.array(values, pa.int64()), values)
    written = [rfc3339(at, 1000) for at in ms]
    return (
        Stored(pa.array(written), list[Any](written)) if dice.random() < 0.5 else texts((*written, *ODD_TIMES))(dice, n)
    )


ANY: tuple[Maker, ...] = (texts(WORDS), integers, reals, decimals, truths, nothing, others, moments)
USUAL: dict[str, Maker] = {
    "kind": texts(KINDS),
    "model": texts(("fraud", "churn", "msgspec", "new", "stranger")),
    "version": texts(("1", "2", "x" * 201)),
    "time": times,
    "id": texts(("a", "b")),
}
TOP = ("score", "prediction", "latency_ms", "status", "label", "event")
FEATURES = ("amount", "age", "delay", "country", "device", "n0", "c0", "class", "amount \u00e9", "model", "more")
SEGMENTS = ("site", "tier", "more")
ATTRIBUTED = ("amount", "country", "delay", "n0", 'a"b', "more")


def events(seed: int, n: int) -> tuple[pa.Table, list[bytes]]:
    """A table of n events, most of them usable, and the same as JSON."""
    dice = random.Random(seed)
    columns = {name: (dice.choice(ANY) if dice.random() < 0.06 else make)(dice, n) for name, make in USUAL.items()}
    columns = {name: stored for name, stored in columns.items() if dice.random() < 0.97}
    columns |= {name: dice.choice(ANY)(dice, n) for name in TOP if dice.random() < 0.8}
    if dice.random() < 0.7:
        columns["scores"] = scored(dice, n) if dice.random() < 0.8 else dice.choice(ANY)(dice, n)
    for name in ("prediction", "label"):
        if dice.random() < 0.4:
            columns[name] = dice.choice((scored, arrays_of))(dice, n)
    inner = {name: dice.choice(ANY)(dice, n) for name in FEATURES if dice.random() < 0.8}
    documents = [{name: stored.values[i] for name, stored in columns.items()} for i in range(n)]
    arrays = {name: stored.array for name, stored in columns.items()}
    if dice.random() < 0.3:  # flat: what is no field of an event is a feature
        inner.pop("model", None)
        arrays |= {name: stored.array for name, stored in inner.items()}
        for i, document in enumerate(documents):
            document["features"] = {name: stored.values[i] for name, stored in inner.items()}
    else:
        _nest(dice, "features", inner, arrays, documents)
    if dice.random() < 0.8:
        _nest(dice, "segments", {name: dice.choice(ANY)(dice, n) for name in SEGMENTS}, arrays, documents)
    if dice.random() < 0.7:
        numbers = (reals, reals, integers, decimals, *ANY)
        attributed = {name: dice.choice(numbers)(dice, n) for name in ATTRIBUTED if dice.random() < 0.9}
        _nest(dice, "attributions", attributed, arrays, documents)
    names = sorted(arrays, key=lambda _: dice.random())
    written = [json.dumps(document, ensure_ascii=False).encode() for document in documents]
    return pa.table([arrays[name] for name in names], names), written


def _nest(
    dice: random.Random, name: str, inner: dict[str, Stored], arrays: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    """Put columns into a struct; sometimes there is another type in its place."""
    n = len(documents)
    if dice.random() < 0.1 or not inner:
        stored = dice.choice(ANY)(dice, n)
        arrays[name] = stored.array
        for document, value in zip(documents, stored.values, strict=True):
            document[name] = value
        return
    there = [dice.random() < 0.95 for _ in range(n)]
    mask = pa.array([not each for each in there])
    arrays[name] = pa.StructArray.from_arrays([each.array for each in inner.values()], list(inner), mask=mask)
    for i, document in enumerate(documents):
        document[name] = {key: each.values[i] for key, each in inner.items()} if there[i] else None


def stream(table: pa.Table, rows: int | None = None) -> Arrow:
    """A table as the value of a record, in batches of so many rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, rows)
    return Arrow(sink.getvalue().to_pybytes())


def packed(*events: bytes) -> Arrow:
    """A record of these events."""
    rows = [json.loads(each) for each in events]
    names = dict.fromkeys(name for row in rows for name in row)
    return stream(pa.table({name: [row.get(name) for row in rows] for name in names}))
