"""Worlds to decode in, valid events, seeded mutations of them, and batches in a form that can be compared."""

import json
import math
import random
import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.encodings.decoder import Decoder
from stream.encodings.ranked import items
from stream.encodings.schema import Shape, vocabulary_ids
from stream.encodings.several import HASH, probabilities
from stream.encodings.structs import Types
from stream.events import KINDS, Batch, Records
from tests.stream.encodings.oracle import CLASSES, FLOAT_MAX, Event, World

FRAUD = Shape("fraud", ("amount", "age", "delay"), ("country", "device"), ("amount", "country", "delay"))
WORLD = World(
    (
        FRAUD,
        Shape("churn", ("n0",), ("c0", "class", "amount é")),
        Shape("msgspec", ("model",), (), ("n0",)),
        Shape("new"),
    ),
    ("site", "tier"),
    ("FR", "DE", "7", "0.5", "1", "ok", "inf", "9007199254740992", "paris", "nan", "caf\u00e9"),
    identified=True,
)
ALONE = World((FRAUD,), (), ("FR", "1"), identified=False)
NOBODY = World((), (), (), identified=True)
ODD_NAMES = World(
    (Shape('od"d\\', ('a"b', "\x01", "\ue000n0", ""), ("\ud800", "n0"), ('a"b', "n0")), FRAUD),
    ("si\\te",),
    ("FR",),
    identified=True,
)
MANY_WORDS = World((FRAUD,), ("site",), (*(f"w{i}" for i in range(300)), "FR", "paris"), identified=True)
LISTS = replace(WORLD, ranked=("fraud", "new", "stranger"))
WORLDS = {"lists": LISTS, "many": WORLD, "one": ALONE, "none": NOBODY, "odd names": ODD_NAMES, "many words": MANY_WORDS}

EVENT: dict[str, Any] = {
    "id": "9f2c-1",
    "kind": "prediction",
    "model": "fraud",
    "version": "3",
    "time": "2026-11-20T17:00:00.123Z",
    "features": {"amount": 41.5, "age": 30, "delay": None, "country": "FR", "device": "phone"},
    "score": 0.83,
    "prediction": 1,
    "latency_ms": 12.5,
    "status": "ok",
    "segments": {"site": "paris", "tier": 7},
    "attributions": {"amount": -0.25, "country": 0.5, "more": 1},
}
ODD = [
    b"null", b"true", b"false", b"0", b"-0", b"1", b"7", b"0.5", b"-1.5e300", b"1e999", b"-1e999", b"NaN", b"Infinity",
    b"-Infinity", b"9007199254740993", b"18446744073709551616", b"1" * 310, b"1" * 5_000, b"-" + b"9" * 400, b'""',
    b'"FR"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\\u0046R"', b'"\xff\xfe"', b'"caf\xc3\xa9"', b'"a\\"b"',
    b"[]", b"{}", b"[1,2]", b'{"FR":0.1,"1":0.1,"a":0.1}', b'{"FR":null,"1":"0.3"}', b'{"b":-1e300,"FR":2,"c":true}',
    b'{"a":{"b":[]}}', b"[" * 50 + b"]" * 50,
    b"1795194000123", b"-5", b"9214646400000", b'"2026-11-20T17:00:00Z"', b'"2026-11-20 17:00:00.5+01:00"',
    b'"2026-02-30T00:00:00.000Z"', b'"2026-11-20T17:00:00"', b'"' + b"x" * 300 + b'"', b'"prediction"', b'"label"',
    b'"features"', b'"fraud"', b'"churn"', b'"msgspec"', b'"new"', b'"stranger"', b"\xef\xbb\xbf1", b"01",
    b"'a'", b"nul",
]  # fmt: skip
BOMBS = [b"[" * 3_000 + b"]" * 3_000, b"[" * 3_000, b'{"a":' * 700 + b"1" + b"}" * 700, b"[" * 950 + b"]" * 950]
KEYS = [b"id", b"kind", b"model", b"version", b"time", b"features", b"score", b"scores", b"segments", b"x", b"amount",
        b"country", b"label", b"event", b"attributions", b"prediction", b"\\u006dodel", b"m\xff",
        b"\xee\x80\x80n0"]  # fmt: skip
VALUE = re.compile(rb'(?<=:)("[^"]*"|-?[\d.]+|null|\{[^{}]*\})')


def written(**changes: object) -> bytes:
    """The usual event with some fields changed; None leaves one out."""
    fields = {name: value for name, value in {**EVENT, **changes}.items() if value is not None}
    return json.dumps(fields, separators=(",", ":")).encode()


def valid(n: int) -> list[bytes]:
    """Events of several models and kinds, all of them usable."""
    events = []
    for i in range(n):
        model = ("fraud", "churn", "msgspec", "new", "stranger")[i % 5]
        kind = KINDS[i % 7 % 3]
        features = {**EVENT["features"], "amount": i / 4, "n0": i, "c0": "DE", "class": i % 3, "model": -i}
        time = f"2026-11-20T17:{i // 60 % 60:02d}:{i % 60:02d}.123Z" if i % 11 else 1_795_194_000_000 + i
        said = {"label": (1, 0.5, "FR", True)[i % 4], "event": ("correct", "retract", None)[i % 3]}
        about = said if kind == "label" else {"scores": {"FR": 0.5, "DE": i / 99, "x": 0.125}} if i % 2 else {}
        about |= {"attributions": {"amount": i - 9, "delay": None, "n0": -i / 7}} if i % 3 else {}
        about |= {"attributions": None} if i % 10 == 0 else {}
        about |= {"prediction": None} if i % 4 == 1 else {"prediction": ["FR", i, 7]} if i % 8 == 3 else {}
        about |= {"label": ({"a": i, "b": 0.5}, ["FR", 7])[i % 2]} if kind == "label" and i % 9 == 0 else {}
        events.append(written(model=model, kind=kind, features=features, time=time, version=i % 4, id=f"i{i}", **about))
    return events


