"""One of several classes."""

import json
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance.cells import Cells, Layout
from detectors.performance.classes import multiclass, multiclass_metrics
from detectors.performance.delta import right
from detectors.performance.measured import Measured
from detectors.performance.shares import Judged, Trials
from stream.answers.blocks import by_blocks
from stream.answers.kind import NOTHING, Rows
from stream.answers.texts import texts_of
from stream.encodings.several import unpacked


@dataclass(frozen=True)
class Classes:
    """One of several classes; those that the plan does not know are one."""

    settings: multiclass.Multiclass

    @property
    def family(self) -> Hashable:
        """The classes."""
        return self.settings

    @property
    def layout(self) -> Layout:
        """The confusion matrix, ranks, losses."""
        return multiclass.layout(self.settings)

    def pairs(self, rows: Rows) -> tuple[Integers, Floats]:
        """Predicted class beside the true one, and the probabilities."""
        return by_blocks(rows, self._block)

    def _block(self, rows: Rows) -> tuple[Integers, Floats]:
        truth, said, other = self.true(rows), self.said(rows), len(self.settings.classes)
        scores = unpacked(rows["several"], self.settings.classes)
        unclaimed = (scores[:, other] == 0) & (truth != other)
        scores[unclaimed, other] = np.nan  # no rival of a class whose score is 0, too
        return multiclass.pairs(self.settings, truth, said, scores)

    def true(self, rows: Rows) -> Integers:
        """The place of each label among the classes, -1 where it says nothing, (n,)."""
        return self._places(rows["label"])

    def said(self, rows: Rows) -> Integers:
        """The place of each answer among the classes, -1 where there is none, (n,)."""
        return self._places(texts_of(rows["answer"], rows["value"]))

    def _places(self, texts: NDArray[np.object_]) -> Integers:
        place = {name: i for i, name in enumerate(self.settings.classes)}
        return np.array([place.get(text, len(place)) if text else -1 for text in texts.tolist()], np.int64)

    def measure(
        self,
        made: Cells,
        names: Collection[str] | None = None,
        exact: Mapping[str, Floats] = NOTHING,  # noqa: ARG002  # nothing of it is by bins
    ) -> dict[str, Measured]:
        """All metrics over the classes, and `recall:name` and its like of each class; or those with these names."""
        if names is not None:
            return multiclass_metrics.measure(self.settings, made, names=multiclass_metrics.METRICS.keys() & names)
        found = multiclass_metrics.measure(self.settings, made)
        of_each = {metric: found.pop(metric) for metric in multiclass_metrics.PER_CLASS}
        return found | {
            f"{metric}:{name}": Measured(*(column[:, i] for column in each))
            for metric, each in of_each.items()
            for i, name in enumerate(self.settings.classes)
        }

    def constant(self, made: Cells) -> dict[str, Floats]:
        """Of the most frequent class, and of the classes' shares as scores."""
        return multiclass_metrics.baseline(self.settings, made)

    def tallied(self, made: Cells) -> tuple[str, Integers]:
        """The classes, by true and predicted one."""
        return json.dumps(self.settings.classes), made.counts[:, : len(self.settings.names) ** 2]

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""
        return ("accuracy",)

    def judged(self, made: Cells, before: Cells) -> dict[str, Judged]:
        """How often the class was wrong."""
        both = [multiclass.read(self.settings, each).matrix for each in (made, before)]
        n = [matrix.sum(axis=(1, 2)) for matrix in both]
        now, usual = (Trials(each - right(matrix).sum(axis=1), each) for each, matrix in zip(n, both, strict=True))
        return {"accuracy": Judged(now, usual, good=True)}

    def wrong(self, rows: Rows) -> NDArray[np.bool_]:
        """Another class than the label."""
        return np.asarray(texts_of(rows["answer"], rows["value"]) != rows["label"], np.bool_)

    @property
    def about(self) -> str:
        """The plan knows the classes."""
        return "multiclass"

    def scored(self, rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        """Whether the answer was right: the score is how sure the model was of it."""
        return rows["score"], ~self.wrong(rows)

    def decided(self, rows: Rows) -> NDArray[np.bool_]:
        """All of them: whatever a model answers is a class."""
        return np.ones(len(rows["score"]), np.bool_)
