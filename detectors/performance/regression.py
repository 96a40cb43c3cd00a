"""Answers of a regression model that met their labels: errors and relative errors, summed with their powers.

Sums of errors and labels have the quantum 2^-30 of the labels' scale, so an error beyond 1,024 scales is clamped. Mean
squared errors come from the exact sum of squares of the errors, not from rounded squares. Powers serve intervals only.
"""

from typing import NamedTuple

import numpy as np
from msgspec import Struct, structs

from detectors.codes import Floats, Integers
from detectors.performance import losses
from detectors.performance.cells import UNIT, Cells, Layout
from detectors.performance.losses import COARSE, FINE, Averages, in_scales

QUANTUM = -30  # of an error or a label, in scales
LARGEST = 2.0**10  # scales: errors beyond are clamped
SCALE_MAX = 500  # either way: squares of the unit are finite, and not 0
USUAL = 3  # without known errors, the usual one is 2^-3 scales: powers of errors from 0.1 % to 3 scales are resolved
PAIRS, INSIDE, OUTSIDE = 0, 1, 2  # counts: pairs; labels inside and outside the predicted interval
SIZES = 3  # then pairs by the size of their error: each bucket is 2^(1/4) times as far as the one before, from 2^-16
BUCKETS, FIRST_OCTAVE = 96, -15  # scales on, up to 256 scales
QUARTERS = np.array([2**-0.75, 2**-0.5, 2**-0.25])  # of an octave that ends at 1
# Values: absolute errors and cubes of errors; errors with their powers; labels with theirs, and with squared errors;
# logarithmic, relative and symmetric errors; pinball losses of each quantile; where there are any, their mean, and how
# wide the interval is. Each but the labels begins columns of `losses`.
ABSOLUTE, CUBE, ERROR, SQUARE, ABSOLUTE_CUBE, FOURTH = range(6)
FROM_CENTER, LABEL, LABEL_SQUARE, LABEL_CUBE, SQUARE_LABEL, SQUARE_LABEL_SQUARE = range(6, 12)
LOGARITHMIC, RELATIVE, SYMMETRIC, PINBALL = 12, 16, 19, 22


class Regression(Struct, frozen=True):
    """In which units the labels of a model are summed, and which of their quantiles it predicts."""

    center: float = 0.0  # the reference's median label
    scale: int = 0  # log2 of the labels' spread around it
    usual: int | None = None  # log2 of the usual error
    usual_share: int = -3  # the same as a share of the label
    quantiles: tuple[float, ...] = ()  # predicted quantiles: 0.9 is a prediction that 90 % of the labels stay below

    @property
    def usual_scale(self) -> int:
        """Log2 of the error whose powers are near 1."""
        return self.scale - USUAL if self.usual is None else self.usual

    @property
    def together(self) -> int:
        """Where the columns of what all quantiles say begin: their mean loss; behind them those of the width."""
        return PINBALL + 3 * len(self.quantiles)


class Errors(NamedTuple):
    """What the cells say, as floats, a row per segment value."""

    settings: Regression
    counts: Floats  # (rows, SIZES + BUCKETS)
    averages: Averages


def settings_of(labels: Floats, predicted: Floats | None = None, quantiles: tuple[float, ...] = ()) -> Regression:
    """The units for a model with such labels, (n,), which are not clamped, and with such answers if they are known."""
    finite = labels[np.isfinite(labels)]
    center = float(np.median(finite)) if len(finite) else 0.0
    settings = Regression(center, _scale(finite - center), quantiles=quantiles)
    if predicted is None:
        return settings
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        errors = predicted - labels
        shares = np.abs(errors / labels)
    errors, shares = errors[np.isfinite(errors)], shares[np.isfinite(shares) & (shares > 0)]
    if not errors.any() or not len(shares):
        return settings
    # Few labels near 0 own every moment of the shares, but not their median.
    return structs.replace(settings, usual=_scale(errors), usual_share=int(np.ceil(np.log2(np.median(shares)))) + 1)


def layout(settings: Regression) -> Layout:
    """The cells of such answers: SIZES + BUCKETS counts, 22 values, 3 for each quantile and 6 for all of them."""
    quantum = settings.scale + QUANTUM
    exponents = [
        *(quantum, FINE, *losses.root_exponents(quantum)),
        *(quantum, quantum, FINE, FINE, FINE, COARSE),
        *(*losses.root_exponents(UNIT), *losses.exponents(UNIT), *losses.exponents(UNIT)),
        *np.tile(losses.exponents(quantum), len(settings.quantiles) + (2 if settings.quantiles else 0)),
    ]
    return Layout(SIZES + BUCKETS, np.array(exponents, np.int64))


