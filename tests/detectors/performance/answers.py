"""Answers of a made-up binary classifier, by segment, and what NumPy and scikit-learn say of them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn import metrics

from detectors.performance import cells
from detectors.performance.classes import binary
from detectors.performance.classes.binary import Binary, Outcomes

SETTINGS = Binary(worth=(0.5, -2.0, -10.0, 7.0))
N_ROWS = 6  # all; one field with 2 values, one with 3


class Answers(NamedTuple):
    """Scores, decisions, labels and segments of n pairs."""

    score: np.ndarray
    predicted: np.ndarray
    label: np.ndarray
    rows: np.ndarray

    def of_row(self, row: int) -> "Answers":
        """Those of one segment value."""
        return self.part((self.rows == row).any(axis=1)) if row else self

    def part(self, which: np.ndarray | slice) -> "Answers":
        """Only these."""
        return Answers(*(column[which] for column in self))

    def cells(self, settings: Binary = SETTINGS) -> cells.Cells:
        """Their cells."""
        counted, values = binary.pairs(settings, self.score, self.predicted, self.label)
        return cells.of(binary.layout(settings), counted, values, self.rows, N_ROWS)

    def seen(self, settings: Binary = SETTINGS) -> Outcomes:
        """What their cells say."""
        return binary.read(settings, self.cells(settings))


def made(seed: int, n: int, score: Callable[[np.random.Generator], np.ndarray] | None = None) -> Answers:
    """Skewed scores that know something of the label; decisions that are not a threshold of them."""
    rng = np.random.default_rng(seed)
    scores = score(rng) if score else rng.beta(0.5, 2.0, n)
    label = rng.random(n) < 0.1 + 0.7 * scores
    predicted = (scores + rng.normal(0, 0.1, n) > 0.4).astype(np.int8)
    rows = np.stack((rng.integers(1, 3, n), rng.integers(3, 6, n)), axis=1)
    return Answers(scores, predicted, label, rows)


def one_per_bin(seed: int, n: int = 200) -> Answers:
    """No two scores share a bin, so that bins lose nothing of their order."""
    ends = binary.edges(SETTINGS.bins)
    middles = (ends[1:] + ends[:-1]) / 2
    return made(seed, n, lambda rng: rng.permutation(middles)[:n])


def groups(pairs: Answers) -> list[Answers]:
    """The pairs by group of scores, none empty."""
    ends = binary.edges(SETTINGS.groups)
    at = np.minimum(np.searchsorted(ends, pairs.score, side="right") - 1, SETTINGS.groups - 1)
    return [pairs.part(at == group) for group in np.unique(at)]


def reliability(pairs: Answers) -> float:
    """As Murphy wrote it."""
    return sum(len(g.label) * (g.score.mean() - g.label.mean()) ** 2 for g in groups(pairs)) / len(pairs.label)


def resolution(pairs: Answers) -> float:
    """As Murphy wrote it."""
    rate = pairs.label.mean()
    return sum(len(g.label) * (g.label.mean() - rate) ** 2 for g in groups(pairs)) / len(pairs.label)


def within_groups(pairs: Answers) -> float:
    """The two terms that Stephenson and others added."""
    total = 0.0
    for g in groups(pairs):
        gaps = g.score - g.score.mean()
        total += (gaps**2).sum() - 2 * (gaps * (g.label - g.label.mean())).sum()
    return total / len(pairs.label)


def calibration_error(pairs: Answers) -> float:
    """Distances of mean scores from rates, by group."""
    return sum(len(g.label) * abs(g.score.mean() - g.label.mean()) for g in groups(pairs)) / len(pairs.label)


def lift(pairs: Answers) -> float:
    """The top scores' positives, the last one in part."""
    order = np.argsort(-pairs.score)
    taken = np.clip(SETTINGS.top * len(order) - np.arange(len(order)), 0, 1)
    return float((pairs.label[order] * taken).sum() / pairs.label.sum() / SETTINGS.top)


def share(label: int, predicted: int) -> Callable[[Answers], float]:
    """A cell of scikit-learn's confusion matrix, as a share."""
    return lambda pairs: metrics.confusion_matrix(*decided(pairs), normalize="all", labels=[0, 1])[label, predicted]


def decided(pairs: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Labels and decisions."""
    return pairs.label, pairs.predicted == 1


def chances(pairs: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores."""
    return pairs.label, pairs.score


ORACLES: dict[str, Callable[[Answers], float]] = {
    "accuracy": lambda pairs: metrics.accuracy_score(*decided(pairs)),
    "balanced_accuracy": lambda pairs: metrics.balanced_accuracy_score(*decided(pairs)),
    "precision": lambda pairs: metrics.precision_score(*decided(pairs), zero_division=np.nan),
    "recall": lambda pairs: metrics.recall_score(*decided(pairs)),
    "specificity": lambda pairs: metrics.recall_score(*decided(pairs), pos_label=0),
    "f1": lambda pairs: metrics.f1_score(*decided(pairs)),
    "f_half": lambda pairs: metrics.fbeta_score(*decided(pairs), beta=0.5),
    "f2": lambda pairs: metrics.fbeta_score(*decided(pairs), beta=2.0),
    "matthews": lambda pairs: metrics.matthews_corrcoef(*decided(pairs)),
    "kappa": lambda pairs: metrics.cohen_kappa_score(*decided(pairs)),
    "selection_rate": lambda pairs: pairs.predicted.mean(),
    "true_negatives": share(0, 0),
    "false_positives": share(0, 1),
    "false_negatives": share(1, 0),
    "true_positives": share(1, 1),
    "worth": lambda pairs: np.array(SETTINGS.worth)[2 * pairs.label + pairs.predicted].mean(),
    "roc_auc": lambda pairs: metrics.roc_auc_score(*chances(pairs)),
    "average_precision": lambda pairs: metrics.average_precision_score(*chances(pairs)),
    "lift": lift,
    "log_loss": lambda pairs: metrics.log_loss(*chances(pairs), labels=[False, True]),
    "brier": lambda pairs: metrics.brier_score_loss(*chances(pairs)),
    "reliability": reliability,
    "resolution": resolution,
    "uncertainty": lambda pairs: pairs.label.mean() * (1 - pairs.label.mean()),
    "within_groups": within_groups,
    "calibration_error": calibration_error,
}
