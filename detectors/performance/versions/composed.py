"""How expressions over metrics are compared window by window: as what they are made of, with their own slopes.

An expression of one metric has that one's parts, one of several has the four shares of the confusion matrix. Where one
of its metrics cannot be compared, neither can it.
"""

from functools import partial

import numpy as np

from detectors.codes import Floats
from detectors.performance.expressed import DECIDED
from detectors.performance.expression import Expression, parsed
from detectors.performance.versions.comparable import CELLS, Comparable, comparable


def composed(expression: Expression, better: int) -> Comparable | None:
    """How an expression is compared, `better` as there; None where it cannot be."""
    if len(expression.names) == 1:
        base = comparable(expression.names[0])
        if base is None:
            return None
        value, slopes = partial(_value, expression, base), partial(_slopes, expression, base)
        return base._replace(better=better, value=value, slopes=slopes)
    written = expression.written({name: parsed(text, CELLS) for name, text in DECIDED.items()})
    if not {*written.names} <= {*CELLS}:
        return None
    return Comparable(CELLS, better, partial(_of_cells, written), partial(_cell_slopes, written), shares=True)


def _value(expression: Expression, base: Comparable, parts: Floats) -> Floats:
    below = base.value(parts)
    return expression.value({expression.names[0]: below.ravel()}).reshape(below.shape)


def _slopes(expression: Expression, base: Comparable, parts: Floats) -> Floats:
    """The chain rule."""
    below = base.value(parts)
    told = expression.told({expression.names[0]: below.ravel()})
    return np.asarray(told.slopes[0].reshape(below.shape)[..., None] * base.slopes(parts))


def _of_cells(expression: Expression, parts: Floats) -> Floats:
    return expression.value(_named(parts)).reshape(parts.shape[:-1])


def _cell_slopes(expression: Expression, parts: Floats) -> Floats:
    """By each share, 0 for one that is not in it."""
    found, slopes = expression.told(_named(parts)).slopes, np.zeros((len(CELLS), parts[..., 0].size))
    for name, slope in zip(expression.names, found, strict=True):
        slopes[CELLS.index(name)] = slope
    return np.moveaxis(slopes.reshape(len(CELLS), *parts.shape[:-1]), 0, -1)


def _named(parts: Floats) -> dict[str, Floats]:
    return {name: parts[..., i].ravel() for i, name in enumerate(CELLS)}
