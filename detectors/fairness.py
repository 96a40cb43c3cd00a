"""Fairness: how far apart the groups of a protected field are treated, and which gaps are surely more than chance.

The law of this file: all intervals between groups of one call are true together with a chance of at least 1 - alpha.
So where groups are treated alike, however small some are, at most a share `alpha` of the calls finds a gap anywhere.
"""

from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct

from detectors.codes import Floats, Integers
from detectors.proportions import least_difference, least_ratio, limits, share

FOUR_FIFTHS = 0.8  # Uniform guidelines on employee selection procedures, 29 CFR 1607.4 D: less is evidence of impact
GROUPS_MAX = 256  # each rate compares groups two by two

# What each rate counts of [tp, fp, fn, tn], and out of what.
RATES = {
    "selection_rate": ([0, 1], [0, 1, 2, 3]),
    "true_positive_rate": ([0], [0, 2]),
    "false_positive_rate": ([1], [1, 3]),
    "precision": ([0], [0, 1]),
}
UNLABELLED = {"selection_rate": ([0], [0, 1])}  # of [selected, not selected]

# The rates of which each measure takes the gap; of several, the widest.
DIFFERENCES = {
    "demographic_parity_difference": ["selection_rate"],
    "equal_opportunity_difference": ["true_positive_rate"],
    "equalized_odds_difference": ["true_positive_rate", "false_positive_rate"],
    "predictive_parity_difference": ["precision"],
}
RATIOS = {
    "demographic_parity_ratio": ["selection_rate"],
    "equalized_odds_ratio": ["true_positive_rate", "false_positive_rate"],
}


Verdict = Literal["found", "within", "unknown"]  # all of the interval is beyond what is tolerated, none of it, some


class Gap(NamedTuple):
    """One measure: its value and interval, what they say, and the two groups that differ most surely."""

    value: float  # nan where fewer than two groups have the rate, or a ratio's greatest rate is 0
    low: float
    high: float
    verdict: Verdict
    rate: str
    lower: int  # the group with the lower rate; -1: fewer than two groups have it
    upper: int


class Fairness(Struct, frozen=True):
    """What a call of `fairness` says."""

    rates: dict[str, Floats]  # (groups,) each; nan where there is nothing to count
    lows: dict[str, Floats]  # exact limits of each rate alone
    highs: dict[str, Floats]
    gaps: dict[str, Gap]


class _Pairs(NamedTuple):
    """One rate of the groups that have it, and limits for every two of them."""

    groups: Integers  # (known,)
    rates: Floats  # (known,)
    differences: Floats  # (known, known): lower limits of the first's less the second's
    ratios: Floats  # (known, known): lower limits of the first's by the second's


def fairness(
    counts: Integers, alpha: float = 0.05, tolerate: float = 0.0, ratio_least: float = FOUR_FIFTHS
) -> Fairness:
    """Compare groups by their confusion counts [tp, fp, fn, tn], or without labels by [selected, not selected].

    `counts` is (groups, 4) or (groups, 2). A difference is found where it is surely above `tolerate`, a ratio where it
    is surely below `ratio_least`. A group without, say, positives has no true positive rate, and is left out of its
    gaps; fairlearn takes 0 for it.
    """
    assert counts.ndim == 2, counts.shape
    assert counts.shape[1] in {2, 4}, counts.shape
    assert len(counts) <= GROUPS_MAX, len(counts)
    table = RATES if counts.shape[1] == 4 else UNLABELLED
    counted = {name: (counts[:, of].sum(axis=1), counts[:, out].sum(axis=1)) for name, (of, out) in table.items()}
    bounds = {name: limits(hits, n, alpha / 2) for name, (hits, n) in counted.items()}
    pairs = {name: _paired(hits, n, alpha / len(table)) for name, (hits, n) in counted.items()}
    gaps = {
        name: judge([(rate, pairs[rate]) for rate in rates], tolerated)
        for measures, judge, tolerated in ((DIFFERENCES, _difference, tolerate), (RATIOS, _ratio, ratio_least))
        for name, rates in measures.items()
        if pairs.keys() >= set(rates)
    }
    return Fairness(
        {name: share(hits, n) for name, (hits, n) in counted.items()},
        {name: low for name, (low, _) in bounds.items()},
        {name: high for name, (_, high) in bounds.items()},
        gaps,
    )


def _paired(hits: Integers, n: Integers, alpha: float) -> _Pairs:
    """Limits for every two groups, which hold together (Bonferroni).

    A studentised range would be 3 % nearer for ten groups, but knows only normal chance.
    """
    groups = np.flatnonzero(n)
    hits, n = hits[groups], n[groups]
    rates = hits / n
    low, high = limits(hits, n, alpha / max(len(groups) * (len(groups) - 1), 1))
    first, second = (rates[:, None], low[:, None]), (rates[None], high[None])
    return _Pairs(groups, rates, least_difference(*first, *second), least_ratio(*first, *second))


def _difference(pairs: list[tuple[str, _Pairs]], tolerate: float) -> Gap:
    """The greatest difference of any of these rates."""
    known = [(rate, pair) for rate, pair in pairs if len(pair.groups) > 1]
    if not known:
        return Gap(np.nan, 0.0, 1.0, "unknown", pairs[0][0], -1, -1)
    value = max(float(np.ptp(pair.rates)) for _, pair in known)
    rate, surest = max(known, key=lambda one: float(one[1].differences.max()))
    low = max(float(surest.differences.max()), 0.0)
    high = -min(float(pair.differences.min()) for _, pair in known)  # by what one exceeds, the other falls short
    verdict: Verdict = "found" if low > tolerate else "within" if high <= tolerate else "unknown"
    return Gap(value, low, high, verdict, rate, *_named(surest.groups, surest.differences))


def _ratio(pairs: list[tuple[str, _Pairs]], least: float) -> Gap:
    """The least ratio of any of these rates."""
    known = [(rate, pair) for rate, pair in pairs if len(pair.groups) > 1]
    if not known:
        return Gap(np.nan, 0.0, 1.0, "unknown", pairs[0][0], -1, -1)
    values = [float(pair.rates.min() / pair.rates.max()) for _, pair in known if pair.rates.max() > 0]
    rate, surest = max(known, key=lambda one: float(one[1].ratios.max()))
    low = min(1.0, *(float(pair.ratios.min()) for _, pair in known))
    high = 1 / max(1.0, float(surest.ratios.max()))  # the one by the other has the inverse limit
    verdict: Verdict = "found" if high < least else "within" if low >= least else "unknown"
    return Gap(min(values, default=np.nan), low, high, verdict, rate, *_named(surest.groups, surest.ratios))


def _named(groups: Integers, limits: Floats) -> tuple[int, int]:
    """The groups with the lower and the upper rate at the greatest limit of the upper against the lower."""
    upper, lower = np.unravel_index(int(limits.argmax()), limits.shape)
    return int(groups[lower]), int(groups[upper])
