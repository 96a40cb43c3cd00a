"""What another tool would say of two files."""

from collections.abc import Sequence
from types import NoneType

import numpy as np

from detectors.codes import Floats, Integers
from detectors.conventions import Categories, Convention, Feature, Judged, Numbers
from stream.comparison.pairs import Pair, Pairs
from stream.reference.categories import categories
from stream.reference.columns import Values, numbers


def by_convention(convention: Convention, pairs: Pairs, measures: Sequence[str] = ()) -> Judged:
    """Its values, limits and verdicts."""
    return convention.judge({name: _feature(pair) for name, pair in pairs.columns.items()}, measures)


def _feature(pair: Pair) -> Feature:
    """The values as data frames have them: what is of the wrong type is missing, integers are integers."""
    if pair.kind == "numeric":
        before, now = pair.integers
        return Numbers(_numbers(pair.reference, integers=before), _numbers(pair.current, integers=now))
    found = [categories(values) for values in (pair.reference, pair.current)]
    texts = tuple(sorted({text for one in found for text in one.texts if isinstance(text, str)}))
    places = {text: i for i, text in enumerate(texts)}
    codes = found[0].numbered(places, -1), found[1].numbered(places, -1)
    return Categories(*codes, texts, "truths" if _truths(pair.reference) and _truths(pair.current) else "texts")


def _truths(values: Values) -> bool:
    """Whether all values that are there are true or false."""
    return values.dtype == np.object_ and {bool} == set(map(type, values)) - {NoneType}


def _numbers(values: Values, *, integers: bool) -> Floats | Integers:
    return numbers(values).astype(np.int64) if integers else numbers(values)
