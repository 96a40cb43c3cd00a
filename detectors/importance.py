"""Labelled events weighted so that their inputs are distributed as a window's: a second opinion on how good it is.

It assumes other things than estimates by scores do: labels depend on the inputs as they did, whatever the scores say.
Weights are those of raking: the least change after which the events have the window's share in every group of cells of
each column (Deming and Stephan 1940, On a least squares adjustment of a sampled frequency table). What a bounded number
of rounds leaves of the difference is made up for by the effects that groups have on outcomes, as in a generalised
regression estimator (Cassel, Sarndal and Wretman 1976).
"""

from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.estimation.estimate import Estimate, Thirds, between
from detectors.grids import SPECIAL
from detectors.outcomes import KINDS
from detectors.performance.measured import deviations

ROWS_MAX = 4_096  # events that are kept
CODES_MAX = 131_072  # of all of them: with more columns, fewer events are kept
ROWS_LEAST = 1_000  # of fewer nobody has measured how honest an estimate is
COLUMNS_MAX = 64  # 2,048 events in 4 groups of each: with more, groups would have too few
GROUPS = (4, 32)  # of a column's cells, at least and at most
PER_GROUP = 10  # events for each group of all columns: of 24, 16 groups each, where wider ones hide what shifts within
ROUNDS = 8  # over all columns: 3 ms for 24 columns and 4,096 events
STEPS_MAX = 320  # a column each: of more than 40 columns fewer rounds, and so never more than 5 ms
CLOSE = 1e-4  # shares that differ by less are equal enough, as effects make up for the rest
TINY = 1e-300  # of weights: less is nothing
RIDGE = 1.0  # what is known of an effect beforehand is worth one event without any
NOWHERE = -1  # the group of cells in which there is no labelled event
COVERED_LEAST = 0.98  # of a window's events, in each column, must lie where there are labelled ones
EFFECTIVE_LEAST = 200.0  # events that the weighted ones are worth
LEFT_MOST = 0.05  # of shares, in any column, that raking could not move
APART = 0.999  # the level at which two opinions are surely different


