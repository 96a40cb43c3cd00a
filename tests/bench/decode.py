"""From bytes to columns: `Decoder.decode` beside the bare typed decode whose result is dropped; both without Kafka.

Events as in `tests.bench.events`, of one model, and of fifty models with two segment fields, in batches of BATCH.
"""

from collections.abc import Sequence
from statistics import median
from time import thread_time

import msgspec
import numpy as np

from stream.encodings.decoder import Decoder
from stream.encodings.schema import Shape, vocabulary_ids
from stream.encodings.structs import Types
from stream.events import Records
from tests.bench.bare import decoder as bare
from tests.bench.events import CATEGORICAL, CATEGORIES, COUNTRIES, NUMERIC, SEGMENTS, SITES, Stream

N, BATCH, REPETITIONS = 20_000, 1_000, 7
CASES: dict[str, tuple[int, Sequence[str]]] = {"1 model": (1, ()), "50 models, 2 segment fields": (50, SEGMENTS)}
WORDS = [*CATEGORIES, *SITES, *COUNTRIES, "ok", "error", "0", "1"]


def ours(n_models: int, fields: Sequence[str]) -> Decoder:
    """The service's decoder for these events."""
    shapes = [Shape(f"m{i:02d}", NUMERIC, CATEGORICAL) for i in range(n_models)]
    return Decoder(Types(shapes, fields, identified=False), vocabulary_ids(WORDS), 65_536)


def batches(n_models: int) -> list[Records]:
    """Events as records of one partition."""
    values = [event for block in Stream(N, n_models, 1_000.0).blocks() for event in block]
    at, stamps = np.arange(BATCH), np.full(BATCH, -1)
    return [
        Records("predictions", 0, at + i, stamps, list(values[i : i + BATCH]), i + BATCH) for i in range(0, N, BATCH)
    ]


def once(n_models: int, fields: Sequence[str], read: Sequence[Records]) -> tuple[float, float]:
    """Microseconds per event of the bare decode and of ours, batch by batch in turn."""
    decode, decoder = bare(n_models).decode, ours(n_models, fields)
    theirs_s = ours_s = 0.0
    for batch in read:
        begin = thread_time()
        for value in batch.values:
            try:  # noqa: SIM105 - a context manager per event would slow the yardstick down
                decode(value or b"")
            except msgspec.MsgspecError:
                pass
        between = thread_time()
        decoder.decode(batch)
        theirs_s, ours_s = theirs_s + between - begin, ours_s + thread_time() - between
    return theirs_s / N * 1e6, ours_s / N * 1e6


def main() -> None:
    """Print medians of interleaved repetitions, thread time."""
    read = {name: batches(n_models) for name, (n_models, _) in CASES.items()}
    runs = [{name: once(*case, read[name]) for name, case in CASES.items()} for _ in range(REPETITIONS)]
    for name in CASES:
        theirs, mine, ratio = (
            median(values) for values in zip(*((a, b, b / a) for a, b in (run[name] for run in runs)), strict=True)
        )
        print(f"decode, {name}: bare {theirs:.2f} us per event, decode and columns {mine:.2f}, ratio {ratio:.2f}")
