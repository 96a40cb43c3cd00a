"""Comparable metrics: values and slopes are those of the metric itself, and which way is better is said once."""

import numpy as np
import pytest

from detectors.performance import ranking_metrics, regression_metrics
from detectors.performance.classes import multiclass_metrics
from detectors.performance.classes.binary_metrics import METRICS as OF_TWO
from detectors.performance.ranking import Ranking
from detectors.performance.versions.comparable import CELLS, METRICS, comparable
from tests.honesty.binary_worlds import drawn, outcomes, sample

CUT = [f"{name}_at_{cut}" for name in ranking_metrics.PER_CUT for cut in Ranking().cuts]
ALL = {*OF_TWO, *regression_metrics.METRICS, *multiclass_metrics.METRICS, *ranking_metrics.METRICS, *CUT}


@pytest.mark.parametrize("name", [name for name, each in METRICS.items() if each.parts == CELLS])
def test_metrics_of_a_confusion_matrix_are_those_of_a_window(name: str) -> None:
    """A hundred random worlds."""
    rng = np.random.default_rng(2)
    seen = outcomes(sample(rng, world := drawn(rng, 100, (0.2, 0.5)), 500), world.yes)
    parts = np.stack([OF_TWO[cell].measure(seen, 0.95).value for cell in CELLS], axis=-1)
    np.testing.assert_allclose(METRICS[name].value(parts), OF_TWO[name].measure(seen, 0.95).value, rtol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_slopes_are_those_of_the_value(name: str) -> None:
    """By central differences."""
    metric, rng = METRICS[name], np.random.default_rng(3)
    parts = rng.uniform(0.1, 0.4, (20, len(metric.parts)))
    for i, slope in enumerate(metric.slopes(parts).T):
        step = 1e-6 * (np.arange(len(metric.parts)) == i)
        np.testing.assert_allclose((metric.value(parts + step) - metric.value(parts - step)) / 2e-6, slope, rtol=1e-5)


@pytest.mark.parametrize("name", METRICS)
def test_every_name_is_a_metric_and_its_parts_are(name: str) -> None:
    """Some kind of answers has it; of two classes limits know the same direction."""
    assert {name, *METRICS[name].parts} <= ALL
    if name in OF_TWO and name not in CELLS:
        assert OF_TWO[name].better == METRICS[name].better


def test_metrics_of_one_class_are_compared_and_biased_ones_are_not() -> None:
    """A class may have any name, also one with a colon."""
    known = comparable("recall:a:b")
    assert known is not None
    assert (("recall:a:b",), 1) == (known.parts, known.better)
    assert all(METRICS[name].better == 1 for name in ("mrr", "ndcg_at_10", "hit_rate_at_1"))
    assert [None] * 4 == [comparable(name) for name in ("f1:grass", "macro_f1", "calibration_error", "f2:a")]
