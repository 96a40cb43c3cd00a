"""The law of suspects: whatever drifts is one. And they are few, or nothing would be saved."""

import numpy as np
import pytest

from detectors import suspects as suspects_of
from detectors.rare import RARE, merged, smaller_share, targets
from detectors.significance import SMALLEST, UNORDERED, Chance, judge
from detectors.suspects import suspects

SERIES, CELLS = 1_000, 37


def counts(seed: int, n: int, shift: float) -> tuple[np.ndarray, ...]:
    """Series of every size up to n, some of few cells, many with rare ones; a share `shift` of the second moved."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(CELLS, 0.3), SERIES)
    shares[: SERIES // 5, 4:] = 0
    shares /= shares.sum(axis=1, keepdims=True)
    moved = (1 - shift) * shares + shift * shares[:, ::-1]
    expected = rng.multinomial(rng.integers(1, 20 * n, SERIES), shares)
    observed = rng.multinomial(rng.integers(1, n, SERIES), moved)
    ordered = np.broadcast_to(rng.random(SERIES) < 0.5, (CELLS, SERIES)).T & (np.arange(CELLS) < 33)
    return expected, observed, ordered


@pytest.mark.parametrize("alpha", [0.05, 1e-3, 1e-7, 1e-15])
@pytest.mark.parametrize("tolerate", [0.0, 0.05])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("n", [200, 20_000])
def test_whatever_drifts_is_a_suspect(alpha: float, tolerate: float, shift: float, n: int) -> None:
    """Over sizes, levels, tolerances and changes."""
    expected, observed, ordered = counts(7, n, shift)
    levels = np.random.default_rng(8).choice([alpha, alpha / 2, alpha / 700], SERIES)
    drifted = judge(expected, observed, ordered, levels, tolerate).drifted
    assert not (drifted & ~suspects(expected, observed, ordered, levels, tolerate)).any()
    assert drifted.any() or shift < 0.3


def test_few_are_suspected_where_nothing_changed() -> None:
    """A tenth of the series at most, or judging all of them would be as cheap."""
    expected, observed, ordered = counts(9, 1_000, 0.0)
    known = np.minimum(expected.sum(axis=1), observed.sum(axis=1)) >= SMALLEST
    many = np.arange(SERIES) >= SERIES // 5  # the others have four cells
    assert suspects(expected, observed, ordered, 1e-5, 0.05)[known & many].mean() < 0.1


def test_what_is_unknown_is_no_suspect() -> None:
    """Fewer than fifty values, whatever they are."""
    few = np.array([[SMALLEST - 1, 0, 0, 0, 0]])
    assert [False] == suspects(few, few[:, ::-1], few < 0, 0.05, 0.0).tolist()


def test_no_series_makes_no_suspects() -> None:
    """Empty in, empty out."""
    none = np.zeros((0, 5), np.int64)
    assert (0,) == suspects(none, none, none < 0, np.zeros(0), 0.0).shape


@pytest.mark.parametrize("name", UNORDERED)
def test_the_bound_is_below_the_limit(name: str) -> None:
    """And near it where there are many values: within a tenth of it for samples of 5,000."""
    expected, observed, _ = counts(11, 10_000, 0.1)
    target = targets(expected, observed)
    before, now = merged(expected, target), merged(observed, target)
    m, n = before.sum(axis=1), now.sum(axis=1)
    cells = before + now > 0
    rare = (cells & ((before + now) * smaller_share(before, now) < RARE)).any(axis=1)
    freedom, effective = cells.sum(axis=1) - 1.0, m * n / (m + n)
    for level in (0.02, 1e-4, 1e-9):
        levels, place = np.array([level]), np.zeros(SERIES, np.int64)
        limits = Chance.of(before, now).quantile(name, levels[place], 0.05) * effective
        away = effective * 0.05**2
        bounds = suspects_of._least(name, freedom, away, rare.astype(np.float64), levels, place)
        sure = (freedom >= suspects_of.FREEDOM_LEAST) | ((freedom > 0) & ~rare)
        known = sure & (np.minimum(m, n) >= SMALLEST)
        assert (bounds <= limits)[known].all()
        assert (bounds > 0.9 * limits)[known & (np.minimum(m, n) > 5_000)].all()
