"""Conventions whose tool was not run: equal to slow oracles that are written from what the tools publish.

Loops over values and cells in plain Python, with no formula in common with detectors/conventions.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from statistics import stdev

import numpy as np
import pytest
from scipy import stats
from scipy.special import kolmogorov

from detectors.conventions import CONVENTIONS, Numbers
from tests.detectors.conventions.features import feature
from tests.detectors.conventions.worlds import KINDS, columns

SIZES = ((150, 200), (60, 400), (500, 51))
OF_NUMBERS = ["normal", "lognormal", "zeros", "rounded", "outlier", "few floats", "integers"]
OF_TEXTS = ["categories", "new category", "many categories", "two categories"]
Shares = list[tuple[float, float]]  # of each cell, the reference's first


def counted(a: list[object], b: list[object]) -> list[tuple[int, int]]:
    """How often each value is on either side."""
    first, second = Counter(a), Counter(b)
    return [(first[text], second[text]) for text in sorted(first | second)]


def shares(counts: list[tuple[float, float]]) -> Shares:
    """Counts as shares of their sums."""
    m, n = (math.fsum(pair[i] for pair in counts) for i in (0, 1))
    return [(a / m, b / n) for a, b in counts]


def psi(cells: Shares) -> float:
    """Term by term."""
    return math.fsum((p - q) * math.log(p / q) for p, q in cells)


def divergence(cells: Shares) -> float:
    """Jensen and Shannon's, to base 2; nothing of nothing is nothing."""
    terms = [x * math.log2(2 * x / (p + q)) for p, q in cells for x in (p, q) if x > 0]
    return math.fsum(terms) / 2


def gap(a: list[float], b: list[float]) -> Fraction:
    """Kolmogorov and Smirnov's, at every value."""
    a, b = sorted(a), sorted(b)
    return max(abs(Fraction(bisect_right(a, x), len(a)) - Fraction(bisect_right(b, x), len(b))) for x in {*a, *b})


def moved(a: list[float], b: list[float]) -> float:
    """How far values must be moved: the area between the two distributions."""
    a, b = sorted(a), sorted(b)
    every = sorted((*a, *b))
    return math.fsum(
        abs(bisect_right(a, x) / len(a) - bisect_right(b, x) / len(b)) * (y - x) for x, y in pairwise(every)
    )


def pieces(a: list[float], b: list[float]) -> list[tuple[float, float]]:
    """Ten bins of either side's own reach, cut at the other's edges: values are spread evenly inside."""
    bins = []
    for side in (a, b):
        edges = np.linspace(min(side), max(side), 11).tolist()
        counts = [bisect_left(sorted(side), high) - bisect_left(sorted(side), low) for low, high in pairwise(edges)]
        counts[-1] += sum(value == edges[-1] for value in side)
        bins.append([(*pair, n) for pair, n in zip(pairwise(edges), counts, strict=True)])
    every = sorted({edge for side in bins for low, high, _ in side for edge in (low, high)})
    return [
        tuple(
            math.fsum(n * max(0.0, min(high, right) - max(low, left)) / (high - low) for low, high, n in side)
            for side in bins
        )
        for left, right in pairwise(every)
    ]  # type: ignore[return-value]  # two sides


def deciles(a: list[float], b: list[float]) -> Shares:
    """Shares up to each decile of the reference, its ends open."""
    edges = np.quantile(a, np.arange(1, 10) / 10).tolist()
    sides = [Counter(bisect_left(edges, value) for value in side) for side in (a, b)]
    return [(sides[0][i] / len(a) + 1e-10, sides[1][i] / len(b) + 1e-10) for i in range(10)]


def residuals(cells: list[tuple[int, int]]) -> list[float]:
    """Of each count beside what both samples together expect, in standard errors."""
    m, n = (sum(pair[i] for pair in cells) for i in (0, 1))
    found = []
    for a, b in cells:
        p = (a + b) / (m + n)
        found.append(abs(a - m * p) / math.sqrt(m * p * (1 - p) * n / (m + n)))
    return found


def chi2(cells: list[tuple[int, int]]) -> float:
    """Of a table of two rows, as every book has it."""
    m, n = (sum(pair[i] for pair in cells) for i in (0, 1))
    expected = [((a + b) * m / (m + n), (a + b) * n / (m + n)) for a, b in cells]
    return math.fsum(
        (x - e) ** 2 / e for pair, both in zip(cells, expected, strict=True) for x, e in zip(pair, both, strict=True)
    )


def robust(simple: float, m: int, n: int) -> float:
    """Less what few values explain."""
    return max(0.0, simple - 1.8 * math.sqrt((m + n) / (m * n)))


