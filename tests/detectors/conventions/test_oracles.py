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

from detectors.conventions import CONVENTIONS, Feature, Numbers
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


def spark(a: list[float], b: list[float]) -> list[tuple[int, int]]:
    """Azure's bins, Sturges' for the smaller sample over both, one value after the other as Spark counts them."""
    low, high = min(a + b), max(a + b)
    bins = math.ceil(math.log2(min(len(a), len(b))) + 1)
    edges = [low + i * (high - low) / bins for i in range(bins + 1)]
    edges[1:] = [low + i * ((high - low) / bins) for i in range(1, bins + 1)]
    counts = [[0] * bins, [0] * bins]
    for side, found in zip((a, b), counts, strict=True):
        for value in side:
            if value <= edges[-1]:
                found[min(int((value - low) / ((edges[-1] - low) / bins)), bins - 1)] += 1
    return list(zip(*counts, strict=True))


def histogrammar(a: list[float], b: list[float]) -> list[tuple[int, int]]:
    """Bins of popmon: forty from tail to tail of floats, one or more integers each; only those that hold something."""
    if isinstance(a[0], int):
        width, origin = max(float(round((max(a) - min(a)) / 40)), 1.0), min(a) - 0.5
    else:
        low, high = (quantile(a, q) for q in (0.05, 0.95))
        if low == high:
            low, high = min(a), max(a)
        reach = (high - low) / 0.9
        width, origin = reach / 40, low - reach * 0.05
    return counted([math.floor((x - origin) / width) for x in a], [math.floor((x - origin) / width) for x in b])


