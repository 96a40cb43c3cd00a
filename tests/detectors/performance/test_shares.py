"""Shares beside those of a reference: what is promised is kept at every level, by the exact law of both."""

import numpy as np
import pytest
from scipy.stats import binom

from detectors.performance.shares import Trials, beside

REFERENCES = [(1_000, 0.1), (1_000, 0.02), (50, 0.3), (40, 0.9)]
RARE = 1e-13  # of outcomes that are left out
LEFT = 1e-3  # of what is promised: the rarest pairs, together, which are taken for found and not judged


@pytest.mark.parametrize(("m", "share"), REFERENCES)
@pytest.mark.parametrize("n", [20, 300, 2_000])
@pytest.mark.parametrize("tolerate", [0.0, 0.05])
@pytest.mark.parametrize("alpha", [0.05, 1e-3, 1e-5])
def test_chance_is_worse_at_most_as_often_as_promised(
    m: int, share: float, n: int, tolerate: float, alpha: float
) -> None:
    """Summed over all pairs of outcomes, of a window that is as bad as is just tolerated."""
    now = np.arange(n + 1.0)
    before = np.arange(m + 1.0)
    chance, usual = binom.pmf(now, n, share + tolerate), binom.pmf(before, m, share)
    now, before, chance, usual = now[chance > RARE], before[usual > RARE], chance[chance > RARE], usual[usual > RARE]
    bad, of_reference = (each.ravel() for each in np.meshgrid(now, before, indexing="ij"))
    both = (chance[:, None] * usual).ravel()
    rarest = np.argsort(both)
    taken = np.sort(rarest[np.cumsum(both[rarest]) > LEFT * alpha])
    bad, of_reference = bad[taken], of_reference[taken]
    found = beside(
        Trials(bad, np.full(len(bad), float(n))),
        Trials(of_reference, np.full(len(bad), float(m))),
        alpha,
        tolerate,
    )
    assert both[taken] @ found.worse <= (1 - LEFT) * alpha
    assert ((bad / n > found.limit) == (found.worse == 1))[np.abs(bad / n - found.limit) > 1e-6].all()


def test_a_real_fall_is_found_with_a_hundred_labels() -> None:
    """From 0.90 to 0.72, after a reference of a thousand, at a level of one in five thousand."""
    found = beside(Trials(np.array([28.0]), np.array([100.0])), Trials(np.array([100.0]), np.array([1e3])), 2e-4, 0.0)
    assert found.worse[0] == 1
    assert 0.2 < found.limit[0] < 0.28


def test_nothing_is_said_of_nothing() -> None:
    """No pairs on either side: unknown."""
    none, some = Trials(np.zeros(1), np.zeros(1)), Trials(np.ones(1), np.full(1, 10.0))
    for now, before in ((none, some), (some, none)):
        assert all(np.isnan(each[0]) for each in beside(now, before, 0.01, 0.0))
