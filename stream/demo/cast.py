"""Who plays in the demo: four models, what their features look like, and what they say.

Each model's events come from one distribution, day and night: only their number has a rhythm. The features of a model
share a common factor, so they are correlated, as real ones are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]
Values = Floats | Texts
Law = Literal["normal", "lognormal", "share"]
CLASSES = ("billing", "delivery", "other")  # of the model with several


class Numeric(Struct, frozen=True):
    """A number.

    `center` and `spread` are mean and deviation of a normal law, median and the logarithm's deviation of a lognormal
    one; a share is the logistic function of a normal number. `factor` is its correlation with what the features have in
    common, `weight` what one standard deviation of it adds to the model's opinion.
    """

    name: str
    law: Law
    center: float
    spread: float
    factor: float
    weight: float = 0.0
    decimals: int = 2

    def values(self, z: Floats) -> Floats:
        """The feature's values where standard normal numbers are `z`."""
        return np.asarray(_LAWS[self.law][0](z, self.center, self.spread))

    def standard(self, values: Floats) -> Floats:
        """Values in standard deviations, as the model sees them; a missing one as the usual one."""
        return np.nan_to_num(_LAWS[self.law][1](values, self.center, self.spread))


class Categorical(Struct, frozen=True):
    """A category, with the share of each."""

    name: str
    shares: Mapping[str, float]
    factor: float = 0.3

    def values(self, z: Floats) -> Texts:
        """The categories where standard normal numbers are `z`."""
        upto = np.cumsum(list(self.shares.values()))
        return np.asarray(np.array(list(self.shares))[np.searchsorted(upto[:-1] / upto[-1], ndtr(z), side="right")])


class Rollout(Struct, frozen=True):
    """From an hour of the story on, a version answers this share of the requests."""

    version: str
    from_h: float
    share: float


class Truth(Struct, frozen=True):
    """What turns out to be true: the model's answer in this share of the events, so many hours later on average."""

    right: float
    delay_h: float


class Player(Struct, frozen=True):
    """One model. `per_hour` is the mean over a day; the busiest hour has 1.6 times as many events, the quietest 0.4.

    Without a `truth` nobody ever says whether it was right. `group` tells its events apart, and is no feature.
    """

    name: str
    output: Literal["binary", "regression", "ranking", "multiclass"]
    per_hour: int
    rollouts: tuple[Rollout, ...]
    numeric: tuple[Numeric, ...]
    categorical: tuple[Categorical, ...]
    bias: float = 0.0
    truth: Truth | None = None
    group: Categorical | None = None

    def features(self, n: int, random: np.random.Generator) -> dict[str, Values]:
        """The features of n events."""
        common = random.standard_normal(n)

        def correlated(factor: float) -> Floats:
            return np.asarray(factor * common + np.sqrt(1 - factor**2) * random.standard_normal(n))

        features: tuple[Numeric | Categorical, ...] = (*self.numeric, *self.categorical)
        return {feature.name: feature.values(correlated(feature.factor)) for feature in features}

    def opinion(self, features: Mapping[str, Values], random: np.random.Generator) -> Floats:
        """What the model makes of the features that reached it, before its output turns it into an answer, (n,)."""
        seen = [each.weight * each.standard(np.asarray(features[each.name], np.float64)) for each in self.numeric]
        total = np.sum(seen, axis=0) + self.bias
        return np.asarray(total + 0.5 * random.standard_normal(len(total)))  # features the demo does not show

    def answers(self, opinion: Floats) -> dict[str, Sequence[object]]:
        """The event's fields that the model's output fills, as columns."""
        return _OUTPUTS[self.output](opinion)


def _binary(opinion: Floats) -> dict[str, Sequence[object]]:
    score = expit(opinion).round(4)
    return {"score": score.tolist(), "prediction": (score >= 0.5).astype(int).tolist()}


def _regression(opinion: Floats) -> dict[str, Sequence[object]]:
    return {"prediction": (40 * np.exp(opinion / 4)).round(2).tolist()}


def _ranking(opinion: Floats) -> dict[str, Sequence[object]]:
    return {"score": opinion.round(4).tolist()}


