"""What days teach of how much they differ, and what a window is then beside others of its time."""

import numpy as np
import pytest

from detectors.verdict import Spread, judge
from detectors.verdict.days import Days
from detectors.verdict.scores import scores

CELLS, SLOTS, DAYS, SERIES, N = 12, 24, 14, 2, 400
LINE, SIZES = np.ones((SERIES, CELLS), np.bool_), np.full(SERIES, CELLS)


def days(rng: np.random.Generator, differ: float, n: int = DAYS) -> np.ndarray:
    """Counts, (days, slots, series, cells): of the first series each day has a level of its own."""
    level = np.zeros((n, 1, SERIES, 1))
    level[:, 0, 0, 0] = differ * rng.standard_normal(n)
    place = np.sin(2 * np.pi * np.arange(SLOTS) / SLOTS)[:, None, None] + level
    shares = np.exp(-0.5 * ((np.arange(CELLS) - 5.5) / 2 - place) ** 2)
    return np.asarray(rng.multinomial(N, shares / shares.sum(axis=-1, keepdims=True)))


def told(counts: np.ndarray, slot: int = 3) -> Spread:
    """What the first days teach of a slot of the next one."""
    found = Days.learn(counts, LINE, SIZES)
    assert found is not None
    return found.spread(counts[-7:, slot], np.full(SERIES, N), LINE, SIZES)


def test_a_series_whose_days_differ_varies_so_much_more_and_no_other_does() -> None:
    """Levels a tenth of a deviation apart are worth 400 values times 0.01, or 4 variances more."""
    found = np.stack([told(days(np.random.default_rng(seed), 0.1)).inflation for seed in range(8)])
    assert 4.0 < found[:, 0, 0].mean() < 6.0
    assert (found[:, 1] > 1).any(axis=1).sum() <= 1


def test_where_days_are_alike_verdicts_stay_as_they_were() -> None:
    """To the last bit."""
    rng = np.random.default_rng(3)
    counts, now = days(rng, 0.0), days(rng, 0.0, 1)[0, 3]
    before = counts[-7:, 3].sum(axis=0)
    assert judge(before, now, LINE, 0.0).p.tolist() == judge(before, now, LINE, 0.0, told(counts)).p.tolist()


def test_the_fewer_days_the_heavier_the_tail() -> None:
    """Of seven days nobody knows as well as of fourteen how far an eighth may go."""
    counts = days(np.random.default_rng(4), 0.3)
    few, many = (told(counts[-n:]).freedom[0, 0] for n in (4, 14))
    assert 3 <= few < 5
    assert 13 <= many < 17


def test_seven_days_of_their_own_levels_are_no_drift_beside_seven_others() -> None:
    """The eighth day of each world: independent draws would be called drift most of the time."""
    taught = untaught = 0
    for seed in range(12):
        counts = days(np.random.default_rng(seed), 0.3, DAYS + 1)
        before, now = counts[-8:-1, 3].sum(axis=0), counts[-1, 3]
        untaught += judge(before, now, LINE, 0.0).p[0] <= 0.01
        taught += judge(before, now, LINE, 0.0, told(counts[:-1])).p[0] <= 0.01
    assert taught <= 1
    assert untaught >= 6


def test_what_is_rare_or_empty_teaches_nothing_and_few_windows_do_not_either() -> None:
    """Slots that some days lack, a series without values, and fewer than sixty windows."""
    rng = np.random.default_rng(5)
    counts = days(rng, 0.3)
    counts[:, :, 1] = 0
    counts[:5, ::2] = 0
    found = Days.learn(counts, LINE, SIZES)
    assert found is not None
    assert [True, False] == found.differ.tolist()
    assert np.isfinite(found.excess).all()
    assert Days.learn(counts[:, :1], LINE, SIZES) is None


@pytest.mark.parametrize("series", [1, 40])
def test_no_series_depends_on_those_beside_it(series: int) -> None:
    """Series are learned some at a time."""
    counts = days(np.random.default_rng(6), 0.1)[:, :, :1]
    alone = Days.learn(counts, LINE[:1], SIZES[:1])
    many = Days.learn(np.tile(counts, (1, 1, series, 1)), np.tile(LINE[:1], (series, 1)), np.tile(SIZES[:1], series))
    assert alone is not None
    assert many is not None
    assert np.allclose(alone.excess, many.excess[-1:], rtol=1e-12)
    assert alone.differ.tolist() == many.differ[-1:].tolist()


def test_squares_are_those_of_a_loop() -> None:
    """The variance of the first score between days, by DerSimonian and Laird, of windows of one size, and by days."""
    counts = days(np.random.default_rng(7), 0.2)
    found = Days.learn(counts, LINE, SIZES)
    assert found is not None
    squares, common = 0.0, np.zeros(DAYS)
    for slot in range(SLOTS):
        both = counts[:, slot, 0].sum(axis=0)
        score = scores(both[None], LINE[:1])[0, 0]
        means = counts[:, slot, 0] @ score / N
        gaps = means - means.mean()  # the score has variance 1 over all
        squares += N * (gaps**2).sum()
        common += N * gaps
    within = (squares - SLOTS * (DAYS - 1)) / (SLOTS * N * (DAYS - 1))
    by_day = ((common**2).sum() / (SLOTS * N) - (DAYS - 1)) / (SLOTS * N * (DAYS - 1))
    assert max(within, by_day) == pytest.approx(found.excess[0, 0], rel=1e-6)
