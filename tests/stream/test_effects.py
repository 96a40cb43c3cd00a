"""Distances that judge nothing: those of a window do not depend on what else ends with it."""

import numpy as np

from detectors import parts
from detectors.distances import DISTANCES
from detectors.grids import build
from stream.monitor.verdicts.distances import measured
from stream.plan import Plan


def test_numbers_are_the_same_in_every_width_that_is_judged_in() -> None:
    """To the last bit: windows are judged in the width of the widest grid that ends there."""
    rng = np.random.default_rng(1)
    grid = build({"a": rng.normal(size=500), "b": rng.gamma(1.0, size=500)}, {"c": ["x", "y", "z"] * 9})
    plan = Plan("m", 0, grid, (), parts.empty(grid, 1), "", ())
    width = int(grid.regular.max()) + 3
    counts = np.zeros((2, 3, width), np.int64)
    for i, regular in enumerate(grid.regular.tolist()):
        counts[:, i, : regular + 3] = rng.poisson(((300,), (30,)), (2, regular + 3))
    columns = np.arange(3)
    narrow = measured(plan, columns, *counts, tuple(DISTANCES))
    assert np.isfinite(narrow[:2]).all()
    for wider in range(1, 90):
        padded = np.pad(counts, ((0, 0), (0, 0), (0, wider)))
        np.testing.assert_array_equal(narrow, measured(plan, columns, *padded, tuple(DISTANCES)))
