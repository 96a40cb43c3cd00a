"""Rows as columns: float64 whose NaNs say what is missing, or arrays of shared objects with None for what is missing.

A column's form follows from its values alone, so the same rows have the same columns from whatever they were read.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.codes import MAGNITUDES, MISSING, NAN_MAGNITUDES
from stream.encodings.schema import WRONG, number

Values = NDArray[Any]  # (n,): float64, or objects: text, bool, int, float, None, WRONG for objects and arrays
Columns = Mapping[str, Values | Mapping[str, Values]]  # by name; `features` and `segments` of events hold columns

NESTED = ("features", "segments")
ATTRIBUTIONS = "attributions"  # an object of numbers
SCORES = "scores"  # of several classes: an object, too
SHARED_MAX = 100_000  # distinct texts that are kept once; a column with more is made of identifiers
_SCALARS = {str, bool, int, float, NoneType}


class Shared(dict[Any, Any]):
    """Texts met before, so that equal ones are one object."""

    def __missing__(self, value: object) -> object:
        """A new one is kept, while there is room."""
        if len(self) < SHARED_MAX:
            self[value] = value
        return value


def column(values: Sequence[object], shared: Shared | None = None) -> Values:
    """One column of a form that fits all its values, (n,)."""
    types = set(map(type, values))
    if types <= {int, float, NoneType}:
        return np.fromiter(map(number, values), np.float64, len(values))
    result = np.empty(len(values), np.object_)
    if types <= {str, NoneType}:
        result[:] = list(map((Shared() if shared is None else shared).__getitem__, values))
    else:  # not shared: true, 1 and 1.0 are equal, but not of one type
        result[:] = [value if type(value) in _SCALARS else WRONG for value in values]
    return result


def of_documents(documents: Sequence[Mapping[str, Any]], shared: Shared | None = None) -> Columns:
    """The columns of JSON objects; objects in `features`, `segments` and the like are columns of their own."""
    columns: dict[str, Values | Mapping[str, Values]] = {}
    for name in dict.fromkeys(chain.from_iterable(documents)):
        values = [document.get(name) for document in documents]
        if name in (*NESTED, SCORES, ATTRIBUTIONS) and any(isinstance(value, dict) for value in values):
            rows = [value if isinstance(value, dict) else {} for value in values]
            columns[name] = {
                key: column([row.get(key) for row in rows], shared) for key in dict.fromkeys(chain.from_iterable(rows))
            }
        else:
            columns[name] = column(values, shared)
    return columns


def joined(chunks: Sequence[tuple[int, Columns]]) -> dict[str, Values | Mapping[str, Values]]:
    """Columns of successive chunks, each with its number of rows, as one; a chunk without a column has it missing."""
    result: dict[str, Values | Mapping[str, Values]] = {}
    for name in dict.fromkeys(chain.from_iterable(columns for _, columns in chunks)):
        found = [columns.get(name) for _, columns in chunks]
        if any(isinstance(part, Mapping) for part in found):
            nested = [part if isinstance(part, Mapping) else {} for part in found]
            result[name] = {
                key: _joined([n for n, _ in chunks], [part.get(key) for part in nested])
                for key in dict.fromkeys(chain.from_iterable(nested))
            }
        else:
            result[name] = _joined([n for n, _ in chunks], [p for p in found if not isinstance(p, Mapping)])
    return result


def _joined(sizes: Sequence[int], found: Sequence[Values | None]) -> Values:
    parts = [np.full(n, MISSING) if part is None else part for n, part in zip(sizes, found, strict=True)]
    if all(part.dtype == np.float64 for part in parts):
        return np.concatenate(parts)
    return np.concatenate([as_objects(part) for part in parts])


def as_objects(values: Values) -> Values:
    """The same column with None for what is missing, whatever its form was."""
    if values.dtype != np.float64:
        return values
    result = values.astype(np.object_)
    result[missing(values)] = None
    return result


def missing(values: Values) -> NDArray[np.bool_]:
    """Which values are not there, (n,)."""
    if values.dtype != np.float64:
        return np.fromiter((value is None for value in values), np.bool_, len(values))
    magnitudes = (values.view(np.int64) >> 48) & (MAGNITUDES - 1)
    result: NDArray[np.bool_] = np.isnan(values) & ~np.isin(magnitudes, list(NAN_MAGNITUDES))
    return result


def numbers(values: Values) -> NDArray[np.float64]:
    """The column as numbers; NaNs say what is none, as in events."""
    if values.dtype == np.float64:
        return values
    return np.fromiter(map(number, values), np.float64, len(values))
