"""What is left of a change when the part that is tolerated has been taken back."""

import numpy as np

from detectors.codes import Floats

TINY = 1e-12  # a share for cells that only one side knows, so that their ratio is great but finite


def tolerated(expected: Floats, observed: Floats, tolerate: float | Floats) -> Floats:
    """Observed counts after moving what is tolerated back from the cells that gained most, relatively, (series, cells).

    Their ratios of shares are cut to [low, high] so that exactly so much moves: of all distributions that near, the
    result is the one least far from the expected (Huber 1965, A robust version of the probability ratio test). What
    moves is `tolerate` and the standard error of a share of that size.
    """
    m, n = (np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in (expected, observed))
    p, q = np.maximum(expected / m, TINY), observed / n
    share = np.broadcast_to(np.reshape(tolerate, (-1, 1)), (len(p), 1))
    budget = share + np.sqrt(share * (1 - share) * (1 / m + 1 / n))
    high, low = np.maximum(_cut(p, q, budget, 1), 1.0), np.minimum(_cut(p, q, budget, -1), 1.0)
    return np.where(expected + observed > 0, np.clip(q, low * p, high * p) * n, 0.0)


def _cut(p: Floats, q: Floats, budget: Floats, sign: int) -> Floats:
    """The ratio beyond which, from above (sign 1) or below (-1), the shares q exceed p by `budget`, (series, 1)."""
    order = np.argsort(-sign * q / p, axis=1, kind="stable")
    p, q = np.take_along_axis(p, order, axis=1), np.take_along_axis(q, order, axis=1)
    ps, qs = np.cumsum(p, axis=1), np.cumsum(q, axis=1)
    moved = sign * (qs - q / p * ps)  # by cutting at each cell's ratio in turn
    last = np.maximum((moved <= budget).sum(axis=1, keepdims=True) - 1, 0)
    return (np.take_along_axis(qs, last, axis=1) - sign * budget) / np.take_along_axis(ps, last, axis=1)
