"""What a regression model explains: R2, and what there is to explain."""

import numpy as np

from detectors.codes import Floats
from detectors.performance import regression as r
from detectors.performance import skewed
from detectors.performance.measured import Measured, deviations
from detectors.performance.regression import Errors


def r2(seen: Errors, level: float) -> Measured:
    """The share of the labels' variance that the predictions explain: 1 at best, 0 for their mean, below 0 for worse.

    The rest, 1 - R2, is a ratio of two means, and its interval is Fieller's (1954, Some problems in interval
    estimation): every ratio that the data do not contradict. It is widened as that of the mean squared error is. Where
    the labels vary by less than is known, it has no end.
    """
    scale, usual = 2.0**seen.settings.scale, 2.0**seen.settings.usual_scale
    moments = seen.averages.squares(r.ERROR, seen.settings.usual_scale)
    n = np.where(moments.n > 1, moments.n, np.nan)
    square, variance, (ee, ww, ew) = _parts(seen, moments.first)
    variance = np.where(variance > 0, variance, np.nan)
    ratio = square / variance
    unit = (usual / scale) ** 2
    error = np.sqrt(np.maximum(ee - 2 * ratio * ew + ratio**2 * ww, 0.0) / (n - 1)) / variance
    reach = skewed.widened(moments, level) ** 2 / (n - 1)
    # The roots of (square - ratio variance)^2 = reach times the variance of what is in the brackets.
    a, b, c = variance**2 - reach * ww, square * variance - reach * ew, square**2 - reach * ee
    root = np.sqrt(np.maximum(b**2 - a * c, 0.0))
    least, most = (b - root) / a, np.where(a > 0, (b + root) / a, np.inf)
    low = np.where(np.isnan(error), np.nan, 1 - unit * np.where(a > 0, np.maximum(most, ratio), np.inf))
    high = np.where(np.isnan(error), np.nan, 1 - unit * np.clip(least, 0.0, ratio))
    return Measured(1 - unit * ratio, unit * error, low, high)


def label_variance(seen: Errors, level: float) -> Measured:
    """The variance of the labels, (divided by n - 1, so right on average): what there is to explain.

    The interval is that of a logarithm which is nearly normal.
    """
    unit = 4.0**seen.settings.scale
    moments = seen.averages.squares(r.ERROR, seen.settings.usual_scale)
    n = np.where(moments.n > 1, moments.n, np.nan)
    _, variance, (_, ww, _) = _parts(seen, moments.first)
    value = np.maximum(variance, 0.0) * n / (n - 1)
    error = np.sqrt(np.maximum(ww, 0.0) / (n - 1))
    reach = np.exp(deviations(level) * error / np.where(value > 0, value, 1.0))
    return Measured(unit * value, unit * error, unit * value / reach, unit * value * reach)


def _parts(seen: Errors, square: Floats) -> tuple[Floats, Floats, tuple[Floats, Floats, Floats]]:
    """Means of the squared error e and of w, the squared distance of the label from its mean; their (co)variances."""
    first, second = seen.averages.first, seen.averages.second
    mean = first[:, r.LABEL] / 2.0**seen.settings.scale
    v2 = second[:, r.LABEL] / 4.0**seen.settings.scale  # of the label v, whose distance is v^2 - 2 mean v + mean^2
    variance = v2 - mean**2
    vv2 = first[:, r.LABEL_CUBE] - mean * v2
    ww = second[:, r.LABEL_SQUARE] - v2**2 + 4 * mean**2 * variance - 4 * mean * vv2
    ew = first[:, r.SQUARE_LABEL_SQUARE] - square * v2 - 2 * mean * (first[:, r.SQUARE_LABEL] - square * mean)
    return square, variance, (second[:, r.SQUARE] - square**2, ww, ew)
