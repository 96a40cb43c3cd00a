"""What another tool would say of two files."""

from collections.abc import Sequence

import numpy as np

from detectors.conventions import Categories, Convention, Feature, Judged, Numbers
from stream.comparison.pairs import Pair, Pairs
from stream.reference.categories import categories
from stream.reference.columns import numbers


def by_convention(convention: Convention, pairs: Pairs, measures: Sequence[str] = ()) -> Judged:
    """Its values, limits and verdicts."""
    return convention.judge({name: _feature(pair) for name, pair in pairs.columns.items()}, measures)


def _feature(pair: Pair) -> Feature:
    """The values as data frames have them: what is of the wrong type is missing, integers are integers."""
    if pair.kind == "numeric":
        sides = [numbers(values) for values in (pair.reference, pair.current)]
        if pair.integers:
            return Numbers(sides[0].astype(np.int64), sides[1].astype(np.int64))
        return Numbers(sides[0], sides[1])
    found = [categories(values) for values in (pair.reference, pair.current)]
    texts = tuple(sorted({text for one in found for text in one.texts if isinstance(text, str)}))
    places = {text: i for i, text in enumerate(texts)}
    return Categories(found[0].numbered(places, -1), found[1].numbered(places, -1), texts)
