"""Yes or no, and how sure."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance.cells import Cells, Layout
from detectors.performance.classes import baselines, binary, binary_metrics
from detectors.performance.measured import Measured
from detectors.performance.shares import Judged, Trials
from stream.answers.kind import NOTHING, Rows
from stream.answers.texts import texts_of

BASELINES: Final = (
    *("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "f_half", "f2", "matthews", "kappa"),
    *("worth", "log_loss", "brier"),
)


@dataclass(frozen=True)
class Binary:
    """Yes or no. `positive` is the class that is looked for; without an answer the score decides."""

    positive: str
    threshold: float
    settings: binary.Binary

    @property
    def family(self) -> Hashable:
        """How scores are binned."""
        return self.settings

    @property
    def layout(self) -> Layout:
        """Decisions, scores, losses."""
        return binary.layout(self.settings)

    def pairs(self, rows: Rows) -> tuple[Integers, Floats]:
        """Decision and score beside the truth."""
        return binary.pairs(self.settings, rows["score"], *self._decided(rows))

    def measure(
        self, made: Cells, names: Collection[str] | None = None, exact: Mapping[str, Floats] = NOTHING
    ) -> dict[str, Measured]:
        """All metrics of a binary classifier, or those with these names."""
        seen = binary.read(self.settings, made)
        return binary_metrics.measure(seen, names=binary_metrics.METRICS if names is None else names, exact=exact)

    def constant(self, made: Cells) -> dict[str, Floats]:
        """Of the better of two constant decisions, and of the prevalence as every score."""
        seen = binary.read(self.settings, made)
        metrics = {name: binary_metrics.METRICS[name] for name in BASELINES}
        return baselines.baselines(metrics, seen) | baselines.of_scores(seen)

    def tallied(self, made: Cells) -> tuple[str, Integers]:
        """Scores by label and bin."""
        return "scores", binary.scores(self.settings, made).reshape(len(made.counts), -1)

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""
        return ("accuracy", "precision", "recall")

    def judged(self, made: Cells, before: Cells) -> dict[str, Judged]:
        """Wrong decisions; what was not what was looked for, of what was said to be; and what was missed."""
        both = [binary.read(self.settings, each).confusion.T for each in (made, before)]
        trials = [
            (Trials(fp + fn, tn + fp + fn + tp), Trials(fp, fp + tp), Trials(fn, fn + tp)) for tn, fp, fn, tp in both
        ]
        return {name: Judged(now, usual, good=True) for name, now, usual in zip(self.shares, *trials, strict=True)}

    def wrong(self, rows: Rows) -> NDArray[np.bool_]:
        """A decision that is not the label; without one nothing is wrong."""
        predicted, label = self._decided(rows)
        return np.asarray((predicted >= 0) & (predicted != label), np.bool_)

    @property
    def about(self) -> str:
        """The class, and the threshold."""
        return f"binary: {self.positive!r}, from {self.threshold:g} on"

    def scored(self, rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        """Whether it was the class that is looked for."""
        return rows["score"], self._decided(rows)[1]

    def decided(self, rows: Rows) -> NDArray[np.bool_]:
        """Those that are decided yes."""
        return np.asarray(self._predicted(rows) == 1, np.bool_)

    def _decided(self, rows: Rows) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """The decision of each pair, -1 where it is not known, and its label."""
        return self._predicted(rows), np.asarray(rows["label"] == self.positive, np.bool_)

    def _predicted(self, rows: Rows) -> NDArray[np.int8]:
        score, answer = rows["score"], texts_of(rows["answer"], rows["value"])
        by_score = np.where(np.isnan(score), -1, score >= self.threshold)
        return np.where(answer == "", by_score, answer == self.positive).astype(np.int8)
