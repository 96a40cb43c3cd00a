"""Sample ratios: the evidence is the Bayes factor, and shares that are kept are seldom called a mismatch."""

from math import log

import numpy as np
import pytest
from scipy.stats import dirichlet_multinomial, multinomial

from detectors.sample_ratio import BELIEF, dispersion, sample_ratio
from tests.honesty.sample_ratio import ALPHA, SHARES, first_mismatch, repeated


@pytest.mark.parametrize("counts", [[0, 0, 0], [7, 2, 1], [30, 10, 60]])
def test_p_is_one_by_the_bayes_factor(counts: list[int]) -> None:
    """The chance of the counts under the intended shares, by that under the belief; at most 1."""
    shares = np.array([0.5, 0.3, 0.2])
    n = sum(counts)
    factor = dirichlet_multinomial.logpmf(counts, BELIEF * shares, n) - multinomial.logpmf(counts, n, shares)
    assert sample_ratio(np.array([counts]), shares).p[0] == pytest.approx(min(1.0, np.exp(-factor)))


def test_the_evidence_is_that_of_one_event_after_another() -> None:
    """Each event's predicted share by its intended one, multiplied up in a loop."""
    events = np.random.default_rng(1).choice(2, 300, p=[0.7, 0.3])
    seen, evidence = np.zeros(2), 0.0
    for event in events:
        evidence += log((BELIEF * 0.5 + seen[event]) / (BELIEF + seen.sum())) - log(0.5)
        seen[event] += 1
    assert sample_ratio(seen[None].astype(int), np.array([0.5, 0.5])).p[0] == pytest.approx(np.exp(-evidence))


def test_a_mismatch_is_named_and_stays() -> None:
    """The variant that is short of what it was meant to get, and a p that does not rise again."""
    shares = np.array([0.5, 0.4, 0.1])
    found = sample_ratio(np.array([[5_100, 4_200, 700]]), shares)
    assert found.mismatch[0]
    assert 2 == found.variant[0]
    assert found.excess[0] == pytest.approx(-0.03)
    later = sample_ratio(np.array([[50_000, 40_000, 10_000]]), shares, found.p)
    assert later.mismatch[0]
    assert found.p == later.p


def test_many_tests_are_judged_at_once() -> None:
    """Each by its own shares, as alone."""
    counts, shares = np.array([[50, 50], [90, 10], [0, 0]]), np.array([[0.9, 0.1], [0.9, 0.1], [0.5, 0.5]])
    together = sample_ratio(counts, shares)
    assert [True, False, False] == together.mismatch.tolist()
    for i in range(3):
        assert sample_ratio(counts[i : i + 1], shares[i]).p[0] == together.p[i]


def test_shares_that_are_none_are_refused() -> None:
    """A variant without traffic, or shares of more than everything, are a mistake of the caller."""
    for shares in ([1.0, 0.0], [0.6, 0.6]):
        with pytest.raises(AssertionError):
            sample_ratio(np.array([[1, 1]]), np.array(shares))


@pytest.mark.parametrize("shares", SHARES)
def test_kept_shares_are_called_a_mismatch_as_seldom_as_promised(shares: list[float]) -> None:
    """Looked at 500 times, after every event and after every hundred; 300 runs, seed 15."""
    for events in (1, 100):
        assert np.isfinite(first_mismatch(shares, shares, events, 500, 300)).mean() <= ALPHA


def test_a_mismatch_is_found() -> None:
    """55 : 45 instead of halves: within 1,000 events in the median; seed 15."""
    assert np.median(first_mismatch([0.5, 0.5], [0.55, 0.45], 10, 300, 200)) <= 1_000


def windows(rng: np.random.Generator, each: int, share: list[float], n: int = 500) -> np.ndarray:
    """Counts of two variants in windows of some 40 ids with as many events each."""
    return each * np.stack([rng.poisson(40 * part, n) for part in share], axis=1)


def test_events_that_come_together_are_counted_together() -> None:
    """Ids with three events each know a third of what their events would; independent ones count whole.

    Of 5,000 windows the standard error is 0.025 of the value.
    """
    rng = np.random.default_rng(6)
    assert dispersion(windows(rng, 1, [0.7, 0.3], 5_000)) == pytest.approx(1.0, rel=0.1)
    assert dispersion(windows(rng, 3, [0.7, 0.3], 5_000)) == pytest.approx(3.0, rel=0.1)
    assert dispersion(windows(rng, 3, [0.5, 0.3, 0.2], 5_000)) == pytest.approx(3.0, rel=0.1)


def test_shares_that_change_slowly_do_not_hide_themselves() -> None:
    """From 0.1 to 0.5 within 500 windows: neighbours are alike."""
    rng = np.random.default_rng(7)
    rising = np.linspace(0.1, 0.5, 500)
    counts = np.stack([rng.poisson(400 * (1 - rising)), rng.poisson(400 * rising)], axis=1)
    assert dispersion(counts) < 1.2


@pytest.mark.parametrize("counts", [[[5, 5]] * 9, [[0, 0]] * 20, [[7, 0]] * 20, np.zeros((0, 2), np.int64)])
def test_nobody_knows_how_events_come_together_from_little(counts: list[list[int]]) -> None:
    """Few windows, none, empty ones, one variant."""
    assert dispersion(np.array(counts)) == 1.0


def test_repeated_events_are_no_mismatch() -> None:
    """Three events of each id, shares kept, looked at after each of 300 windows: 200 runs, seed 8."""
    found, whole = repeated([0.9, 0.1], 3, 300, 200)
    assert found <= ALPHA
    assert whole > 0.4
