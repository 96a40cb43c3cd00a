"""A model's last layer, fitted anew: from what the model says of a ticket, and what is known of it, to what is true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stream.demo.cast import CLASSES, Categorical, Floats

Columns = Mapping[str, Sequence[object]]


@dataclass(frozen=True)
class Head:
    """Weights, (inputs, classes)."""

    categorical: tuple[Categorical, ...]
    weights: Floats

    def answers(self, said: Columns, features: Columns) -> dict[str, Sequence[object]]:
        """The event's fields in place of those that the former version has said, as columns."""
        shares = np.clip(inputs(self.categorical, said, features) @ self.weights, 1e-4, None)
        shares = (shares / shares.sum(axis=1, keepdims=True)).round(4)
        scores = [dict(zip(CLASSES, row, strict=True)) for row in shares.tolist()]
        return {"scores": scores, "prediction": np.array(CLASSES)[shares.argmax(axis=1)].tolist()}


@dataclass(frozen=True)
class Rollout:
    """From an hour of the story on, a version answers all requests."""

    from_h: int
    version: str
    head: Head


@dataclass
class Rollouts:
    """What has been rolled out so far, by model. A world looks here hour by hour."""

    heads: dict[str, Rollout] = field(default_factory=dict)

    def of(self, model: str, hour: int) -> Rollout | None:
        """What answers in place of a model's own versions; None: they do."""
        found = self.heads.get(model)
        return found if found is not None and hour >= found.from_h else None


def fit(categorical: tuple[Categorical, ...], said: Columns, features: Columns, truths: Sequence[str]) -> Head:
    """Least squares on the classes' indicators."""
    wanted = _indicators(truths, CLASSES)
    weights = np.linalg.lstsq(inputs(categorical, said, features), wanted, rcond=None)[0]
    return Head(categorical, np.asarray(weights, np.float64))


def inputs(categorical: tuple[Categorical, ...], said: Columns, features: Columns) -> Floats:
    """The former version's answer, alone and with each category; its scores: (n, inputs)."""
    answer = _indicators(said["prediction"], CLASSES)
    parts = [answer]
    for feature in categorical:
        known = _indicators(features[feature.name], tuple(feature.shares))
        parts += [answer * known[:, [i]] for i in range(known.shape[1])]
    scores = np.array([[row[name] for name in CLASSES] for row in said["scores"]], np.float64)  # type: ignore[index]  # of an object of JSON
    return np.hstack([*parts, scores])


def _indicators(values: Sequence[object], among: Sequence[str]) -> Floats:
    found: NDArray[np.bool_] = np.array(values, np.str_)[:, None] == np.array(among)
    return found.astype(np.float64)
