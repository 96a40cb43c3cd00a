"""Estimates of segments: a short version of `tests.honesty.segments`."""

import numpy as np
import pytest

from tests.honesty.segments import WORLDS, covered

LEVEL = 0.95


@pytest.mark.parametrize("world", ["two, small segment shifts", "five, small segment", "errors shift"])
def test_intervals_of_segments_hold_what_they_promise(world: str) -> None:
    """Within four deviations of 0.95."""
    runs = 30
    one = WORLDS[world]
    small = one._replace(base=one.base._replace(reference=3_000))
    for name, share in covered(small, range(runs), (1_000,)).items():
        assert abs(share.inside - LEVEL) < 4 * np.sqrt(LEVEL * (1 - LEVEL) / runs), name