class Labelled(Struct, frozen=True):
    """Labelled events as they are kept. `kind`: what their outcomes are, see `detectors.outcomes`."""

    kind: str
    groups: Integers  # (cells,): the group of each cell, of its column; NOWHERE where no event is
    widths: Integers  # (columns,): cells of each
    codes: NDArray[np.uint8]  # (columns, n): the group of each event
    outcome: Floats  # (n,)
    mean: Floats  # (outcomes,)
    effects: Floats  # (groups, outcomes): on these, of all columns' groups side by side

    @classmethod
    def of(cls, kind: str, cells: Integers, widths: Integers, outcome: Floats) -> Self | None:
        """Of events that are `kept`, in these cells, (columns, n), of `widths` each; None of too few or too wide.

        A column's last cells are those of no value, each a group of its own; of the others neighbours are one group,
        until it has its share of events.
        """
        columns = len(widths)
        if not 0 < columns <= COLUMNS_MAX or len(outcome) < ROWS_LEAST:
            return None
        wanted = int(np.clip(len(outcome) // (PER_GROUP * columns), *GROUPS))
        counts = [np.bincount(column, minlength=width) for column, width in zip(cells, widths, strict=True)]
        groups = [_groups(each, wanted) for each in counts]
        codes = np.array([group[column] for group, column in zip(groups, cells, strict=True)], np.uint8)
        outcomes = KINDS[kind].outcomes(outcome)
        mean = outcomes.mean(axis=0)
        return cls(kind, np.concatenate(groups), widths, codes, outcome, mean, _effects(codes, outcomes - mean))

    @property
    def sizes(self) -> Integers:
        """How many groups each column has, (columns,)."""
        return _sizes(self.codes)


def kept(n: int, columns: int) -> slice:
    """Which of `n` events are kept: of very many every k-th."""
    most = min(ROWS_MAX, CODES_MAX // max(columns, 1))
    return slice(None, None, max(1, -(-n // most)))


class Known(NamedTuple):
    """What is worked out of labelled events once for all windows."""

    labelled: Labelled
    left: Floats  # (n, outcomes): what the mean and effects do not explain


class Opinion(NamedTuple):
    """What weighting says of a window: metrics by name, or none and `why`."""

    found: dict[str, Estimate]
    effective: float  # so many events of equal weight would be worth as much (Kish 1965); nan where none was weighted
    covered: float  # the least share, over columns, of the window in cells that the labelled events know
    column: int  # where that is
    why: str  # empty, or in a word: `unknown`, `unlike`


def learn(labelled: Labelled) -> Known:
    """Work out what the effects of groups leave of each event's outcomes."""
    left = KINDS[labelled.kind].outcomes(labelled.outcome) - labelled.mean
    for effect, column in zip(_by_column(labelled), labelled.codes.astype(np.intp), strict=True):
        left = left - effect[column]
    return Known(labelled, left)


def weigh(known: Known, counts: Integers, n: int, level: float) -> Opinion:
    """What a window's labels will say, by its counts, (cells,), of whose events `n` may get labels.

    By the delta method each event moves a metric by its weight times its influence. What groups explain of that is no
    error, as both sides have the same shares: only what is left is, of the labelled events and of the window's own.
    """
    targets, covered = _targets(known, counts)
    column, least = int(np.argmin(covered)), float(np.min(covered))
    if least < COVERED_LEAST:
        return Opinion({}, np.nan, least, column, "unknown")
    weights, far = rake(known.labelled.codes, targets)
    effective = float(1 / np.square(weights).sum())
    if effective < EFFECTIVE_LEAST or far > LEFT_MOST:
        return Opinion({}, effective, least, column, "unlike")
    means = known.labelled.mean + (weights[:, None] * known.left).sum(axis=0)
    means += (np.concatenate(targets)[:, None] * known.labelled.effects).sum(axis=0)
    found = {}
    # Effects follow their own events.
    lost = len(weights) / max(len(weights) - len(known.labelled.effects), len(weights) / 2)
    with np.errstate(over="ignore", invalid="ignore"):  # of losses beyond measure nothing is known
        for name, (metric, ends) in KINDS[known.labelled.kind].metrics.items():
            value, slope = metric(means)
            moved = (known.left * slope).sum(axis=1)
            squares = np.square(moved - (weights * moved).sum()) * lost
            variances = np.array([[(weights * squares).sum() / max(n, 1)], [(np.square(weights) * squares).sum()]])
            chance, shared = np.sqrt(variances)
            thirds = _thirds(weights, moved - (weights * moved).sum(), n) if np.isinf(ends[1]) else None
            found[name] = between((np.array([value]), np.array([value])), (chance, shared), level, ends, thirds)
        if "rmse" in found:  # the interval of a root has the roots of its ends: both hold the truth, or neither
            low, high = np.sqrt((found["mse"].low, found["mse"].high))
            found["rmse"] = found["rmse"]._replace(low=low, high=high)
    return Opinion(found, effective, least, column, "")


def _thirds(weights: Floats, moved: Floats, n: int) -> Thirds:
    """Third moments of losses, which are skewed as no share is."""
    cubes, n = moved**3, max(n, 1)
    return Thirds(float(weights**3 @ cubes), float(weights @ cubes) / n**2, float(weights**2 @ cubes) / n)


def rake(codes: NDArray[np.integer], targets: list[Floats]) -> tuple[Floats, float]:
    """Weights of events, (n,), with sum 1, and how far shares are from the targets at most.

    `codes`, (columns, n), say in which group of each column events are; `targets` are the shares of its groups. Where
    nothing is left, as columns want nothing of each other's events, all weigh alike, infinitely far.
    """
    groups = codes.astype(np.intp)
    weights = np.full(groups.shape[1], 1 / groups.shape[1])
    for _ in range(min(ROUNDS, STEPS_MAX // len(groups))):
        far = 0.0
        for column, wanted in zip(groups, targets, strict=True):
            shares = np.bincount(column, weights, len(wanted))
            far = max(far, float(np.abs(shares - wanted).max()))
            weights *= (wanted / np.where(shares > TINY, shares, 1.0))[column]
        if far < CLOSE:
            break
    total = weights.sum()
    if not total > TINY:
        return np.full(groups.shape[1], 1 / groups.shape[1]), np.inf
    weights /= total
    pairs = zip(groups, targets, strict=True)
    return weights, max(
        float(np.abs(np.bincount(column, weights, len(wanted)) - wanted).max()) for column, wanted in pairs
    )


def apart(first: Estimate, second: Estimate) -> bool:
    """Whether two estimates of one window, by scores and by weights, surely say different things; of one row.

    The chance of the window's labels is in both, and more in the second, which does not know the scores. Both may stand
    on the same labelled events: as if they did not is to be sure.
    """
    with np.errstate(over="ignore"):  # of losses beyond measure nothing is sure
        own = max(float(second.chance[0] ** 2 - first.chance[0] ** 2), 0.0)
        error = np.sqrt(own + first.shared[0] ** 2 + second.shared[0] ** 2)
    return bool(abs(first.value[0] - second.value[0]) > deviations(APART) * error)


def _effects(codes: NDArray[np.uint8], outcomes: Floats) -> Floats:
    """The effects of groups on outcomes, (n, outcomes), with mean 0: ridge regression."""
    sizes = _sizes(codes)
    places = codes + (np.cumsum(sizes) - sizes)[:, None]
    there = np.zeros((codes.shape[1], int(sizes.sum())))
    np.put_along_axis(there, places.T, 1.0, axis=1)
    found = np.linalg.solve(there.T @ there + RIDGE * np.eye(there.shape[1]), there.T @ outcomes)
    return np.asarray(found, np.float64)


def _sizes(codes: NDArray[np.uint8]) -> Integers:
    return np.asarray(codes.max(axis=1) + np.int64(1), np.int64)


def _by_column(labelled: Labelled) -> list[Floats]:
    return np.split(labelled.effects, np.cumsum(labelled.sizes)[:-1])


def _groups(counts: Integers, wanted: int) -> Integers:
    """The group of each of a column's cells, of about `wanted` with as many events each."""
    values = np.arange(len(counts)) < len(counts) - len(SPECIAL)
    middle = np.cumsum(counts) - counts / 2
    place = np.where(values, middle * wanted // counts.sum(), wanted + np.arange(len(counts)))
    groups = np.full(len(counts), NOWHERE)
    groups[counts > 0] = np.unique(place[counts > 0], return_inverse=True)[1]
    return groups


def _targets(known: Known, counts: Integers) -> tuple[list[Floats], Floats]:
    """The window's share of each group per column, of those that are known; and the shares covered, (columns,)."""
    targets, covered = [], []
    cuts = np.cumsum(known.labelled.widths)[:-1]
    parts = zip(
        np.split(known.labelled.groups, cuts), np.split(counts, cuts), known.labelled.sizes.tolist(), strict=True
    )
    for groups, wanted, size in parts:
        there = groups != NOWHERE
        sums = np.bincount(groups[there], wanted[there], size)
        targets.append(sums / max(sums.sum(), 1.0))
        covered.append(sums.sum() / max(wanted.sum(), 1))
    return targets, np.array(covered)
