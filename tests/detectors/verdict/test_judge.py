"""The verdict keeps its promise, says what changed, and does not depend on what is judged beside it."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import norm

from detectors.verdict import Judged, Spread, judge
from detectors.verdict.words import explanation

EVEN = np.r_[np.full(32, 0.998 / 32), 0.002, 0.0]
MANY = 1 / np.arange(1.0, 51)
NAMES = [*(f"{i} to {i + 1}" for i in range(31)), "31 and above", "missing", "wrong type"]


def _judged(
    shares: np.ndarray, now: np.ndarray, n: int = 1_000, m: int = 100_000, tolerate: float = 0.0
) -> tuple[Judged, str]:
    """The verdict over counts just as expected, and its sentence."""
    expected, observed = (
        np.round(each / each.sum() * size)[None].astype(np.int64) for each, size in ((shares, m), (now, n))
    )
    on_line = np.arange(len(shares))[None] < 32
    found = judge(expected, observed, on_line, tolerate)
    return found, explanation(expected[0], observed[0], 32, NAMES, int(found.contrast[0]), up=bool(found.up[0]))


@pytest.mark.parametrize(("shares", "on_line"), [(EVEN, 32), (MANY, 0), (np.array([0.7, 0.2, 0.1]), 0)])
@pytest.mark.parametrize(("n", "m"), [(200, 2_000), (2_000, 2_000), (5_000, 500_000)])
def test_false_alarms_are_about_as_many_as_promised(shares: np.ndarray, on_line: int, n: int, m: int) -> None:
    """100 of 10,000 are expected, with a standard error of 10."""
    rng, shares = np.random.default_rng(8), shares / shares.sum()
    expected, observed = rng.multinomial(m, shares, 10_000), rng.multinomial(n, shares, 10_000)
    line = np.broadcast_to(np.arange(len(shares)) < on_line, expected.shape)
    p = judge(expected, observed, line, 0.0).p
    assert 0.45 <= (p <= 0.01).mean() / 0.01 <= 1.3


def test_no_change_within_the_tolerance_is_told_more_often_than_promised() -> None:
    """All of it in one category."""
    rng, before = np.random.default_rng(9), MANY / MANY.sum()
    now = before + 0.05 * (np.arange(50) == 3) - 0.05 * (np.arange(50) == 0)
    line = np.zeros((20_000, 50), np.bool_)
    p = judge(rng.multinomial(100_000, before, 20_000), rng.multinomial(1_000, now, 20_000), line, 0.05).p
    assert (p <= 0.01).mean() <= 0.015


def test_what_changed_is_said() -> None:
    """A cell off the line, a tail, the location, a cell of the line."""
    found, words = _judged(EVEN, EVEN + 0.06 * (np.arange(34) == 33))
    assert found.p[0] < 1e-10
    assert words == "wrong type went from 0 % to 5.8 %"
    _, words = _judged(EVEN, EVEN * np.where(np.arange(34) < 3, 3.0, 1.0), tolerate=0.05)
    assert words == "values below 3 went from 9.4 % to 24 %"
    _, words = _judged(EVEN, EVEN * (1 + np.arange(34) / 32))
    assert words.startswith("values moved up: on average")
    _, words = _judged(EVEN, EVEN * np.where(np.arange(34) == 7, 2.5, 1.0))
    assert words == "values 7 to 8 went from 3.1 % to 7.4 %"


@pytest.mark.parametrize("tolerate", [0.0, 0.05])
@pytest.mark.parametrize(("events", "tiny"), [(60, 1e-70), (50_000, 0.0)])
def test_the_greatest_change_is_named_also_where_its_chance_is_no_number(
    tolerate: float, events: int, tiny: float
) -> None:
    """All of them are missing: of many events the chance is below the least float, in most sets of cells."""
    found, words = _judged(EVEN, 1.0 * (np.arange(34) == 32), n=events, tolerate=tolerate)
    assert found.p[0] <= tiny
    assert words == "missing went from 0.2 % to 100 %"


def test_a_series_is_judged_alike_alone_and_beside_others() -> None:
    """To the last bit."""
    rng = np.random.default_rng(4)
    expected, observed = rng.poisson(200, (60, 40)), rng.poisson(20, (60, 40))
    on_line = np.arange(40) < rng.choice([0, 6, 20, 36], 60)[:, None]
    together = judge(expected, observed, on_line, 0.0)
    for i in range(60):
        alone = judge(expected[i : i + 1], observed[i : i + 1], on_line[i : i + 1], 0.0)
        assert alone.p[0] == together.p[i]
        assert alone.contrast[0] == together.contrast[i]


def test_cells_that_nobody_uses_change_no_p_value() -> None:
    """To the last bit: windows of other grids are padded alike."""
    rng = np.random.default_rng(6)
    expected, observed = rng.poisson(200, (20, 34)), rng.poisson(21, (20, 34))
    on_line = np.broadcast_to(np.arange(34) < 32, (20, 34))
    padded = [np.pad(each, ((0, 0), (0, 30))) for each in (expected, observed, on_line)]
    assert np.array_equal(judge(expected, observed, on_line, 0.0).p, judge(*padded, 0.0).p)


def test_one_odd_event_flips_nothing() -> None:
    """One value of a type that was never there."""
    calm, _ = _judged(EVEN, EVEN)
    expected = np.round(EVEN * 100_000)[None].astype(np.int64)
    observed = np.round(EVEN * 1_000)[None].astype(np.int64)
    observed[0, 33] += 1  # of a type that was never there
    assert calm.p[0] == 1
    assert judge(expected, observed, np.arange(34)[None] < 32, 0.0).p[0] > 0.01


@pytest.mark.parametrize(("n", "m"), [(49, 1_000), (1_000, 49), (0, 0), (0, 1_000), (1_000, 0)])
def test_of_too_few_values_nothing_is_known(n: int, m: int) -> None:
    """On either side."""
    expected, observed = np.full((1, 10), m // 10), np.full((1, 10), n // 10)
    found = judge(expected, observed, np.ones((1, 10), np.bool_), 0.0)
    assert found.unknown[0]
    assert found.p[0] == 1


def test_panes_that_follow_each_other_teach_how_much_they_vary() -> None:
    """Autoregressive with coefficient 0.5: uncorrected, alarms at 0.01 are some nine times too many."""
    rng, cells, panes, n, repeated = np.random.default_rng(7), 34, 80, 200, 120
    edges = norm.ppf(np.arange(1, cells) / cells)
    values = lfilter([np.sqrt(0.75)], [1, -0.5], rng.standard_normal((repeated, (panes + 40) * n)), axis=1)
    place = np.searchsorted(edges, values).reshape(repeated, -1, n)
    counts = np.stack([(place == i).sum(axis=2) for i in range(cells)], axis=2).transpose(1, 0, 2)
    line = np.ones((repeated, cells), np.bool_)
    learned, total = Spread.learn(counts[:panes], line), counts[:panes].sum(axis=0)
    told = {True: 0.0, False: 0.0}
    for window in counts[panes:]:
        for taught in told:
            p = judge(total, window, line, 0.0, learned if taught else None).p
            told[taught] += (p <= 0.01).mean() / 40 / 0.01
    assert told[False] > 4
    assert 0.2 <= told[True] <= 1.5, "0.8 of many references (tests.honesty.incidents); of these 48 are promised"
