"""Whether a model still looks at the same features: how well the order of attributions agrees with what it was."""

import heapq

import numpy as np

from detectors.codes import Floats


def ndcg(expected: Floats, observed: Floats) -> Floats:
    """The reference's attributions, added up in the order of those of now, as a share of the best order: (...,).

    From above 0 to 1. Mean attributions per feature, (..., features); their sign does not matter. Normalised discounted
    cumulative gain: Jarvelin and Kekalainen 2002, to base 2, ties taken in the mean (McSherry and Najork 2008). nan
    without any attribution in the reference.
    """
    return np.asarray(1 - ndcg_cells(expected, observed).sum(axis=-1))


def ndcg_cells(expected: Floats, observed: Floats) -> Floats:
    """What each feature takes off from 1, (..., features): above 0 where it fell behind, below where it rose."""
    gains = np.abs(expected)
    largest = gains.max(axis=-1, keepdims=True, initial=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        gains = gains / largest  # nan without any; divided first: sums could overflow
    best, now = _discounts(gains), _discounts(np.abs(observed))
    return np.asarray(gains * (best - now) / (gains * best).sum(axis=-1, keepdims=True))


def ndcg_at_most(expected: Floats, observed: Floats, margin: Floats) -> float:
    """What `ndcg` may be at most if each of the attributions of now is within its margin; all (features,).

    A feature comes after all that are surely larger. Of those that may come next, the one that mattered most does: no
    order of values inside the margins adds up to more. Where the true sizes are inside, it is no less than theirs. 1
    where the reference has no attributions, or a margin is not known.
    """
    gains, now = np.abs(expected), np.abs(observed)
    largest = float(gains.max(initial=0.0))
    with np.errstate(over="ignore"):
        low, high = now - margin, now + margin
    if not (largest > 0 and np.isfinite(low).all() and np.isfinite(high).all()):
        return 1.0
    gains /= largest
    earliest = len(high) - np.searchsorted(np.sort(low), high, side="right")  # how many are surely larger
    order = np.lexsort((-gains, earliest)).tolist()
    placed, waiting, discounts = 0.0, list[float](), 1 / np.log2(np.arange(2, len(gains) + 2))
    for rank, discount in enumerate(discounts.tolist()):
        while order and earliest[order[0]] <= rank:
            heapq.heappush(waiting, -float(gains[order.pop(0)]))
        placed -= heapq.heappop(waiting) * discount
    return min(placed / float(np.sort(gains)[::-1] @ discounts), 1.0)


def _discounts(attributions: Floats) -> Floats:
    """1 / log2(1 + rank) of each feature, the mean of it among equals, (..., features)."""
    rows = attributions.reshape(-1, attributions.shape[-1])
    order = np.argsort(-rows, axis=-1, kind="stable")
    ranked = np.take_along_axis(rows, order, axis=-1)
    opens = np.ones(ranked.shape, np.bool_)
    opens[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    group = np.cumsum(opens.ravel()) - 1
    discounts = np.tile(1 / np.log2(np.arange(2, rows.shape[-1] + 2)), len(rows))
    mean = np.bincount(group, discounts) / np.maximum(np.bincount(group), 1)
    placed = np.empty(rows.shape)
    np.put_along_axis(placed, order, mean[group].reshape(rows.shape), axis=-1)
    return placed.reshape(attributions.shape)
