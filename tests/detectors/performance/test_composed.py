"""Expressions are compared as the metrics that they are made of: the same values, and slopes of their own."""

import numpy as np
import pytest

from detectors.performance.expressed import KINDS
from detectors.performance.expression import parsed
from detectors.performance.versions.comparable import CELLS, METRICS
from detectors.performance.versions.composed import composed

EVERY = {name for names in KINDS.values() for name in names}
TEXTS = (
    "5 * false_negatives + false_positives",
    "10 * true_positives / (10 * true_positives + 9 * false_negatives + false_positives)",
    "sqrt(recall * specificity)",
    "2 * roc_auc - 1",
    "log_loss / log(2)",
    "1 - f1",
    "rmse * rmse",
    "exp(matthews)",
)


@pytest.mark.parametrize("text", TEXTS)
def test_slopes_are_those_of_the_value(text: str) -> None:
    """By central differences, in any shape."""
    metric, rng = composed(parsed(text, EVERY), 1), np.random.default_rng(3)
    assert metric is not None
    parts = rng.uniform(0.1, 0.4, (5, 4, len(metric.parts)))
    for i in range(len(metric.parts)):
        step = 1e-6 * (np.arange(len(metric.parts)) == i)
        expected = (metric.value(parts + step) - metric.value(parts - step)) / 2e-6
        np.testing.assert_allclose(expected, metric.slopes(parts)[..., i], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "precision"])
def test_a_metric_that_is_written_out_is_compared_as_itself(name: str) -> None:
    """Value and slopes, of one name and of several."""
    parts = np.random.default_rng(4).dirichlet(np.ones(4), 30)
    for text in (name, f"{name} + 0 * selection_rate"):
        metric = composed(parsed(text, EVERY), 1)
        assert metric is not None
        np.testing.assert_allclose(METRICS[name].value(parts), metric.value(parts), rtol=1e-12)
        np.testing.assert_allclose(METRICS[name].slopes(parts), metric.slopes(parts), rtol=1e-9, atol=1e-12)


def test_what_is_made_of_something_that_cannot_be_compared_cannot_be_either() -> None:
    """The direction is whoever says it; parts and their kinds are those of the metric."""
    assert composed(parsed("1 - average_precision", EVERY), -1) is None
    root = composed(parsed("2 * rmse", EVERY), -1)
    assert root is not None
    assert (("rmse",), -1, True) == (root.parts, root.better, root.squared)
    cost = composed(parsed(TEXTS[0], EVERY), -1)
    assert cost is not None
    assert (CELLS, -1, True) == (cost.parts, cost.better, cost.shares)