def quantile(values: list[float], q: float) -> float:
    """Between the neighbours of its rank."""
    values, place = sorted(values), q * (len(values) - 1)
    low = math.floor(place)
    return values[low] + (place - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def generated(a: list[float], b: list[float]) -> list[tuple[int, int]]:
    """Ten bins of equal width over the reference, as Fiddler makes them; what is beyond is in the ends."""
    inner = np.linspace(min(a), max(a), 11)[1:-1].tolist()
    sides = [Counter(bisect_right(inner, value) for value in side) for side in (a, b)]
    return [(sides[0][i], sides[1][i]) for i in range(10)]


def kolmogorovs(cells: list[tuple[int, int]]) -> float:
    """The statistic of two histograms, which the law of Kolmogorov takes."""
    m, n = (sum(pair[i] for pair in cells) for i in (0, 1))
    gaps = [abs(sum(a for a, _ in cells[:i]) / m - sum(b for _, b in cells[:i]) / n) for i in range(len(cells) + 1)]
    return max(gaps) * math.sqrt(m * n / (m + n))


def jsd(cells: list[tuple[int, int]]) -> float:
    """Of counts, a hundred-thousandth more in each."""
    terms = [(x + 1e-5) * math.log((x + 1e-5) / ((a + b) / 2 + 1e-5)) for a, b in cells for x in (a, b)]
    return math.fsum(terms) / 2


def one_more(cells: list[tuple[int, int]]) -> float:
    """The PSI of shares of counts with one event more in each cell."""
    return psi(shares([(a + 1, b + 1) for a, b in cells]))


NUMBERS: dict[tuple[str, str], Callable[[list[float], list[float]], float]] = {
    ("tfdv", "jensen_shannon_divergence"): lambda a, b: divergence(shares(pieces(a, b))),
    ("vertex", "jensen_shannon_divergence"): lambda a, b: divergence(shares(pieces(a, b))),
    ("sagemaker", "linf_simple"): lambda a, b: float(gap(a, b)),
    ("sagemaker", "linf_robust"): lambda a, b: robust(float(gap(a, b)), len(a), len(b)),
    ("azure", "normalized_wasserstein_distance"): lambda a, b: moved(a, b) / max(stdev(a), 0.001),
    ("azure", "jensen_shannon_distance"): lambda a, b: math.sqrt(divergence(shares(spark(a, b)))),
    ("azure", "population_stability_index"): lambda a, b: psi(
        [((x + 1) / (len(a) + len(spark(a, b))), (y + 1) / (len(b) + len(spark(a, b)))) for x, y in spark(a, b)]
    ),
    ("fiddler", "psi"): lambda a, b: one_more(generated(a, b)),
    ("popmon", "psi"): lambda a, b: psi([(p + 1e-5, q + 1e-5) for p, q in shares(histogrammar(a, b))]),
    ("popmon", "psi_as_called"): lambda a, b: psi([(x + 1e-5, y + 1e-5) for x, y in histogrammar(a, b)]),
    ("popmon", "jsd_as_called"): lambda a, b: jsd(histogrammar(a, b)),
    ("popmon", "max_prob_diff"): lambda a, b: max(abs(p - q) for p, q in shares(histogrammar(a, b))),
    ("popmon", "ks"): lambda a, b: kolmogorovs(histogrammar(a, b)),
    ("popmon", "chi2"): lambda a, b: chi2(histogrammar(a, b)),
    ("popmon", "chi2_norm"): lambda a, b: chi2(histogrammar(a, b)) / (len(histogrammar(a, b)) - 1),
    ("popmon", "chi2_max_residual"): lambda a, b: max(residuals(histogrammar(a, b))),
    ("scouter", "psi_decile"): lambda a, b: psi(deciles(a, b)),
    ("frouros", "KuiperTest"): lambda a, b: float(gap(a, b)),
}
TEXTS: dict[tuple[str, str], Callable[[list[tuple[int, int]]], float]] = {
    ("tfdv", "l_infinity"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("tfdv", "jensen_shannon_divergence"): lambda cells: divergence(shares(cells)),
    ("tfdv", "normalized_abs_difference"): lambda cells: max(abs(a - b) for a, b in cells) / sum(map(sum, cells)),
    ("vertex", "l_infinity"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("azure", "jensen_shannon_distance"): lambda cells: math.sqrt(divergence(shares(cells))),
    ("azure", "population_stability_index"): one_more,
    ("sagemaker", "linf_simple"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("sagemaker", "linf_robust"): lambda cells: robust(
        max(abs(p - q) for p, q in shares(cells)), sum(a for a, _ in cells), sum(b for _, b in cells)
    ),
    ("fiddler", "psi"): one_more,
    ("scouter", "psi"): lambda cells: psi([(p + 1e-10, q + 1e-10) for p, q in shares(cells)]),
    ("scouter", "psi_known_categories_only"): lambda cells: psi(
        [(p + 1e-10, q + 1e-10) for p, q in shares(cells) if p > 0]
    ),
    ("popmon", "psi"): lambda cells: psi([(p + 1e-5, q + 1e-5) for p, q in shares(cells)]),
    ("popmon", "psi_as_called"): lambda cells: psi([(a + 1e-5, b + 1e-5) for a, b in cells]),
    ("popmon", "jsd_as_called"): jsd,
    ("popmon", "max_prob_diff"): lambda cells: max(abs(p - q) for p, q in shares(cells)),
    ("popmon", "chi2"): chi2,
    ("popmon", "chi2_max_residual"): lambda cells: max(residuals(cells)),
    ("popmon", "chi2_spike_count"): lambda cells: math.fsum(one for one in residuals(cells) if one > 7),
    ("popmon", "unknown_labels"): lambda cells: float(any(not a for a, _ in cells)),
}
LIMITS = {"vertex": 0.3, "sagemaker": 0.1, "azure": 0.1}  # of what the tool chooses by itself


@pytest.mark.parametrize(("tool", "measure"), NUMBERS)
def test_a_measure_of_numbers_is_its_oracle(tool: str, measure: str) -> None:
    """To 1e-9, on columns of every kind and size; and drifted beyond the limit."""
    for kind in ["normal"] if measure == "KuiperTest" else OF_NUMBERS:
        for m, n in SIZES:
            a, b = columns(kind, m, n)
            agrees(tool, measure, feature(a, b), NUMBERS[tool, measure](a.tolist(), b.tolist()))


@pytest.mark.parametrize(("tool", "measure"), TEXTS)
def test_a_measure_of_categories_is_its_oracle(tool: str, measure: str) -> None:
    """The same."""
    for kind in OF_TEXTS:
        for m, n in SIZES:
            a, b = columns(kind, m, n)
            agrees(tool, measure, feature(a, b), TEXTS[tool, measure](counted(a.tolist(), b.tolist())))


def agrees(tool: str, measure: str, one: Feature, expected: float) -> None:
    """A measure with its oracle, and its verdict with the limit of what the tool chooses by itself."""
    score = CONVENTIONS[tool].judge({"x": one}, (measure,)).features["x"][measure]
    assert math.isclose(score.value, expected, rel_tol=1e-9, abs_tol=1e-12), one
    if score.limit is not None and tool in LIMITS:
        assert (LIMITS[tool], expected > LIMITS[tool]) == (score.limit, score.drifted)


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
