"""Which windows could be called changed at all: a cheap look at each set and score, so that few need to be judged.

Angles of shares (Freeman and Tukey 1950) come from a table. They are right to a sixth or so, so SLACK is left; that
nothing is overlooked is tested in tests/honesty/test_incidents.py.
"""

import numpy as np
from scipy.special import ndtri, stdtrit

from detectors.verdict import Spread
from detectors.verdict.few import MANY
from detectors.verdict.scores import NAMES, scores
from detectors.verdict.sets import DISTINCT, Sets

SLACK, ALIKE = 0.85, 0.75  # of the standard errors that an alarm needs; where values come together


def suspects(expected: np.ndarray, observed: np.ndarray, on_line: int, level: float, spread: Spread) -> np.ndarray:
    """(windows, features): of counts (features, cells) and (windows, features, cells), all windows of one size."""
    features, cells = expected.shape
    m, n = expected.sum(axis=1)[:, None], int(observed[0, 0].sum())
    sets = Sets.of(np.full(features, on_line), np.full(features, cells))
    begin, end = sets.begin[0], sets.end[0]
    slack = ALIKE if (spread.inflation > 1).any() else SLACK
    inflation = spread.inflation.reshape(features, -1)
    running = np.zeros((*observed.shape[:2], cells + 1), np.int32)
    np.cumsum(observed, axis=2, out=running[:, :, 1:])
    angles = (2 * np.arcsin(np.sqrt(np.arange(n + 1) / n))).astype(np.float32)
    held = sets.counts(expected)
    before = 2 * np.arcsin(np.sqrt(np.minimum(held / m, 1.0)))
    # Sets of few values may count as no trial at all.
    trials = (np.minimum(held, m - held) * min(n, int(m.min())) >= 2 * MANY * m).sum(axis=1).min()
    freedom = spread.freedom.reshape(features, -1)
    needed = slack * _root(freedom[:, len(NAMES) :], level / 2 / max(1.0, (DISTINCT if on_line else 1) * trials))
    error = np.sqrt((1 / n + 1 / m) * inflation[:, len(NAMES) :]).astype(np.float32) * needed.astype(np.float32)
    lower, upper = (before - error).astype(np.float32), (before + error).astype(np.float32)
    now = angles[running[:, :, end] - running[:, :, begin]]
    found = ((now < lower) | (now > upper)).any(axis=2)
    weights = scores(expected, np.broadcast_to(np.arange(cells) < on_line, expected.shape))
    gap = np.einsum("wfc,fsc->wfs", observed / n, weights) - np.einsum("fc,fsc->fs", expected / m, weights)
    limit = slack * _root(freedom[:, : len(NAMES)], level / len(NAMES))
    limit *= np.sqrt((1 / n + 1 / m) * inflation[:, : len(NAMES)])
    return np.asarray(found | (np.abs(gap) > limit).any(axis=2))


def _root(freedom: np.ndarray, tail: float) -> np.ndarray:
    """The root beyond which so much of a tail lies, as `Spread.tail` has it."""
    normal = np.isinf(freedom)
    return np.asarray(np.where(normal, -ndtri(tail), -stdtrit(np.where(normal, 1.0, freedom), tail)))
