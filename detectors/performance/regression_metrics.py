"""How good a regression model is: means of its errors and what they explain of the labels, with intervals."""

from collections.abc import Callable, Collection
from functools import partial

import numpy as np

from detectors.codes import Floats
from detectors.performance import regression as r
from detectors.performance.cells import Cells
from detectors.performance.explained import label_variance, r2
from detectors.performance.losses import at_least_nothing, root
from detectors.performance.measured import Measured, wilson
from detectors.performance.regression import Errors, Regression, read

Metric = Callable[[Errors, float], Measured]


def mean_error(seen: Errors, level: float) -> Measured:
    """The mean of prediction less label: 0 for a model without bias, in the unit of the labels."""
    return _of_error(seen, level, r.ERROR, r.CUBE)


def mae(seen: Errors, level: float) -> Measured:
    """The mean absolute error, in the unit of the labels."""
    return at_least_nothing(_of_error(seen, level, r.ABSOLUTE, r.ABSOLUTE_CUBE))


def mse(seen: Errors, level: float) -> Measured:
    """The mean squared error, in the square of the unit of the labels."""
    return seen.averages.mean_square(r.ERROR, seen.settings.usual_scale, level)


def rmse(seen: Errors, level: float) -> Measured:
    """The root of the mean squared error, in the unit of the labels."""
    return root(mse(seen, level))


def rmsle(seen: Errors, level: float) -> Measured:
    """The root of the mean squared error of log(1 + value), over the pairs where both have one."""
    return root(seen.averages.mean_square(r.LOGARITHMIC, seen.settings.usual_share, level))


def relative(seen: Errors, level: float, column: int) -> Measured:
    """The mean of an error that is a share, over the pairs that have one."""
    return at_least_nothing(seen.averages.mean(column, seen.settings.usual_share, level))


def interval_coverage(seen: Errors, level: float) -> Measured:
    """The share of labels inside the predicted interval."""
    inside, n = seen.counts[:, r.INSIDE], seen.counts[:, [r.INSIDE, r.OUTSIDE]].sum(axis=1)
    value = inside / np.where(n > 0, n, np.nan)
    return Measured(value, np.sqrt(value * (1 - value) / n), *wilson(inside, n, level))


def interval_width(seen: Errors, level: float) -> Measured:
    """How wide the predicted interval is on average, in the unit of the labels."""
    return _of_quantiles(seen, level, seen.settings.together + 3, seen.settings.scale)


def pinball(seen: Errors, level: float) -> Measured:
    """The mean pinball loss of all predicted quantiles, of the pairs that have all, in the unit of the labels."""
    return _of_quantiles(seen, level, seen.settings.together, seen.settings.usual_scale)


def of_quantile(share: float) -> str:
    """What the pinball loss of one quantile is called: `pinball_p5` of 0.05, `pinball_p97_5` of 0.975."""
    return PINBALL + f"{100 * share:.10g}".replace(".", "_")


PINBALL = "pinball_p"  # of one quantile
METRICS: dict[str, Metric] = {
    "mean_error": mean_error,
    "mae": mae,
    "mse": mse,
    "rmse": rmse,
    "rmsle": rmsle,
    "mape": partial(relative, column=r.RELATIVE),
    "smape": partial(relative, column=r.SYMMETRIC),
    "r2": r2,
    "label_variance": label_variance,
    "interval_coverage": interval_coverage,
    "interval_width": interval_width,
    "pinball": pinball,
}


def measure(
    settings: Regression, cells: Cells, level: float = 0.95, names: Collection[str] | None = None
) -> dict[str, Measured]:
    """Metrics of METRICS and the pinball loss of each quantile, or those with these names, (rows,) each.

    nan where undefined.
    """
    seen = read(settings, cells)
    of_each = {
        of_quantile(share): partial(_of_quantiles, column=r.PINBALL + 3 * i, scale=settings.usual_scale)
        for i, share in enumerate(settings.quantiles)
    }
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return {
            name: metric(seen, level) for name, metric in (METRICS | of_each).items() if names is None or name in names
        }


def baseline(settings: Regression, cells: Cells) -> dict[str, Floats]:
    """What the best constant answer would have had, for every metric of METRICS, (rows,); nan where cells do not tell.

    For squared errors that is the mean of these labels; for absolute ones the reference's median, which is at hand. Of
    intervals it is the one between two quantiles of the labels, which holds as many as it says.
    """
    seen = read(settings, cells)
    unknown = np.full(len(seen.counts), np.nan)
    n, first, second, _ = seen.averages
    variance = np.maximum(second[:, r.LABEL] - first[:, r.LABEL] ** 2, 0.0)
    known = {
        "mean_error": np.where(n[:, r.LABEL] > 0, 0.0, np.nan),
        "mae": first[:, r.FROM_CENTER],
        "mse": variance,
        "rmse": np.sqrt(variance),
        "r2": np.where(variance > 0, 0.0, np.nan),
        "interval_coverage": np.where(seen.counts[:, [r.INSIDE, r.OUTSIDE]].any(axis=1), _promised(settings), np.nan),
    }
    return {name: known.get(name, unknown) for name in METRICS}


def _promised(settings: Regression) -> float:
    """The share of labels that should be in the interval; nan without one."""
    return settings.quantiles[-1] - settings.quantiles[0] if len(settings.quantiles) > 1 else float("nan")


def _of_quantiles(seen: Errors, level: float, column: int, scale: int) -> Measured:
    """The mean of what quantiles say, which is not negative; nan of a model without any."""
    if not seen.settings.quantiles:
        return Measured(*(np.full(len(seen.counts), np.nan) for _ in Measured._fields))
    return at_least_nothing(seen.averages.mean(column, scale, level))


def _of_error(seen: Errors, level: float, column: int, cube: int) -> Measured:
    """The mean of a value whose square is the squared error, in the unit of the labels."""
    _, first, second, _ = seen.averages
    return seen.averages.mean_of(column, first[:, cube], second[:, r.SQUARE], seen.settings.usual_scale, level)
