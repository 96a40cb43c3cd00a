"""Evidence pane by pane: steps are likelihood ratios, limits keep their promise, and what changed is named."""

import numpy as np
import pytest
from scipy.stats import binom

from detectors.sequential.evidence import SCORES, SHIFTS, Evidence, Sums
from detectors.sequential.fold import pack
from detectors.verdict import Spread

NUMBER = np.r_[5e-4, np.full(20, 1 / 20), 5e-4, 0.02]  # quantile cells between open ends, and missing
CATEGORY = np.r_[1 / np.arange(1.0, 11), 1e-3]
NONE = Evidence(scores=0.0, cells=0.0)  # no edge: as if the reference were known


def alarms(shares: np.ndarray, on_line: int, n: int, m: int) -> float:
    """Measured over promised alarms of series that do not change, each with a reference of its own."""
    rng, every, panes, series = np.random.default_rng(5), 500, 250, 200
    shares = shares / shares.sum()
    line = np.broadcast_to(np.arange(len(shares)) < on_line, (series, len(shares)))
    evidence = Evidence.of(every, int(on_line > 0), len(shares))  # of each series
    reference, sums, told = rng.multinomial(m, shares, series), evidence.start(series, len(shares)), 0
    for _ in range(panes):
        steps = evidence.steps(reference, rng.multinomial(n, shares, series), line, 0.0)
        sums, found = evidence.step(sums, steps)
        told += int(found.alarms.sum())
    return told * every / (series * panes)


def test_panes_that_vary_more_keep_the_promise() -> None:
    """Five events of each user are alike: 100 panes teach how much more panes vary, and nothing else would do."""
    rng, every, users, panes = np.random.default_rng(8), 500, 40, 300
    shares, series = NUMBER / NUMBER.sum(), 100
    line = np.broadcast_to(np.arange(len(shares)) < 22, (series, len(shares)))
    taught = 5 * rng.multinomial(users, shares, (100, series))
    reference, evidence = taught.sum(axis=0), Evidence.of(every, 1, len(shares))
    ratios = []
    for spread in (Spread.learn(taught, line), None):
        sums, told = evidence.start(series, len(shares)), 0
        for _ in range(panes):
            steps = evidence.steps(reference, 5 * rng.multinomial(users, shares, series), line, 0.0, spread)
            sums, found = evidence.step(sums, steps)
            told += int(found.alarms.sum())
        ratios.append(told * every / (series * panes))
    assert 0.3 < ratios[0] < 1.2
    assert ratios[1] > 10


@pytest.mark.parametrize(("shares", "on_line"), [(NUMBER, 22), (CATEGORY, 0)])
@pytest.mark.parametrize(("n", "m"), [(100, 3_000), (100, 100_000), (20, 2_000)])
def test_limits_keep_their_promise(shares: np.ndarray, on_line: int, n: int, m: int) -> None:
    """Unchanged series alarm 0.3 to 1.2 times as often as promised in the mean over references, small ones too."""
    assert 0.3 < alarms(shares, on_line, n, m) < 1.2


def test_the_ratio_of_a_score_is_1_in_the_mean() -> None:
    """Of very skewed series that do not change: the mean of exp(step) over all panes of 30 events, both ways."""
    few = np.arange(31)
    observed = np.stack((30 - few, few), axis=1)
    expected = np.broadcast_to(np.array([9, 1]) * 10**12, observed.shape)
    for steps in NONE.steps(expected, observed, np.ones(observed.shape, np.bool_), 0.0):
        known = steps[:, : len(SCORES)][:, steps[:, : len(SCORES)].any(axis=0)]  # two cells have no scale
        assert known.shape[1] == len(SHIFTS)
        np.testing.assert_allclose(1.0, binom.pmf(few, 30, 0.1) @ np.exp(known), rtol=1e-5)


def test_the_step_of_a_cell_is_a_ratio_of_binomials() -> None:
    """One standard error more, or less, against the reference's share: 20 % and 4 points of 100 events."""
    expected, observed = np.array([[2 * 10**8, 8 * 10**8]]), np.array([[26, 74]])
    up, down = (steps[0, len(SCORES)] for steps in NONE.steps(expected, observed, np.zeros((1, 2), np.bool_), 0.0))
    np.testing.assert_allclose(binom.logpmf(26, 100, 0.24) - binom.logpmf(26, 100, 0.2), up, rtol=1e-6)
    np.testing.assert_allclose(binom.logpmf(26, 100, 0.16) - binom.logpmf(26, 100, 0.2), down, rtol=1e-6)


def test_what_is_tolerated_is_no_evidence() -> None:
    """Four points more of a category, a mean rank of 0.54: steps up at tolerance 0, and down where 5 % are."""
    rng = np.random.default_rng(7)
    category, number = np.array([[500, 300, 200, 0]]) * 1_000, np.full((1, 4), 250_000)
    more = rng.multinomial(2_000, [0.46, 0.3, 0.24, 0], 1)
    higher = rng.multinomial(2_000, [0.22, 0.24, 0.25, 0.29], 1)
    expected, observed = np.concatenate((category, number)), np.concatenate((more, higher))
    line = np.array([[False] * 4, [True] * 4])
    for tolerate, above in ((0.0, True), (0.05, False)):
        up, _ = NONE.steps(expected, observed, line, tolerate)
        assert above == (up[0, len(SCORES) + 2] > 0)
        assert above == (up[1, 0] > 0)


def test_a_series_that_alarms_says_what_and_starts_anew() -> None:
    """Missing values twice as frequent: the alarm is the missing cell's, up; the other series keeps its sums."""
    evidence = Evidence.of(500, 2, 46)
    shares = NUMBER / NUMBER.sum()
    expected = np.rint(np.tile(shares, (2, 1)) * 1e6).astype(np.int64)
    observed = np.rint(np.tile(shares, (2, 1)) * 2_000).astype(np.int64)
    observed[0, 22] *= 2
    line = np.broadcast_to(np.arange(23) < 22, (2, 23))
    sums, told = evidence.start(2, 23), None
    for _ in range(10):
        before = sums
        sums, told = evidence.step(sums, evidence.steps(expected, observed, line, 0.0))
        if told.alarms.any():
            break
    assert told is not None
    assert [True, False] == told.alarms.tolist()
    assert (len(SCORES) + 22, True) == (told.contrast[0], told.up[0])
    assert told.sums[0] > told.limits[0] == evidence.cells
    assert not sums.high[0].any()
    assert before.high[0].any()


def test_a_pane_without_values_moves_nothing() -> None:
    """No events, or no reference: steps of 0; and state comes back from bytes as it was."""
    expected, observed = np.array([[5, 5, 9], [0, 0, 0]]), np.array([[0, 0, 0], [5, 5, 9]])
    line = np.broadcast_to(np.array([True, True, False]), (2, 3))
    evidence = Evidence.of(500, 2, 6)
    for steps in evidence.steps(expected, observed, line, 0.0):
        assert not steps.any()
    sums, _ = evidence.step(evidence.start(2, 3), (np.full((2, 7), 1.25), np.full((2, 7), -1.0)))
    again = Sums.unpack(pack(sums))
    assert [[1280] * 7] * 2 == again.high.tolist()
    assert [[0] * 7] * 2 == again.low.tolist()
