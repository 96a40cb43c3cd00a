"""Expressions mean what they say, their slopes are exact, and nothing but arithmetic is one."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from detectors.performance import ranking_metrics, regression_metrics
from detectors.performance.classes import binary_metrics, multiclass_metrics
from detectors.performance.classes.decisions import f_beta, worth
from detectors.performance.expressed import DECIDED, KINDS, TAKEN, kinds, of_decisions, of_one
from detectors.performance.expression import LENGTH_MAX, Wrong, parsed
from detectors.performance.measured import Measured, wilson
from detectors.performance.service import latency
from detectors.performance.versions.comparable import CELLS
from stream.monitor.performance.numbered import COVERAGE, DELAYS
from tests.honesty import binary_worlds, expressions

NAMES = ("a", "b", "c")
A, B, C = np.array([0.3, 1.7, 2.5]), np.array([1.1, 0.4, 2.5]), np.array([0.9, 3.0, 0.2])
OF = dict(zip(NAMES, (A, B, C), strict=True))
EXPRESSIONS = {
    "a + b - c": A + B - C,
    "a - b * c / 2": A - B * C / 2,
    "-(a - 3) * +b": -(A - 3) * B,
    " a / (b + c) / 1e1 ": A / (B + C) / 10,
    "sqrt(a) + exp(-b) - log(c)": np.sqrt(A) + np.exp(-B) - np.log(C),
    "min(a, b, 2 * c) * max(b, c)": np.minimum(np.minimum(A, B), 2 * C) * np.maximum(B, C),
    "abs(a - b)": np.abs(A - B),
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_what_python_would_say(text: str) -> None:
    """Row by row."""
    np.testing.assert_allclose(parsed(text, NAMES).value(OF), EXPRESSIONS[text], rtol=1e-15)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_slopes_are_those_of_small_differences(text: str) -> None:
    """Where it has one: at a = b, the last row, two of these turn."""
    read = parsed(text, NAMES)
    told = read.told(OF)
    for name, slope in zip(read.names, told.slopes, strict=True):
        up, down = (read.value({**OF, name: OF[name] + step}) for step in (1e-6, -1e-6))
        np.testing.assert_allclose(slope[:2], ((up - down) / 2e-6)[:2], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    "text", ["a / (b - b)", "log(a - 3)", "sqrt(a - 3)", "exp(1000 * (a + b))", "max(a / (b - b), c)"]
)
def test_what_is_undefined_is_nothing(text: str) -> None:
    """A quotient by 0, a logarithm of 0, what is too large: no infinity and no warning."""
    assert np.isnan(parsed(text, NAMES).value(OF)).all()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "a b",
            "a +",
            "a; b",
            "a = 1",
            "5",
            "1 + 1",
            "a ** 2",
            "a // 2",
            "a % 2",
            "a @ b",
            "a < b",
            "a or b",
        ),
        *("a.real", "a[0]", "(a, b)", "[a]", "{a}", "'a'", "f'{a}'", "b'a'", "lambda: a", "a if b else c", "(a := 1)"),
        *("a + True", "a + None", "a + 1j", "a + 1e999", "a + 1e101", "a + ...", "not a", "~a", "*a", "a + d", "a + A"),
        *("sqrt", "sqrt()", "sqrt(a, b)", "min(a)", "sqrt(x=a)", "min(*a)", "open(a)", "a(1)", "__import__('os')"),
        *("[a for a in b]", "await a", "yield a", "a\x00", "\ud800", "(" * 33 + "a" + ")" * 33, "-" * 300 + "a"),
        *("(" * 200, "a + " * 150 + "a", "+".join("a" * 190), "9" * 390 + "*a", "a +" + " 1" * 2_000_000),
    ],
)
def test_nothing_else_is_an_expression(text: str) -> None:
    """Whatever Python could do with it: no attribute, no call but of functions in the list, nothing too deep."""
    with pytest.raises(Wrong):
        parsed(text, NAMES)


@given(st.text(alphabet="ab+-*/(), .019esqrtminlog_[]{}:'\"\\\n", max_size=60))
def test_any_text_is_an_expression_or_wrong(text: str) -> None:
    """No other error."""
    with suppress(Wrong):
        assert parsed(text, NAMES).told(OF).value.shape == (3,)


def test_wrong_names_are_said_with_those_that_are_right() -> None:
    """So that the nearest can be."""
    with pytest.raises(Wrong) as caught:
        parsed("a + bb", NAMES)
    assert ("bb", NAMES) == (caught.value.found, caught.value.known)
    with pytest.raises(Wrong, match=f"at most {LENGTH_MAX} characters"):
        parsed("a" * 500, NAMES)


def test_metrics_written_out_are_the_metrics() -> None:
    """Each that follows from the four shares, and F3, which is none of them; errors but for the half counts."""
    confusion = np.array([[612.0, 48.0, 57.0, 283.0], [9e4, 1e4, 3e4, 8e4]])
    seen = binary_worlds.outcomes(np.ones((2, 2, binary_worlds.FINE)), np.array([3, 4]))._replace(confusion=confusion)
    for name in (*CELLS, *DECIDED):
        expected, found = (
            binary_metrics.METRICS[name].measure(seen, 0.95),
            of_decisions(parsed(name, (name,)), confusion),
        )
        np.testing.assert_allclose(found.value, expected.value, rtol=1e-14)
        np.testing.assert_allclose(found.error, expected.error, rtol=0.01)
        np.testing.assert_allclose(found.low, expected.low, atol=2e-3)
        np.testing.assert_allclose(found.high, expected.high, atol=2e-3)
    expected = f_beta(3.0)(seen, 0.95)
    f3 = of_decisions(
        parsed("10 * true_positives / (10 * true_positives + 9 * false_negatives + false_positives)", CELLS), confusion
    )
    np.testing.assert_allclose(f3.value, expected.value, rtol=1e-14)
    np.testing.assert_allclose(f3.low, expected.low, atol=2e-3)


def test_a_cost_is_what_the_decisions_are_worth() -> None:
    """The same as the metric `worth`, the other way round."""
    rng = np.random.default_rng(3)
    confusion = rng.multinomial(1_000, [0.6, 0.1, 0.1, 0.2], 20).astype(np.float64)
    seen = binary_worlds.outcomes(np.ones((20, 2, binary_worlds.FINE)), np.full(20, 3))._replace(confusion=confusion)
    expected = worth(seen, 0.95)
    cost = of_decisions(parsed("8 * false_negatives + 1 * false_positives - 5 * true_positives", CELLS), confusion)
    np.testing.assert_allclose(cost.value, -expected.value, rtol=1e-13)
    np.testing.assert_allclose(cost.error, expected.error, rtol=0.02)
    np.testing.assert_allclose(cost.low, -expected.high, atol=0.01)


def test_any_rising_function_of_a_metric_has_its_interval() -> None:
    """It does not matter on which scale a metric is written."""
    confusion = np.array([[80.0, 9.0, 4.0, 7.0], [0.0, 3.0, 0.0, 2.0], [5.0, 0.0, 0.0, 5.0]])
    plain, logarithm = (
        of_decisions(parsed(text, DECIDED), confusion) for text in ("precision", "log(precision / (2 - precision))")
    )
    for name in ("value", "low", "high"):
        one = getattr(plain, name)
        np.testing.assert_allclose(getattr(logarithm, name), np.log(one / (2 - one)), rtol=1e-9, atol=1e-12)


def test_what_cannot_vary_has_no_error() -> None:
    """The four shares are 1; without decisions there is nothing."""
    told = of_decisions(parsed(" + ".join(CELLS), CELLS), np.array([[5.0, 3.0, 2.0, 7.0], [0.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(np.array(told)[:, 0], [1.0, 0.0, 1.0, 1.0], rtol=1e-15)
    assert np.isnan(np.array(told)[:, 1]).all()


def test_an_interval_ends_where_the_expression_does() -> None:
    """Else it has no end there."""
    confusion = np.array([[50.0, 10.0, 10.0, 30.0], [90.0, 0.0, 3.0, 7.0]])
    told = of_decisions(parsed("sqrt(false_positives - 0.08)", CELLS), confusion)
    assert (told.low[0], np.isfinite(told.high[0]), np.isnan(told.value[1])) == (-np.inf, True, True)


def test_of_one_metric_the_interval_is_taken_over() -> None:
    """Also where the expression turns within it, and where it has no end."""
    low, high = wilson(np.array([20.0]), np.array([100.0]), 0.95)
    measured = Measured(np.array([0.2]), np.array([0.04]), low, high)
    twice = of_one(parsed("1 - 2 * a", "a"), measured)
    assert tuple(float(each[0]) for each in twice) == pytest.approx((0.6, 0.08, 1 - 2 * high[0], 1 - 2 * low[0]))
    turning = of_one(parsed("abs(a - 0.2)", "a"), measured)
    assert (turning.low[0], turning.high[0]) == (0.0, pytest.approx(high[0] - 0.2))
    endless = of_one(parsed("1 - a", "a"), measured._replace(low=np.array([-np.inf])))
    assert (endless.low[0], endless.high[0]) == (pytest.approx(1 - high[0]), np.inf)


@pytest.mark.parametrize("n", [100, 1_000])
def test_intervals_hold_the_truth(n: int) -> None:
    """Between 93 and 97 %, within what 400 runs leave to chance once in 100,000 times."""
    runs, rng = 400, np.random.default_rng(5)
    held = expressions.coverage(rng, expressions.truths(rng, runs), n)
    least, greatest = binom.ppf(1e-5, runs, expressions.LEAST), binom.isf(1e-5, runs, expressions.GREATEST)
    assert {} == {
        name: share
        for name, share in held.items()
        if name not in expressions.CORNERED and not least <= share * runs <= greatest
    }


def test_kinds_have_what_an_expression_needs() -> None:
    """One metric of any kind; several only of the confusion matrix."""
    texts = {
        "5 * false_negatives + false_positives": ("binary",),
        "1 - accuracy": ("binary", "multiclass"),
        "2 * roc_auc - 1": ("binary",),
        "mse / 9": ("regression",),
        "1 - ndcg_at_10": ("ranking",),
        "accuracy + kappa": (),
        "mae + rmse": (),
        "precision / (true_positives + false_negatives)": ("binary",),
    }
    every = {name for names in KINDS.values() for name in names}
    assert texts == {text: kinds(parsed(text, every)) for text in texts}


def test_every_name_that_is_told_is_taken() -> None:
    """No metric hides another."""
    modules = (binary_metrics, multiclass_metrics, regression_metrics, ranking_metrics, latency)
    assert {*TAKEN} >= {name for module in modules for name in module.METRICS} | {COVERAGE, *DELAYS}
    assert {"precision", "pinball", "ndcg_at_10", "large_errors"} <= TAKEN
