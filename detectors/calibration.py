"""From scores to probabilities: a rising step function learned from labelled scores, where it does better than they do.

Isotonic regression (Zadrozny and Elkan 2002, Transforming classifier scores into accurate multiclass probability
estimates), between whose steps lines are drawn, and beyond which nothing rises or falls any more.
"""

import numpy as np
import scipy
from msgspec import Struct

from detectors.codes import Bools, Floats

SPLITS = 10  # of the labelled scores, each with a tenth held out: as the peer NannyML does
HELD_OUT = 0.1
GROUPS = 10  # of equally many scores, whose calibration error is averaged


class Calibrator(Struct, frozen=True):
    """Scores and what they mean, (knots,) each; of no knots, a score is a probability already."""

    scores: Floats
    probabilities: Floats

    @property
    def learned(self) -> bool:
        """Whether probabilities are other than the scores."""
        return len(self.scores) > 0

    def apply(self, score: Floats) -> Floats:
        """The probability of each score, of the same shape; nan stays nan."""
        return np.asarray(np.interp(score, self.scores, self.probabilities)) if self.learned else np.array(score)


TRUSTED = Calibrator(np.empty(0), np.empty(0))


def fit(score: Floats, label: Bools) -> Calibrator:
    """The rising function of the scores, all finite, that is nearest to the labels, (n,) each. Needs one row."""
    at, place = np.unique(score, return_inverse=True)
    n = np.bincount(place)
    steps = scipy.optimize.isotonic_regression(np.bincount(place, label) / n, weights=n)
    knots = np.unique(np.concatenate((steps.blocks[:-1], steps.blocks[1:] - 1)))  # both ends of every step
    return Calibrator(at[knots], steps.x[knots])


def better(score: Floats, label: Bools, seed: int) -> Calibrator:
    """The fitted calibrator if it lowers the calibration error on held-out rows, else one that trusts the scores.

    Scores outside [0, 1] are no probabilities, and of one class nothing can be held out: there it is the fitted one.
    """
    fitted = fit(score, label)
    if score.min() < 0 or score.max() > 1 or min(label.sum(), (~label).sum()) < 2:
        return fitted
    gains = []
    for held in held_out(label, seed):
        learned = fit(score[~held], label[~held])
        raw, calibrated = (calibration_error(p[held], label[held]) for p in (score, learned.apply(score)))
        gains.append(raw - calibrated)
    return fitted if np.mean(gains) > 0 else TRUSTED


def held_out(label: Bools, seed: int) -> list[Bools]:
    """Which rows each split holds out, (n,) each: the same share of either label, one row at least."""
    rng = np.random.default_rng(seed)
    splits = []
    for _ in range(SPLITS):
        held = np.zeros(len(label), np.bool_)
        for rows in (np.flatnonzero(label), np.flatnonzero(~label)):
            held[rng.permutation(rows)[: max(1, round(HELD_OUT * len(rows)))]] = True
        splits.append(held)
    return splits


def calibration_error(probability: Floats, label: Bools) -> float:
    """The mean distance between probabilities and labels of GROUPS groups with equally many rows; 0 to 1.

    Naeini, Cooper and Hauskrecht 2015, Obtaining well calibrated probabilities using Bayesian binning.
    """
    order = np.argsort(probability, kind="stable")
    ends = np.linspace(0, len(order), GROUPS + 1).astype(np.int64)
    running = np.concatenate(([0.0], np.cumsum(label[order] - probability[order])))
    return float(np.abs(np.diff(running[ends])).sum() / len(order))


def starts(calibrator: Calibrator) -> Floats:
    """The scores at which steps begin, rising, (steps,)."""
    return calibrator.scores[np.unique(calibrator.probabilities, return_index=True)[1]]
