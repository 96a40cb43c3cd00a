"""Estimates with their intervals, whatever errors they have."""

import numpy as np
import pytest

from detectors.estimation.estimate import Thirds, between


@pytest.mark.parametrize("error", [1e103, 1e300, np.inf])
def test_an_interval_holds_its_value_however_large_the_error(error: float) -> None:
    """The cube of an error of 1e103 is no number: its interval leans to no side."""
    value, errors = np.array([2.0]), np.array([error])
    found = between((value, value), (errors, errors), 0.95, thirds=Thirds(error, error, error))
    assert found.low[0] < 2 < found.high[0]
    assert found.high[0] - 2 == pytest.approx(2 - found.low[0])