NUMBERS: dict[tuple[str, str], Callable[[list[float], list[float]], float]] = {
    ("tfdv", "jensen_shannon_divergence"): lambda a, b: divergence(shares(pieces(a, b))),
    ("vertex", "jensen_shannon_divergence"): lambda a, b: divergence(shares(pieces(a, b))),
    ("sagemaker", "linf_simple"): lambda a, b: float(gap(a, b)),
    ("sagemaker", "linf_robust"): lambda a, b: robust(float(gap(a, b)), len(a), len(b)),
    ("azure", "normalized_wasserstein_distance"): lambda a, b: moved(a, b) / max(stdev(a), 0.001),
    ("scouter", "psi_decile"): lambda a, b: psi(deciles(a, b)),
    ("frouros", "KuiperTest"): lambda a, b: float(gap(a, b)),
}
TEXTS: dict[tuple[str, str], Callable[[list[tuple[int, int]]], float]] = {
    ("tfdv", "l_infinity"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("tfdv", "jensen_shannon_divergence"): lambda cells: divergence(shares(cells)),
    ("tfdv", "normalized_abs_difference"): lambda cells: max(abs(a - b) for a, b in cells) / sum(map(sum, cells)),
    ("vertex", "l_infinity"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("azure", "jensen_shannon_distance"): lambda cells: math.sqrt(divergence(shares(cells))),
    ("azure", "population_stability_index"): lambda cells: psi(
        [((a + 1) / sum(a for a, _ in cells), (b + 1) / sum(b for _, b in cells)) for a, b in cells]
    ),
    ("sagemaker", "linf_simple"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("sagemaker", "linf_robust"): lambda cells: robust(
        max(abs(p - q) for p, q in shares(cells)), sum(a for a, _ in cells), sum(b for _, b in cells)
    ),
    ("fiddler", "psi"): lambda cells: psi(shares([(a + 1, b + 1) for a, b in cells])),
    ("scouter", "psi"): lambda cells: psi([(p + 1e-10, q + 1e-10) for p, q in shares(cells)]),
    ("scouter", "psi_known_categories_only"): lambda cells: psi(
        [(p + 1e-10, q + 1e-10) for p, q in shares(cells) if p > 0]
    ),
    ("popmon", "psi"): lambda cells: psi([(p + 1e-5, q + 1e-5) for p, q in shares(cells)]),
    ("popmon", "psi_as_called"): lambda cells: psi([(a + 1e-5, b + 1e-5) for a, b in cells]),
    ("popmon", "max_prob_diff"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("popmon", "chi2"): chi2,
    ("popmon", "chi2_max_residual"): lambda cells: max(residuals(cells)),
    ("popmon", "chi2_spike_count"): lambda cells: math.fsum(one for one in residuals(cells) if one > 7),
    ("popmon", "unknown_labels"): lambda cells: float(any(not a for a, _ in cells)),
}
LIMITS = {"vertex": 0.3, "sagemaker": 0.1, "azure": 0.1}  # of what the tool chooses by itself


@pytest.mark.parametrize("tool_and_measure", [*NUMBERS, *TEXTS], ids=":".join)
def test_a_measure_is_its_oracle(tool_and_measure: tuple[str, str]) -> None:
    """To 1e-9, on columns of every kind and size; and drifted beyond the limit."""
    tool, measure = tool_and_measure
    numeric = tool_and_measure in NUMBERS
    for kind in OF_NUMBERS if numeric and measure != "KuiperTest" else OF_TEXTS if not numeric else ["normal"]:
        for m, n in SIZES:
            a, b = columns(kind, m, n)
            score = CONVENTIONS[tool].judge({"x": feature(a, b)}, (measure,)).features["x"][measure]
            sides = a.tolist(), b.tolist()
            expected = NUMBERS[tool, measure](*sides) if numeric and tool_and_measure in NUMBERS else None
            if not numeric:
                expected = TEXTS[tool, measure](counted(*sides))
            assert math.isclose(score.value, expected, rel_tol=1e-9, abs_tol=1e-12), (kind, m, n)
            limit = LIMITS.get(tool) if score.limit is not None else None
            if limit is not None:
                assert (limit, expected > limit) == (score.limit, score.drifted)


def test_scouter_s_limit_is_a_chi_square_s_over_the_current_sample() -> None:
    """By bins less one, and over the values of the current file; with no more than 100 of these it says nothing."""
    a, b = columns("normal", 900, 500)
    score = CONVENTIONS["scouter"].judge({"x": feature(a, b)}).features["x"]["psi_decile"]
    assert stats.chi2.ppf(0.95, 9) / 500 == pytest.approx(score.limit)
    assert CONVENTIONS["scouter"].judge({"x": feature(a, b[:100])}).features["x"]["psi_decile"].drifted is None


def test_popmon_s_z_score_is_that_of_its_chi_square() -> None:
    """Red beyond seven."""
    a, b = columns("new category", 400, 300)
    scores = CONVENTIONS["popmon"].judge({"x": feature(a, b)}, ("chi2", "chi2_zscore", "unknown_labels")).features["x"]
    chance = stats.chi2.sf(scores["chi2"].value, 3)
    assert stats.norm.isf(chance) == pytest.approx(scores["chi2_zscore"].value)
    assert (7.0, False) == (scores["chi2_zscore"].limit, scores["chi2_zscore"].drifted)
    assert (0.5, True) == (scores["unknown_labels"].limit, scores["unknown_labels"].drifted)


def test_frouros_s_kuiper_is_kuiper_s_law() -> None:
    """Of the tool's own example: two hundred normal values, a deviation apart."""
    chance = np.random.RandomState(31)  # the documentation's seed
    pair = Numbers(chance.normal(0, 1, 100), chance.normal(1, 1, 100))
    score = CONVENTIONS["frouros"].judge({"x": pair}, ("KuiperTest",)).features["x"]["KuiperTest"]
    assert (0.55, 5.065664859580971e-13) == (pytest.approx(score.value), pytest.approx(score.p_value, rel=1e-9))
    n, gap_of = 5_000, 0.03
    ours = CONVENTIONS["frouros"]
    values = np.arange(n) / n
    far = ours.judge({"x": Numbers(values, values + gap_of)}, ("KuiperTest",)).features["x"]["KuiperTest"]
    assert far.p_value > kolmogorov(gap_of * math.sqrt(n / 2))


def test_worlds_have_all_kinds() -> None:
    """So that none is forgotten."""
    assert {*OF_NUMBERS, *OF_TEXTS} <= KINDS.keys()
