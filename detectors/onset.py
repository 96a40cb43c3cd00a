"""In which pane a change began: the likeliest one, and a set of panes that holds the true one nine times of ten.

All panes before it are taken to be alike, and like the reference; those from it on are alike, too. Which one it is
follows from the likelihood: Hinkley and Hinkley 1970, Inference about the change-point in a sequence of binomial
variables; Hinkley 1970, Inference about the change-point in a sequence of random variables.

The set are the panes whose log likelihood is near enough to the greatest: Worsley 1986, Confidence regions and tests
for a change-point in a sequence of exponential family random variables; Siegmund 1988, Confidence sets in change-point
problems. On either side of a small change the log likelihood is a random walk that falls, and the most by which it ever
rises is nearly exponential. So neither side rises by more than x with a chance of (1 - exp(-x))^2, and of a greater
change with a greater one. Simulated in `tests.honesty.onset`.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, xlogy

from detectors.codes import Floats
from detectors.distances import Counts
from detectors.rare import merged, targets

SURE = 0.9  # of the time the set holds the pane in which the change began
REFERENCE = 3  # panes' worth of values: more, and what was tolerated all along counts as the change (simulated)
LEAST = 1e-12  # of the variance: a change that leaves no other one is likely enough
TINY = 1e-300


class Onset(NamedTuple):
    """Places of panes: the likeliest first one of the change, and the first and the last one of the set.

    0 means that it began there or before.
    """

    at: int
    earliest: int
    latest: int


def onset(panes: Counts, reference: Counts, weights: Floats | None, inflation: float = 1.0) -> Onset:
    """Where the mean of a contrast changed for good; panes as (panes, cells) in their order, at least one with values.

    `weights`, (cells,), are those of the contrast: 0 and 1 for a set of cells, or a score; None for all cells alike.
    `reference`, (cells,), counts for no more values than a few panes have: the world may differ from it by what is
    tolerated, and panes know better. `inflation`: how much more panes vary than independent draws, 1 or more.
    """
    n = panes.sum(axis=1, dtype=np.float64)
    filled = np.flatnonzero(n > 0)
    known = float(reference.sum())
    base = reference * (min(1.0, REFERENCE * float(n[filled].mean()) / known) if known else 0.0)
    found = np.concatenate((base[None, :], panes[filled].astype(np.float64)))
    if weights is None or np.isin(weights, (0.0, 1.0)).all():
        classes = _every(found) if weights is None else _split(found, weights)
        likelihood, freedom = _of_classes(classes), classes.shape[1] - 1
    else:
        likelihood, freedom = _of_means(found, weights), 1
    bound = reach(SURE, freedom) * inflation
    near = filled[likelihood >= likelihood.max() - bound]
    return Onset(int(filled[likelihood.argmax()]), int(near[0]), int(near[-1]))


def reach(sure: float, freedom: int) -> float:
    """How far below the greatest a log likelihood may be in the set that holds the true pane with this chance.

    `freedom`: how many shares may change by themselves. With each further one, noise fits a little better somewhere
    else: as much as a chi-square exceeds its mean (simulated).
    """
    more = (float(chdtri(freedom - 1, 1 - sure)) - (freedom - 1)) / 2 if freedom > 1 else 0.0
    return -float(np.log1p(-np.sqrt(sure))) + more


def _every(found: Floats) -> Floats:
    """Counts in all cells that hold any, rare ones together, (1 + panes, classes)."""
    target = targets(found[:1], found[1:].sum(axis=0)[None, :])
    counts = merged(found, np.broadcast_to(target, found.shape))
    return counts[:, counts.any(axis=0)]


def _split(found: Floats, weights: Floats) -> Floats:
    """Counts in a set of cells and out of it, (1 + panes, 2)."""
    inside = found @ weights
    return np.stack((inside, found.sum(axis=1) - inside), axis=1)


def _of_classes(counts: Floats) -> Floats:
    """The log likelihood of a change in each pane, of counts in classes (1 + panes, classes), the reference first."""
    before = np.cumsum(counts, axis=0)
    after = before[-1] - before
    return _alike(before[:-1]) + _alike(after[:-1])


def _alike(counts: Floats) -> Floats:
    """The log likelihood of values at their own shares, (...,)."""
    size = counts.sum(axis=-1, keepdims=True)
    return np.asarray(xlogy(counts, np.maximum(counts, 0.0) / np.maximum(size, 1.0)).sum(axis=-1))


def _of_means(found: Floats, weights: Floats) -> Floats:
    """The log likelihood of a change in each pane, of a score with one unknown variance."""
    size, sums = np.cumsum(found.sum(axis=1)), np.cumsum(found @ weights)
    squares = float((found @ weights**2).sum())
    before = np.divide(sums**2, size, out=np.zeros_like(size), where=size > 0)[:-1]
    after = (sums[-1] - sums)[:-1] ** 2 / (size[-1] - size)[:-1]
    rest = np.maximum((squares - before - after) / size[-1], max(LEAST * squares / size[-1], TINY))
    return np.asarray(-size[-1] / 2 * np.log(rest))