def _multiclass(opinion: Floats) -> dict[str, Sequence[object]]:
    third = expit(opinion)
    shares = np.stack([1 - third, third * 0.6, third * 0.4], axis=1).round(4)
    scores = [dict(zip(CLASSES, row, strict=True)) for row in shares.tolist()]
    return {"scores": scores, "prediction": np.array(CLASSES)[shares.argmax(axis=1)].tolist()}


_OUTPUTS: Mapping[str, Callable[[Floats], dict[str, Sequence[object]]]] = {
    "binary": _binary,
    "regression": _regression,
    "ranking": _ranking,
    "multiclass": _multiclass,
}
# How a law's values follow from standard normal numbers, and back: (numbers, center, spread) -> numbers.
_LAWS: Mapping[Law, tuple[Callable[..., Floats], Callable[..., Floats]]] = {
    "normal": (lambda z, c, s: c + s * z, lambda x, c, s: (x - c) / s),
    "lognormal": (lambda z, c, s: c * np.exp(s * z), lambda x, c, s: np.log(x / c) / s),
    "share": (lambda z, c, s: expit(c + s * z), lambda x, c, s: (logit(x) - c) / s),
}

CAST = (
    Player(
        "fraud",
        "binary",
        3_000,
        (Rollout("3", 0.0, 1.0),),
        (
            Numeric("amount", "lognormal", 38.0, 0.9, 0.5, 0.8),
            Numeric("merchant_risk", "share", -2.0, 0.8, 0.4, 0.6, 4),
            Numeric("account_age_days", "lognormal", 600.0, 1.0, -0.4, -0.5, 0),
            Numeric("orders_24h", "lognormal", 3.0, 0.7, 0.3, 0.3, 0),
            Numeric("distance_km", "lognormal", 12.0, 1.3, 0.4, 0.2, 1),
        ),
        (
            Categorical("country", {"FR": 0.42, "DE": 0.21, "ES": 0.17, "IT": 0.12, "PT": 0.08}),
            Categorical("channel", {"web": 0.55, "app": 0.36, "phone": 0.09}, 0.0),
        ),
        -1.2,
        group=Categorical("sex", {"f": 0.48, "m": 0.52}),
    ),
    Player(
        "pricing",
        "regression",
        2_200,
        (Rollout("12", 0.0, 1.0),),
        (
            Numeric("demand", "normal", 100.0, 15.0, 0.6, 0.9, 1),
            Numeric("stock", "lognormal", 240.0, 0.8, -0.5, -0.4, 0),
            Numeric("competitor_price", "lognormal", 45.0, 0.4, 0.5, 0.7),
            Numeric("weight_kg", "lognormal", 1.8, 0.9, 0.1, 0.1),
        ),
        (
            Categorical("region", {"north": 0.31, "south": 0.27, "east": 0.24, "west": 0.18}),
            Categorical("season", {"regular": 0.8, "sale": 0.2}, 0.2),
        ),
    ),
    Player(
        "ranking",
        "ranking",
        2_600,
        # A new version that is as good as the old one: a rollout is no drift.
        (Rollout("7", 0.0, 1.0), Rollout("8", 40.0, 0.2), Rollout("8", 48.0, 1.0)),
        (
            Numeric("relevance", "share", 0.3, 1.1, 0.7, 1.0, 4),
            Numeric("freshness_h", "lognormal", 30.0, 1.2, -0.3, -0.3, 1),
            Numeric("clicks_7d", "lognormal", 55.0, 1.1, 0.6, 0.5, 0),
        ),
        (Categorical("device", {"phone": 0.58, "desktop": 0.33, "tablet": 0.09}),),
    ),
    Player(
        "support",
        "multiclass",
        900,
        (Rollout("1", 0.0, 1.0),),
        (
            Numeric("words", "lognormal", 60.0, 0.7, 0.4, 0.7, 0),
            Numeric("wait_minutes", "lognormal", 7.0, 0.9, 0.5, 0.4, 1),
            Numeric("sentiment", "normal", 0.0, 0.4, -0.5, -0.6, 3),
        ),
        (
            Categorical("language", {"en": 0.5, "fr": 0.3, "de": 0.2}),
            Categorical("tier", {"free": 0.7, "pro": 0.3}, 0.2),
        ),
        truth=Truth(0.85, 1 / 6),
    ),
)
