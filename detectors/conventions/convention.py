"""What another tool says of two samples: its tests, its limits and its verdicts, as pure functions of the values.

A convention is two tables of measures, named as the tool names them, the measures that it would choose by itself, and
what it says of all features together. Whatever is wrong with a tool is wrong here too.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from detectors.codes import Floats, Integers

ALL = "all"  # stands for every measure of a tool


class Refused(Exception):
    """The tool has no answer to this question; the message says why."""


class Numbers(Struct, frozen=True):
    """A numeric feature in the order of the rows: floats, nan where missing; or integers, where all of a side are."""

    reference: Floats | Integers
    current: Floats | Integers


class Categories(Struct, frozen=True):
    """A categorical feature in the order of the rows: places in `texts`, -1 where missing. `texts` are sorted.

    `of`: what they are; truths are of the texts 0 and 1.
    """

    reference: Integers
    current: Integers
    texts: tuple[str, ...]
    of: Literal["texts", "truths", "numbers"] = "texts"

    def counts(self) -> tuple[Integers, Integers]:
        """How often each text occurs in either sample, (texts,) each."""
        n = len(self.texts)
        sides = (self.reference, self.current)
        reference, current = (np.bincount(codes[codes >= 0], minlength=n).astype(np.int64) for codes in sides)
        return reference, current

    def present(self) -> tuple[Integers, Integers]:
        """The places of the values that are there."""
        return self.reference[self.reference >= 0], self.current[self.current >= 0]


Feature = Numbers | Categories


class Score(Struct, frozen=True, omit_defaults=True):
    """What a measure is, its limit, and the tool's verdict; None where the tool has no limit, or no verdict.

    `p_value` stands beside a value that is a statistic; `problem` says why there is no value.
    """

    value: float | None
    limit: float | None
    drifted: bool | None
    p_value: float | None = None
    problem: str | None = None


Scores = Mapping[str, Mapping[str, Score]]  # by feature and measure


class Dataset(Struct, frozen=True, omit_defaults=True):
    """What a tool says of all features together. `share` of them drifted, where the tool goes by it and its `limit`."""

    drifted: bool
    drifted_features: tuple[str, ...]
    share: float | None = None
    limit: float | None = None


class Judged(Struct, frozen=True):
    """A tool's answer."""

    features: Scores
    dataset: Dataset


def any_feature(scores: Scores) -> Dataset:
    """All features have drifted together as soon as one has: what a tool without a rule of its own means."""
    drifted = drifted_features(scores)
    return Dataset(bool(drifted), drifted)


def drifted_features(scores: Scores) -> tuple[str, ...]:
    """Those of which any measure says so."""
    return tuple(name for name, found in scores.items() if any(score.drifted for score in found.values()))


def unchanged(feature: Feature) -> Feature:
    """A feature is of the type that it has."""
    return feature


def as_it_is(features: Mapping[str, Feature]) -> Mapping[str, Feature]:
    """No column says anything of another one's rows."""
    return features


def unlevelled(score: Score, _features: int) -> Score:
    """Limits do not know how many features there are."""
    return score


class Convention(Struct, frozen=True):
    """A tool. A score that says nan is a value that the tool would print as such."""

    title: str  # with its version, where one was run
    numeric: Mapping[str, Callable[[Numbers], Score]]
    categorical: Mapping[str, Callable[[Categories], Score]]
    chosen: Callable[[Feature], Sequence[str]]
    dataset: Callable[[Scores], Dataset] = any_feature
    typed: Callable[[Feature], Feature] = unchanged  # of another type, where the tool would take it for that
    levelled: Callable[[Score, int], Score] = unlevelled  # by the number of features
    unasked: frozenset[str] = frozenset()  # of numbers: only where the tool chooses them
    absent: Mapping[str, str] = {}  # what it may choose and is not here, and why
    table: Callable[[Mapping[str, Feature]], Mapping[str, Feature]] = as_it_is  # what it makes of all columns first

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of all of them."""
        return tuple(dict.fromkeys((*self.numeric, *self.categorical)))

    def judge(self, features: Mapping[str, Feature], measures: Sequence[str] = ()) -> Judged:
        """What the tool says: by its own choice, or by these measures, where they apply; `all` shows every one.

        The verdict on all features is by the tool's own choice, or by the measures that are named.
        """
        features = self.table(features)
        shown = {name: self._scores(feature, measures) for name, feature in features.items()}
        shown = {
            name: {measure: self.levelled(score, len(shown)) for measure, score in found.items()}
            for name, found in shown.items()
        }
        if ALL not in measures:
            return Judged(shown, self.dataset(shown))
        chosen = {
            name: {measure: shown[name][measure] for measure in self._chosen(self.typed(feature))}
            for name, feature in features.items()
        }
        return Judged(shown, self.dataset(chosen))

    def _scores(self, feature: Feature, measures: Sequence[str]) -> dict[str, Score]:
        """A measure that is asked for is of the type that the tool takes the feature for, or else of its own type."""
        typed = self.typed(feature)
        chosen, other = self._chosen(typed), self._known(feature)
        known = self._known(typed)
        scores = {}
        for name in dict.fromkeys((*chosen, *known, *other)) if ALL in measures else measures or chosen:
            if name in self.absent:
                scores[name] = Score(None, None, None, problem=self.absent[name])
            elif name in known and (name in chosen or name not in self.unasked or isinstance(typed, Categories)):
                scores[name] = scored(known[name], typed)
            elif name in other and name not in self.unasked:
                scores[name] = scored(other[name], feature)
        return scores

    def _chosen(self, feature: Feature) -> list[str]:
        return [name for name in self.chosen(feature) if name in self._known(feature) or name in self.absent]

    def _known(self, feature: Feature) -> Mapping[str, Callable[..., Score]]:
        return self.numeric if isinstance(feature, Numbers) else self.categorical


def scored(measure: Callable[..., Score], feature: Feature) -> Score:
    """A measure of a feature, or why there is none."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter(
            "ignore"
        )  # of SciPy: that a p-value is cut, that values are nearly equal, too few, or nan
        try:
            return measure(feature)
        except (Refused, ValueError) as refused:  # SciPy's errors are the tool's: too few values, or all equal
            return Score(None, None, None, problem=str(refused))


def above(value: float, limit: float | None, *, strictly: bool = True) -> Score:
    """A distance, drifted above its limit; `strictly` leaves the limit itself out."""
    value = float(value)
    over = None if limit is None else value > limit or (not strictly and value == limit)
    return Score(value, limit, over)


def below(p_value: float, limit: float, *, strictly: bool = True) -> Score:
    """A p-value, drifted below its limit."""
    p_value = float(p_value)
    return Score(p_value, limit, p_value < limit or (not strictly and p_value == limit))


def beside(statistic: float, p_value: float, limit: float | None) -> Score:
    """A statistic with its p-value, drifted where that is below its limit."""
    drifted = None if limit is None else bool(p_value < limit)
    return Score(float(statistic), limit, drifted, p_value=float(p_value))


def finite(values: Floats | Integers) -> Floats | Integers:
    """The values that are there and finite, in their order."""
    return values if values.dtype.kind == "i" else values[np.isfinite(values)]


def there(values: Floats | Integers) -> Floats | Integers:
    """The values that are not missing, infinities among them."""
    return values if values.dtype.kind == "i" else values[~np.isnan(values)]


def filled(*sides: NDArray[np.generic]) -> None:
    """Refused where there are no values on either side."""
    for name, values in zip(("reference", "current file"), sides, strict=True):
        if not len(values):
            raise Refused(f"the {name} has no values")
