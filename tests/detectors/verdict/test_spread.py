"""What panes teach about how much windows vary: robustly, and kept to the last bit."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import norm

from detectors.verdict import Spread
from detectors.verdict.spread import PANES_MIN

LINE = np.broadcast_to(np.arange(12) < 10, (3, 12))


def _panes(seed: int, each: int) -> np.ndarray:
    """Counts of panes, (panes, series, cells): so many draws fall together."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.multinomial(300 // each, np.full(12, 1 / 12), (80, 3)) * each)


@pytest.mark.parametrize("each", [1, 5])
def test_what_was_learned_comes_back_from_bytes_to_the_last_bit(each: int) -> None:
    """The bytes are the same for the same panes, and few where nothing was learned."""
    learned = Spread.learn(_panes(1, each), LINE)
    back = Spread.unpack(learned.pack())
    assert learned.panes == back.panes == 80
    for name in ("inflation", "freedom", "slow"):
        assert np.array_equal(getattr(learned, name), getattr(back, name))
    assert learned.pack() == back.pack() == Spread.learn(_panes(1, each), LINE).pack()
    assert (len(learned.pack()) < 10) == (each == 1)


SERIES, PANES, EACH = 20, 60, 200
EDGES = norm.ppf(np.arange(1, 20) / 20)
SD = np.sqrt(2.9 / EACH)  # of the mean of a pane


def _following(level: np.ndarray, coefficient: float = 0.5, seed: int = 3) -> np.ndarray:
    """Counts of panes, (panes, SERIES, 20), of values that follow each other around a level of each pane, (panes,)."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((SERIES, len(level) * EACH)) * np.sqrt(1 - coefficient**2)
    values = lfilter([1.0], [1.0, -coefficient], noise, axis=1).reshape(SERIES, -1, EACH) + level[:, None]
    place = np.searchsorted(EDGES, values)
    return np.stack([(place == i).sum(axis=2) for i in range(20)], axis=2).transpose(1, 0, 2)


def _learned(panes: np.ndarray) -> Spread:
    return Spread.learn(panes, np.ones(panes.shape[1:], np.bool_))


T = np.arange(PANES)


@pytest.mark.parametrize(
    "level",
    [0.0 * T, SD * 5 * (T >= 30), SD * T / 12, 10 * SD * (T == 20)],
    ids=["nothing", "a shift", "a trend", "a wild pane"],
)
def test_what_happens_while_panes_teach_teaches_little(level: np.ndarray) -> None:
    """The location of an autoregressive series varies 2.9 times as much as independent draws; 13 with the shift."""
    learned = _learned(_following(level))
    assert 2.3 < learned.inflation[:, 0].mean() < 3.5
    assert 1.0 <= learned.inflation[:, 7:20].mean() < 1.2, "a cell in the middle: 1.03"
    assert learned.slow.mean() <= 0.05


def test_empty_panes_teach_nothing_and_panes_of_any_size_teach_alike() -> None:
    """Every other one is empty; every third one has two panes' values."""
    calm = _following(np.zeros(120))
    sparse = calm * (np.arange(120) % 2)[:, None, None]
    assert np.array_equal(_learned(sparse[1::2]).inflation, _learned(sparse).inflation)
    starts = [i for i in range(120) if i % 4 != 3]
    unequal = np.add.reduceat(calm, starts, axis=0)
    assert 2.4 < _learned(unequal).inflation[:, 0].mean() < 3.5


def test_what_varies_between_panes_is_told_to_be_slow() -> None:
    """A wave of thirty panes is; draws that know nothing of each other are not, nor what follows within a pane."""
    assert _learned(_following(3 * SD * np.sin(2 * np.pi * T / 30))).slow.mean() > 0.9
    assert not _learned(_following(0.0 * T, 0.0)).slow.any()


def test_one_burst_of_a_rare_value_does_not_hide_the_next() -> None:
    """30 of 200 in one pane, of a cell that the others nearly never use."""
    panes = _following(0.0 * T)
    panes = np.concatenate((panes, np.zeros((PANES, SERIES, 1), np.int64)), axis=2)
    panes[7::20, :, 20] = 1
    calm = Spread.learn(panes, np.ones(panes.shape[1:], np.bool_))
    panes[20, :, 20] = 30
    burst = Spread.learn(panes, np.ones(panes.shape[1:], np.bool_))
    assert burst.inflation[:, 24].mean() < 1.3 * calm.inflation[:, 24].mean()


def test_the_tails_of_users_vary_as_much_as_they_do() -> None:
    """Five values of each user that are nearly alike: what is far out is so by all scores together.

    Of 20 cells the last one varies 2.9 times as much as independent draws. Beyond it is one that hardly any pane has:
    it leans on what is around it.
    """
    rng, edges = np.random.default_rng(5), np.r_[norm.ppf(np.arange(1, 20) / 20), 3.5]
    own = np.repeat(rng.standard_normal((60, PANES, 20)), 5, axis=2)
    place = np.searchsorted(edges, 0.9 * own + np.sqrt(0.19) * rng.standard_normal(own.shape))
    counts = np.stack([(place == i).sum(axis=2) for i in range(21)], axis=2).transpose(1, 0, 2)
    learned = Spread.learn(counts, np.ones(counts.shape[1:], np.bool_)).inflation[:, 4:].mean(axis=0)
    assert 2.4 < learned[19] < 3.1
    assert 1.7 < learned[20] < 3.1
    assert 1.1 < learned[9] < 1.4


def test_independent_draws_teach_nothing() -> None:
    """But for one reference in twenty."""
    taught = [_learned(_following(0.0 * T, 0.0, seed)).inflation.max() > 1 for seed in range(20)]
    assert sum(taught) <= 3


def test_a_series_is_taught_alike_alone_and_beside_wider_ones() -> None:
    """Cells that are not its own change nothing."""
    panes = _following(0.0 * T)
    line = np.ones(panes.shape[1:], np.bool_)
    alone = Spread.learn(panes, line)
    wide = np.pad(panes, ((0, 0), (0, 1), (0, 20)))
    wide[:, SERIES] = 5
    beside = Spread.learn(wide, np.pad(line, ((0, 1), (0, 20))), np.r_[np.full(SERIES, 20), 40])
    n = alone.inflation.shape[1]
    assert np.allclose(alone.inflation, beside.inflation[:SERIES, :n], rtol=1e-6)
    assert np.allclose(alone.freedom, beside.freedom[:SERIES, :n], rtol=1e-6)


def test_nothing_at_all_teaches_nothing() -> None:
    """Panes that are all empty, and a series of one value."""
    panes = np.zeros((PANES, 2, 4), np.int64)
    panes[:, 1, 2] = 10
    learned = Spread.learn(panes, np.ones((2, 4), np.bool_))
    assert np.array_equal(np.ones(learned.inflation.shape), learned.inflation)
    assert not learned.slow.any()


def test_a_spread_needs_its_panes() -> None:
    """Else a promise would be a guess."""
    with pytest.raises(AssertionError):
        Spread.learn(np.ones((PANES_MIN - 1, 1, 4), np.int64), np.ones((1, 4), np.bool_))
