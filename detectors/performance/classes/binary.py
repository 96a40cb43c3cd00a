"""Answers of a binary classifier that met their labels: counted by decision, by score, and summed.

Scores are counted in bins whose edges k^3 / (k^3 + (bins - k)^3) are fine near both ends, because scores of rare events
live near 0: of 256 bins 23 lie below 0.001 and none is wider than 0.012. They are quotients of integers, so that every
machine has the same ones.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance.cells import Cells, Layout

DECISIONS = 6  # no, yes and unknown for either label
LOSS = -34  # log losses are at most 36.1: a quantum of 2^-34, clamped at 64
SCORE = -40  # scores and squared errors are at most 1: a quantum of 2^-40
LEAST = float(np.finfo(np.float64).eps)  # scores are this far from 0 and 1 in a log loss, as in scikit-learn


class Binary(Struct, frozen=True):
    """How answers of a binary classifier are counted, and what they are worth."""

    bins: int = 256  # of scores in [0, 1]
    groups: int = 16  # neighbouring bins together, for calibration: divides the bins
    top: float = 0.1  # the share of highest scores whose lift is asked for
    worth: tuple[float, float, float, float] | None = None  # of a true no, false yes, false no, true yes


class Outcomes(NamedTuple):
    """What the cells say, as floats, a row per segment value."""

    settings: Binary
    confusion: Floats  # (rows, 4): true no, false yes, false no, true yes
    scores: Floats  # (rows, 2, bins + 2): by label; below 0, the bins, above 1
    scored: Floats  # (rows, groups): the mean score of each group; nan where there are none
    loss: Floats  # (rows, 2): the mean log loss and its deviation (divided by n)
    square: Floats  # (rows, 2): the mean squared error and its deviation

    @property
    def regular(self) -> Floats:
        """Scores in [0, 1] by label and bin, (rows, 2, bins)."""
        return self.scores[:, :, 1:-1]

    @property
    def grouped(self) -> Floats:
        """The same by group, (rows, 2, groups)."""
        shape = (len(self.scores), 2, self.settings.groups, self.settings.bins // self.settings.groups)
        return np.asarray(self.regular.reshape(shape).sum(axis=-1))


def edges(bins: int) -> Floats:
    """Where the bins of scores begin, and the last one ends: (bins + 1,)."""
    return np.array([k**3 / (k**3 + (bins - k) ** 3) for k in range(bins + 1)])


def layout(settings: Binary) -> Layout:
    """The cells of such answers: 6 decisions and bins + 3 scores of either label; losses, errors, scores by group."""
    assert settings.bins % settings.groups == 0, settings
    exponents = np.array([LOSS, SCORE] + [SCORE] * settings.groups, np.int64)
    return Layout(DECISIONS + 2 * (settings.bins + 3), exponents)


def pairs(
    settings: Binary, score: Floats, predicted: NDArray[np.int8], label: NDArray[np.bool_]
) -> tuple[Integers, Floats]:
    """What each pair adds to the cells: the counts it raises, (n, 2), and its values, (n, 2 + groups).

    `score` is nan where the event had none; `predicted` is 1 for yes, 0 for no, -1 for unknown. Scores outside [0, 1]
    are ranked, but have no loss.
    """
    positive = label.astype(np.int64)
    place = _places(settings, score)
    counted = np.stack(
        (3 * positive + predicted + 1, DECISIONS + positive * (settings.bins + 3) + place), axis=1
    ).astype(np.int64)
    inside = (place >= 2) & (place < settings.bins + 2)
    values = np.full((len(score), 2 + settings.groups), np.nan)
    known, truth = score[inside], label[inside]
    values[inside, 0] = -np.log(np.clip(np.where(truth, known, 1 - known), LEAST, 1 - LEAST))
    values[inside, 1] = (known - truth) ** 2
    values[inside, 2 + (place[inside] - 2) // (settings.bins // settings.groups)] = known
    return counted, values


def read(settings: Binary, cells: Cells) -> Outcomes:
    """What cells of such pairs say."""
    counts = cells.counts.astype(np.float64)
    decisions = counts[:, :DECISIONS].reshape(-1, 2, 3)[:, :, 1:]
    told = cells.read()
    both = np.stack((told.mean, told.deviation), axis=2)
    seen = scores(settings, cells).astype(np.float64)
    return Outcomes(settings, decisions.reshape(-1, 4), seen, told.mean[:, 2:], both[:, 0], both[:, 1])


def scores(settings: Binary, cells: Cells) -> Integers:
    """Pairs with a score by label and bin, (rows, 2, bins + 2): below 0, the bins, above 1."""
    return np.asarray(cells.counts[:, DECISIONS:].reshape(-1, 2, settings.bins + 3)[:, :, 1:], np.int64)


def _places(settings: Binary, score: Floats) -> Integers:
    """Where each score is counted: 0 none, 1 below 0, the bins, and last above 1."""
    place = 2 + np.searchsorted(_inner(settings.bins), score, side="right")
    place[score < 0] = 1
    place[score > 1] = settings.bins + 2
    place[np.isnan(score)] = 0
    return np.asarray(place, np.int64)


@cache
def _inner(bins: int) -> Floats:
    """The edges between the bins."""
    return edges(bins)[1:-1]