def pairs(settings: Regression, label: Floats, predicted: Floats, quantiles: Floats) -> tuple[Integers, Floats]:
    """What each pair adds to the cells: the counts it raises, (n, 3), and its values, (n, 22 + 3 quantiles + 6).

    `label` and `predicted` are (n,), `quantiles` what the model predicted of them, (n, quantiles); nan where missing.
    The predicted interval is from the first quantile to the last, of two and more. A label or an answer of -1 or less
    has no logarithmic error, a label of 0 no relative one.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        error = predicted - label
        values = [*_of_error(settings, label, error), *_relative(settings, label, predicted, error)]
        low, high = _interval(settings, quantiles)
        values += _of_quantiles(settings, label, quantiles, np.maximum(high - low, 0.0))
        inside = np.where((low <= label) & (label <= high), INSIDE, OUTSIDE)
        judged = np.isfinite(label) & ~np.isnan(low) & ~np.isnan(high)
    sizes = np.where(np.isfinite(error), SIZES + _bucket(error, settings.scale), -1)
    counted = np.stack((np.full(len(label), PAIRS), np.where(judged, inside, -1), sizes), axis=1)
    return counted, np.concatenate(values, axis=1)


def read(settings: Regression, cells: Cells) -> Errors:
    """What cells of such pairs say."""
    return Errors(settings, cells.counts.astype(np.float64), Averages.of(cells))


def _of_error(settings: Regression, label: Floats, error: Floats) -> list[Floats]:
    """Errors, labels, their powers and products: what the error of an R2 depends on."""
    usual = in_scales(error, settings.usual_scale)
    errors = losses.root_columns(error, settings.usual_scale)
    distance = np.where(np.isfinite(error), label - settings.center, np.nan)  # the same pairs for all
    v, square = in_scales(distance, settings.scale), errors[:, 1]
    labels = (np.abs(distance), distance, v**2, v**2 * v, square * v, square * v**2)
    return [np.stack((np.abs(error), usual**2 * usual), axis=1), errors, np.stack(labels, axis=1)]


def _interval(settings: Regression, quantiles: Floats) -> tuple[Floats, Floats]:
    """The ends of each interval, (n,) each; nan where one is not known, or there is one quantile at most."""
    nobody = np.full(len(quantiles), np.nan)
    return (quantiles[:, 0], quantiles[:, -1]) if len(settings.quantiles) > 1 else (nobody, nobody)


def _of_quantiles(settings: Regression, label: Floats, quantiles: Floats, width: Floats) -> list[Floats]:
    """Pinball losses (Koenker and Bassett 1978, Regression quantiles), their mean where all are known, and widths."""
    each = []
    for share, quantile in zip(settings.quantiles, quantiles.T, strict=True):
        gap = label - quantile
        each.append(np.maximum(share * gap, (share - 1) * gap))
    if not each:
        return []
    together = sum(each[1:], each[0]) / len(each)  # one after the other, in this order: the same bits in any batch
    known = np.where(np.isfinite(label), width, np.nan)  # the same pairs for both
    return [
        *(losses.columns(loss, settings.usual_scale) for loss in (*each, together)),
        losses.columns(known, settings.scale),
    ]


def _bucket(error: Floats, scale: int) -> Integers:
    """In which bucket each error is; exact, where a logarithm would be rounded."""
    mantissa, octave = np.frexp(np.ldexp(np.abs(np.where(np.isfinite(error), error, 0.0)), -scale))
    place = 4 * (octave.astype(np.int64) - FIRST_OCTAVE) + np.searchsorted(QUARTERS, mantissa, side="right")
    return np.where(mantissa > 0, np.clip(place, 0, BUCKETS - 1), 0)


def _relative(settings: Regression, label: Floats, predicted: Floats, error: Floats) -> list[Floats]:
    """Logarithmic errors, absolute percentage errors, symmetric ones; nan where they are not defined."""
    logarithmic = losses.root_columns(np.log1p(predicted) - np.log1p(label), settings.usual_share)
    relative = np.where(label != 0, np.abs(error) / np.abs(label), np.nan)
    size = np.abs(label) + np.abs(predicted)
    symmetric = np.where(size > 0, 2 * np.abs(error) / size, 0 * error)  # both 0: no error
    shares = [losses.columns(one, settings.usual_share) for one in (relative, symmetric)]
    return [logarithmic, *shares]


def _scale(distances: Floats) -> int:
    """Log2 of a power of two that is at least the spread, and a thousandth of the largest."""
    largest = float(np.abs(distances).max(initial=0.0))
    if not largest:
        return 0
    spread = max(largest * float(np.sqrt(np.mean(np.square(distances / largest)))), largest / 1000)
    return int(np.clip(np.ceil(np.log2(spread)), -SCALE_MAX, SCALE_MAX))
