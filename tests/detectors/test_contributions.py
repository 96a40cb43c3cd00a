"""What cells contribute sums to the distance, and what is told of it sums to the same."""

from math import fsum

import numpy as np
import pytest

from detectors.contributions import told
from detectors.distances import DISTANCES

SUMS = [name for name, distance in DISTANCES.items() if distance.cells is not None]
ULPS = 16 * np.finfo(np.float64).eps  # what adding 40 numbers in any order rounds away


@pytest.mark.parametrize("name", SUMS)
def test_contributions_sum_to_the_distance_to_its_last_bits(name: str) -> None:
    """Or to its square, of the kind that is a root; with empty cells on either side and on both, and unequal sizes."""
    rng = np.random.default_rng(12)
    distance, positions = DISTANCES[name], np.arange(40.0)
    for size in (1, 50, 10**6):
        expected, observed = rng.poisson(3 * size, (30, 40)), rng.poisson(2, (30, 40))
        expected[:, :5] = observed[:, 3:8] = 0
        cells = distance.contributions(expected, observed, positions)
        sums = np.array([fsum(row) for row in cells.tolist()])
        assert np.allclose(sums, distance(expected, observed, positions) ** distance.power, rtol=ULPS, atol=0)
        assert (cells >= 0).all()


def test_what_is_told_sums_to_what_all_cells_do() -> None:
    """Each cell is told once, alone or among the others; the rest does not depend on their order."""
    rng = np.random.default_rng(13)
    for _ in range(50):
        cells = rng.exponential(1.0, 12) ** 3
        cells[rng.integers(0, 12, 4)] = 0
        one, order = told(cells, 3), rng.permutation(12)
        assert sorted((*one.cells, *one.others)) == np.flatnonzero(cells > 0).tolist()
        assert cells[list(one.cells)].min() >= cells[list(one.others)].max(initial=0.0)
        assert np.isclose(fsum([*cells[list(one.cells)], one.rest]), fsum(cells), rtol=ULPS)
        assert one.rest == told(cells[order], 3).rest


def test_cells_that_contribute_nothing_are_not_told() -> None:
    """Of equals the first come first."""
    assert ((1, 3), (), 0.0) == told(np.array([0.0, 2.0, 0.0, 2.0, 0.0]), 3)
    assert ((0, 1), (2, 3), 2.0) == told(np.ones(4), 2)
