"""Segments of a window side by side, once it has enough labels: which of them the model serves worst.

Each is compared with the rest of its own window, so a fall of all of them is no finding here.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from detectors.weakest import ErrorGaps, weakest
from stream.config.settings import Model
from stream.monitor.acting.findings import Finding
from stream.monitor.labels.called import Key
from stream.monitor.performance.gathered import Gathered
from stream.monitor.performance.standards import level

WEAKEST: Final = "weakest"
SEGMENTS_TOLD: Final = 10  # of a window, the worst: who repairs ten asks again


def weakest_of(key: Key, model: Model, found: Gathered) -> Iterator[Finding]:
    """The segments that are surely worse than the rest of their window by more than is tolerated, the worst first.

    By the first share that is judged of such answers: wrong ones, or errors as large as a fifth of the window's are.
    """
    answers, rows = found.shape.answers, np.flatnonzero(found.n[1:]) + 1
    if answers is None or found.cells is None or not len(rows):
        return
    metric, rows = answers.shares[0], np.concatenate(([0], rows))
    judged = answers.judged(found.cells.take(rows), found.cells.take(np.zeros(len(rows), np.int64)))[metric]
    bad, n = (column.astype(np.int64) for column in judged.now)
    model_name, version, length, end = key
    gaps = ErrorGaps.of(bad[1:], n[1:], int(bad[0]), int(n[0]))
    told = weakest(gaps, int(n[0]), level(model, length, 1), model.tolerate)
    for i, share in zip(told.segments[:SEGMENTS_TOLD].tolist(), told.shares.tolist(), strict=False):
        name, size = found.shape.names[rows[1 + i]], int(gaps.sizes[i])
        mine, rest = int(gaps.errors[i]) / size, int(gaps.errors_rest[i]) / int(gaps.sizes_rest[i])
        most = rest + model.tolerate
        if judged.good:
            mine, rest, most = 1 - mine, 1 - rest, 1 - most
        words = f"{metric} is {mine:.3g} in {name}, {share:.1%} of {int(n[0]):,} labels; in the rest it is {rest:.3g}"
        about = (model_name, version, name, f"performance:{metric}", length, end - length, end, WEAKEST)
        yield Finding(*about, mine, most, size, (), words)
