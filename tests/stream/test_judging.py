"""How windows are judged together changes nothing of any of them."""

import numpy as np
import pytest

from detectors.significance import judge
from stream.monitor.judging import padded


@pytest.mark.parametrize("cells", [3, 35, 64, 104, 128, 200])
def test_numbers_are_the_same_in_every_width_that_is_judged_in(cells: int) -> None:
    """To the last bit: a window that ends together with that of a model of wider grids is no other."""
    rng = np.random.default_rng(1)
    expected, observed = rng.poisson(300, (200, cells)), rng.poisson(30, (200, cells))
    on_line = np.broadcast_to(np.arange(cells) < cells - 3, expected.shape)
    widths = sorted({padded(wide) for wide in range(cells, 256)})
    narrow, *others = [
        judge(*(np.pad(each, ((0, 0), (0, width - cells))) for each in (expected, observed, on_line)), 1e-4, 0.05)
        for width in widths
    ]
    for other in others:
        for name in narrow.values:
            assert np.array_equal(narrow.values[name], other.values[name], equal_nan=True)
            assert np.array_equal(narrow.limits[name], other.limits[name], equal_nan=True)
        assert np.array_equal(narrow.contributions, other.contributions[:, : narrow.contributions.shape[1]])
