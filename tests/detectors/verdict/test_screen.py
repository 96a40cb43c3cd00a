"""How windows are judged together changes nothing of any of them, and what is screened out had not drifted."""

import numpy as np
import pytest

from detectors.verdict import SMALLEST, Spread, judge
from detectors.verdict.screen import candidates

SERIES, CELLS = 1_000, 37


@pytest.mark.parametrize("cells", [3, 35, 64, 104, 128, 200])
@pytest.mark.parametrize("tolerate", [0.0, 0.05])
def test_numbers_are_the_same_in_every_width_that_is_judged_in(cells: int, tolerate: float) -> None:
    """To the last bit: a window that ends together with that of a model of wider grids is no other."""
    rng = np.random.default_rng(1)
    expected = rng.poisson(300, (200, cells))
    observed = rng.poisson(30 * (1 + cells / 5 * (np.arange(cells) == 1)), (200, cells))
    on_line = np.broadcast_to(np.arange(cells) < cells - 3, expected.shape)
    sizes = np.full(200, cells)
    panes = rng.poisson(40, (60, 200, cells)) * 2
    spread = Spread.learn(panes, on_line, sizes)
    narrow, *others = [
        judge(
            *(np.pad(each, ((0, 0), (0, width - cells))) for each in (expected, observed, on_line)),
            tolerate, spread, sizes,
        )
        for width in (cells, cells + 1, cells + 30, 256)
    ]  # fmt: skip
    assert (narrow.p < 1).any()
    for other in others:
        for name in ("p", "contrast", "up", "unknown"):
            assert np.array_equal(getattr(narrow, name), getattr(other, name)), name


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
def test_whatever_drifts_is_a_candidate(alpha: float, tolerate: float, shift: float, n: int) -> None:
    """Over sizes, levels, tolerances and changes."""
    expected, observed, ordered = counts(7, n, shift)
    levels = np.random.default_rng(8).choice([alpha, alpha / 2, alpha / 700], SERIES)
    judged = judge(expected, observed, ordered, tolerate, sets_alone=True)
    drifted = ~judged.unknown & (judged.p <= levels)
    assert not (drifted & ~_screened(expected, observed, ordered, levels, tolerate)).any()
    assert drifted.any() or shift < 0.3


def test_few_are_candidates_where_nothing_changed() -> None:
    """A hundredth of the series at most, or judging all of them would be as cheap."""
    expected, observed, ordered = counts(9, 1_000, 0.0)
    known = np.minimum(expected.sum(axis=1), observed.sum(axis=1)) >= SMALLEST
    assert _screened(expected, observed, ordered, np.full(SERIES, 1e-5), 0.0)[known].mean() < 0.05
    assert _screened(expected, observed, ordered, np.full(SERIES, 1e-5), 0.05)[known].mean() < 0.02


def test_no_series_makes_no_candidates() -> None:
    """Empty in, empty out."""
    none = np.zeros((0, 5), np.int64)
    assert _screened(none, none, none < 0, np.zeros(0), 0.0).shape == (0,)


def _screened(
    expected: np.ndarray, observed: np.ndarray, ordered: np.ndarray, level: np.ndarray, tolerate: float
) -> np.ndarray:
    series, cells = expected.shape
    return candidates(expected, observed, ordered.sum(axis=1), np.full(series, cells), level, np.full(series, tolerate))
