"""From bytes to columns: `Decoder.decode` beside the bare typed decode whose result is dropped.

`python -m tests.bench.decode`: events of about 600 bytes with 20 numeric and 4 categorical features, of one model, and
of 50 models with 2 segment fields, in batches of 500. The bare decode is fixed here: a tagged union of Structs.
"""

import json
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import thread_time
from typing import Any, Literal, Union

import msgspec
import numpy as np
from msgspec import defstruct

from stream.encodings.json import CHUNK, Decoder
from stream.encodings.schema import Shape, vocabulary_ids
from stream.encodings.structs import Types
from stream.events import Records

NUMERIC = tuple(f"feat_{i:02d}" for i in range(20))
CATEGORICAL = tuple(f"cat_{i}" for i in range(4))
CATEGORIES = [f"cat{i}" for i in range(10)]
SEGMENTS = {"site": ["paris", "lyon", "lille", "nice", "brest"], "country": ["FR", "DE", "ES", "IT", "GB", "US"]}
N, BATCH, REPETITIONS = 20_000, 500, 7
START_MS = 1_795_194_000_000


def payloads(n_models: int, fields: Sequence[str], n: int = N) -> list[bytes]:
    """Events of models in turn, times a few milliseconds apart."""
    generator = np.random.default_rng(1)
    numbers = generator.normal(100, 15, (n, len(NUMERIC))).round(6).tolist()
    categories = generator.choice(CATEGORIES, (n, len(CATEGORICAL))).tolist()
    times = np.datetime_as_string((START_MS + 7 * np.arange(n)).astype("datetime64[ms]"), timezone="UTC").tolist()
    return [
        json.dumps(
            {
                "id": f"{i:08x}-1",
                "kind": "prediction",
                "model": f"m{i % n_models:02d}",
                "version": "3",
                "time": times[i],
                "features": dict(zip((*NUMERIC, *CATEGORICAL), (*numbers[i], *categories[i]), strict=True)),
                "score": i % 1000 / 1000,
                "prediction": i % 2,
                "latency_ms": 12.5,
                "status": "ok",
                "segments": {field: SEGMENTS[field][i % len(SEGMENTS[field])] for field in fields},
            },
            separators=(",", ":"),
        ).encode()
        for i in range(n)
    ]


def bare(n_models: int) -> Callable[[bytes], Any]:
    """The yardstick: one typed decode per event, as little as a service with a schema can do."""
    segments = defstruct("Segments", [(name, str | None, None) for name in SEGMENTS], gc=False, frozen=True)
    nan = float("nan")
    numeric, categorical = (
        [(name, float | None, nan) for name in NUMERIC],
        [(name, str | None, None) for name in CATEGORICAL],
    )
    fields = [
        ("kind", Literal["prediction", "label", "features"]),
        ("version", str),
        ("time", str | int),
        ("features", defstruct("Features", numeric + categorical, gc=False)),
        ("score", float | None, nan),
        ("prediction", Any, None),
        ("latency_ms", float | None, nan),
        ("status", str, "ok"),
        ("segments", segments, segments()),
    ]
    types = [defstruct("Event", fields, gc=False, tag_field="model", tag=f"m{i:02d}") for i in range(n_models)]
    return msgspec.json.Decoder(Union[(*types,)]).decode


def decoder(n_models: int, fields: Sequence[str]) -> Decoder:
    """Ours, for the same events."""
    shapes = [Shape(f"m{i:02d}", NUMERIC, CATEGORICAL) for i in range(n_models)]
    words = [*CATEGORIES, "ok", "0", "1", *(value for field in fields for value in SEGMENTS[field])]
    return Decoder(Types(shapes, fields, identified=True), vocabulary_ids(words), 65_536)


def records(values: list[bytes | None]) -> Records:
    """Values as records of one partition."""
    at = np.arange(len(values))
    return Records("predictions", 0, at, np.full(len(values), -1), values, len(values))


def stages(n_models: int, fields: Sequence[str], values: list[bytes]) -> dict[str, float]:
    """Microseconds per event of each stage, once."""
    ours, loop = decoder(n_models, fields), bare(n_models)
    batches = [records(list(values[i : i + BATCH])) for i in range(0, len(values), BATCH)]
    ours.decode(batches[0])
    spent = dict.fromkeys(("bare decode, dropped", "decode, objects kept", "decode and columns"), 0.0)

    def drop(batch: Records) -> None:
        for value in batch.values:
            loop(value or b"")

    def keep(batch: Records) -> None:
        for i in range(0, BATCH, CHUNK):
            ours._events(batch.values[i : i + CHUNK], i, [])

    for batch in batches:
        for stage, run in zip(spent, (drop, keep, ours.decode), strict=True):
            begin = thread_time()
            run(batch)
            spent[stage] += thread_time() - begin
    return {stage: seconds / len(values) * 1e6 for stage, seconds in spent.items()}


def main() -> int:
    """Print medians of interleaved repetitions, thread CPU time."""
    cases: dict[str, tuple[int, Sequence[str]]] = {
        "1 model": (1, ()),
        "50 models, 2 segment fields": (50, tuple(SEGMENTS)),
    }
    values = {name: payloads(*case) for name, case in cases.items()}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    for _ in range(REPETITIONS):
        for name, case in cases.items():
            found[name].append(stages(*case, values[name]))
    for name, runs in found.items():
        print(f"{name}, {len(values[name][0])} bytes per event; medians of {REPETITIONS}, us per event")
        for stage in runs[0]:
            print(f"  {stage:26s} {median(run[stage] for run in runs):6.2f}")
        ratio = median(run["decode and columns"] / run["bare decode, dropped"] for run in runs)
        print(f"  {'decode and columns / bare':26s} {ratio:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
