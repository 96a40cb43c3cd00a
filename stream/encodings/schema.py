"""What is decoded, and what a value means: numbers are floats whose NaNs say why there is none, categories are ids."""

import math
from collections.abc import Sequence
from itertools import count
from typing import Any, Final

from msgspec import Struct

from detectors.grids import ABSENT, MISSING, NOT_FINITE, WRONG_TYPE
from stream.events import RESERVED

__all__ = ["ABSENT", "MISSING", "NOT_FINITE", "WRONG_TYPE", "Ids", "Shape", "category_text", "vocabulary_ids"]

# Integers become floats, so that numbers that are equal are one category; 1 and true are one anyway.
Category = str | float | bool | None
NAME_MAX = 200  # characters of a model's or version's name
GONE: Final = RESERVED + "gone"  # stands in a Shape for a column that is missing in every event

# What docs/events.md names, whether it is read yet or not.
CONTRACT = frozenset(
    (
        *("kind", "model", "time", "version", "id", "features", "segments", "score"),
        *("prediction", "latency_ms", "status", "label", "scores", "attributions", "event"),
    )
)

# Ids that every vocabulary begins with.
NULL_ID, UNSEEN_ID, WRONG_ID, ABSENT_ID, GOOD_ID = range(5)

# The statuses of answers that did not fail; HTTP's among them (RFC 9110, 15.3 and 15.4).
GOOD = (
    *(form(word) for word in ("ok", "success", "succeeded") for form in (str.lower, str.upper, str.capitalize)),
    *map(str, range(200, 400)),
)


class WrongType:
    """Stands for a categorical value that is an object or an array."""


WRONG: Final = WrongType()
ABSENT_VALUE: Final = WrongType()


class Shape(Struct, frozen=True):
    """The features of one model that are decoded; none while it is being learned."""

    model: str
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    attributed: tuple[str, ...] = ()  # in `attributions`


class Ids(dict[Any, int]):
    """Category to id of the vocabulary. Events add nothing to it: what is not in it is unseen."""

    def __missing__(self, value: object) -> int:
        """Anything else is unseen."""
        return UNSEEN_ID


def number(value: object) -> float:
    """A numeric value as a float; what is none becomes the NaN that says why."""
    if value is None:
        return MISSING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return WRONG_TYPE
    try:
        as_float = float(value)
    except OverflowError:  # an integer beyond 1.8e308
        return math.inf if value > 0 else -math.inf
    return NOT_FINITE if math.isnan(as_float) else as_float


def category(value: object) -> object:
    """A categorical value as the decoder has it; objects and arrays become the value that says so."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return value if value is None or isinstance(value, str | bool) else WRONG


def category_text(value: str | float | bool) -> str:
    """The text that names a category: equal numbers have one name, true is 1 and false is 0.

    OverflowError for an integer beyond every double, which is no category.
    """
    if isinstance(value, str):
        return value
    as_float = float(value)
    return str(int(as_float)) if math.isfinite(as_float) and as_float == int(as_float) else repr(as_float)


def vocabulary_ids(texts: Sequence[str]) -> Ids:
    """Ids of all texts, under the text itself and under the number that it names.

    Good statuses that are no such text share an id: as many of their own would not fit a byte.
    """
    ids = Ids({None: NULL_ID, WRONG: WRONG_ID, ABSENT_VALUE: ABSENT_ID})
    numbered = [*((text, GOOD_ID) for text in GOOD), *zip(dict.fromkeys(texts), count(GOOD_ID + 1))]
    for text, i in numbered:
        ids[text] = i
        try:
            as_float = float(text)
        except ValueError:
            continue
        if not math.isnan(as_float) and category_text(as_float) == text:
            ids[as_float] = i
    return ids