def mutated(seed: int, n: int, events: Sequence[bytes]) -> list[bytes]:
    """Events with one to three things wrong."""
    dice = random.Random(seed)
    found = []
    for _ in range(n):
        value = dice.choice(events)
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            value = dice.choice(MUTATIONS)(dice, value, events)
        found.append(value)
    return found


def _flip(dice: random.Random, value: bytes, _: Sequence[bytes]) -> bytes:
    i = dice.randrange(len(value) + 1)
    return value[:i] + bytes((dice.randrange(256),)) + value[i + 1 :]


def _truncate(dice: random.Random, value: bytes, _: Sequence[bytes]) -> bytes:
    return value[: dice.randrange(len(value) + 1)]


def _splice(dice: random.Random, value: bytes, events: Sequence[bytes]) -> bytes:
    return value[: dice.randrange(len(value) + 1)] + dice.choice(events)[dice.randrange(100) :]


def _swap(dice: random.Random, value: bytes, _: Sequence[bytes]) -> bytes:
    spans = [match.span() for match in VALUE.finditer(value)]
    if not spans:
        return value
    i, j = dice.choice(spans)
    return value[:i] + dice.choice(ODD if dice.random() < 0.99 else BOMBS) + value[j:]


def _repeat(dice: random.Random, value: bytes, _: Sequence[bytes]) -> bytes:
    """One key more, in front or behind, of the event or of its features."""
    member = b'"' + dice.choice(KEYS) + b'":' + dice.choice(ODD)
    if dice.random() < 0.5:
        i = value.find(b"{", dice.choice((0, 1))) + 1
        return value[:i] + member + b"," + value[i:]
    return value[:-1] + b"," + member + b"}"


def _cut(dice: random.Random, value: bytes, _: Sequence[bytes]) -> bytes:
    i = dice.randrange(len(value) + 1)
    return value[:i] + value[i + dice.randrange(1, 30) :]


MUTATIONS = (_flip, _truncate, _splice, _swap, _swap, _swap, _repeat, _repeat, _cut)


def decoder(world: World) -> Decoder:
    """A decoder for a world."""
    ranking = tuple((name, True) for name in world.ranked)
    types = Types(world.shapes, world.segments, identified=world.identified, ranking=ranking)
    return Decoder(types, vocabulary_ids(world.vocabulary), world.bytes_max)


def records(values: Sequence[bytes | None]) -> Records:
    """Values as records, every third offset."""
    offsets = 100 + 3 * np.arange(len(values), dtype=np.int64)
    return Records("predictions", 0, offsets, np.full(len(values), -1, np.int64), list(values), 100 + 3 * len(values))


def rows(batch: Batch) -> list[Event]:
    """The events of a batch, one by one."""
    columns = (batch.time, batch.head, batch.values.view(np.uint64), batch.texts, batch.segments)
    heads = [(head.model, head.name, KINDS[head.kind], head.version) for head in batch.heads]
    keys = [key.tobytes() for key in batch.keys] or [b""] * len(batch.at)
    answers = [_kept(answer) for answer in batch.answers.tolist()] or [None] * len(batch.at)
    return [
        Event(time, heads[head], tuple(values), tuple(texts), tuple(segments), key, answer)
        for (time, head, values, texts, segments), key, answer in zip(
            zip(*(column.tolist() for column in columns), strict=True), keys, answers, strict=True
        )
    ]


def _kept(answer: Any) -> Any:  # noqa: ANN401 - what a label says, or any JSON
    """What is kept of several values; a nan that says why is one that does not."""
    if answer is None or isinstance(answer, tuple):
        return answer
    found = np.frombuffer(probabilities(CLASSES)(answer)[HASH:], "<f4").astype(np.float64)
    plain = b"".join(struct.pack("<f", value + 0.0 if abs(value) < FLOAT_MAX else math.nan) for value in found.tolist())
    return plain, items(answer)


def select(batch: Batch, chosen: NDArray[np.bool_]) -> Batch:
    """Only some events of a batch."""
    names = ("at", "time", "head", "values", "texts", "segments")
    names += ("keys", "answers") if len(batch.keys) else ()
    return replace(batch, **{name: getattr(batch, name)[chosen] for name in names})


def outcomes(batch: Batch) -> list[Event | str]:
    """What became of each record, in order: an event, or the reason of its reject; exactly one of both."""
    found: dict[int, Event | str] = {reject.row: reject.reason for reject in batch.rejects}
    assert len(found) == len(batch.rejects)
    for at, event in zip(batch.at.tolist(), rows(batch), strict=True):
        assert at not in found
        found[at] = event
    assert list(range(len(batch.records.values))) == sorted(found)
    return [found[i] for i in range(len(found))]
