"""A categorical column as codes: each category's text once, and which of them every row has."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.encodings.schema import WRONG, category_text, number
from stream.reference.columns import Values, missing

ODD = float("nan")  # stands for a number that is not finite, or beyond every double: no category of any vocabulary


class _Numbered(dict[Any, int]):
    """Values by order of appearance."""

    def __init__(self) -> None:
        self._next: Callable[[], int] = count().__next__

    def __missing__(self, value: object) -> int:
        """A new one gets the next number."""
        self[value] = number = self._next()
        return number


@dataclass(frozen=True, eq=False)
class Categories:
    """`texts` by code: a text, None where missing, WRONG for objects, ODD for what has no text; `codes` (n,)."""

    texts: tuple[Any, ...]
    codes: NDArray[np.int64]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How often each text occurs."""
        counts: dict[str, int] = {}
        for text, n in zip(self.texts, np.bincount(self.codes, minlength=len(self.texts)).tolist(), strict=True):
            if isinstance(text, str):  # one text may have several codes: 1 and true
                counts[text] = counts.get(text, 0) + n
        return counts

    def values(self) -> NDArray[np.object_]:
        """The text of each row, (n,)."""
        texts = np.empty(len(self.texts), np.object_)
        texts[:] = self.texts
        return texts[self.codes]

    def numbered(self, number_of: Mapping[Any, int], other: int) -> NDArray[np.int64]:
        """A number per row by its text; `other` for texts that have none, (n,)."""
        return np.array([number_of.get(text, other) for text in self.texts], np.int64)[self.codes]


def categories(values: Values) -> Categories:
    """The categories of a column; numbers that are equal are one, and so are 1 and true."""
    if values.dtype == np.float64:
        unique, codes = np.unique(values, return_inverse=True)  # all NaNs are one there
        codes = np.where(missing(values), len(unique), codes)
        return Categories((*map(_text, unique.tolist()), None), codes)
    numbered = _Numbered()
    codes = np.fromiter(map(numbered.__getitem__, values), np.int64, len(values))
    return Categories(tuple(map(_text, numbered)), codes)


def _text(value: object) -> Any:  # noqa: ANN401 - a text or one of three markers
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return category_text(value)
    if not isinstance(value, int | float):
        return WRONG
    as_float = number(value)
    return category_text(as_float) if math.isfinite(as_float) else ODD
