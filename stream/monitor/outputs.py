"""What a model says, and how its answers are measured: matched pairs become cells, cells become metrics."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance import baselines, binary, binary_metrics, multiclass, multiclass_metrics, regression
from detectors.performance import regression_metrics as errors
from detectors.performance.cells import Cells, Layout
from detectors.performance.delta import right
from detectors.performance.measured import Measured
from detectors.performance.shares import Judged, Trials
from stream.config.settings import Model
from stream.encodings.schema import category_text
from stream.encodings.several import unpacked
from stream.monitor.blocks import by_blocks
from stream.monitor.lists import Lists
from stream.plan import PREDICTION, SCORE, Plan
from stream.spoken import RANKING, classes_of, kind_of

Rows = Mapping[str, NDArray[Any]]  # columns of `pairs`
BASELINES: Final = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "log_loss", "brier")
LARGE: Final = 0.2  # of the reference's errors are larger than those that are not called large


class Answers(Protocol):
    """One kind of answers."""

    @property
    def family(self) -> Hashable:
        """What answers have in common whose cells can be measured together."""

    @property
    def layout(self) -> Layout:
        """The cells of such answers."""

    def pairs(self, rows: Rows) -> tuple[Integers, Floats]:
        """What pairs add to the cells, as `cells.of` takes it."""

    def measure(self, made: Cells, names: Collection[str] | None = None) -> dict[str, Measured]:
        """All metrics of each row, or those with these names."""

    def constant(self, made: Cells) -> Mapping[str, Floats]:
        """What the best answer that never looks at its inputs would have had, by metric; (rows,) each."""

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""

    def judged(self, made: Cells, before: Cells) -> Mapping[str, Judged]:
        """These, of rows and of as many rows of references."""

    def wrong(self, rows: Rows) -> NDArray[np.bool_] | None:
        """Which pairs are errors, (n,); None where answers are not right or wrong."""


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

    def measure(self, made: Cells, names: Collection[str] | None = None) -> dict[str, Measured]:
        """All metrics of a binary classifier, or those with these names."""
        seen = binary.read(self.settings, made)
        return binary_metrics.measure(seen, names=binary_metrics.METRICS if names is None else names)

    def constant(self, made: Cells) -> dict[str, Floats]:
        """Of the better of two constant decisions, and of the prevalence as every score."""
        seen = binary.read(self.settings, made)
        return {name: baselines.baseline(binary_metrics.METRICS[name], seen) for name in BASELINES}

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

    def _decided(self, rows: Rows) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """The decision of each pair, -1 where it is not known, and its label."""
        score, answer = rows["score"], _texts(rows["answer"], rows["value"])
        by_score = np.where(np.isnan(score), -1, score >= self.threshold)
        predicted = np.where(answer == "", by_score, answer == self.positive).astype(np.int8)
        return predicted, np.asarray(rows["label"] == self.positive, np.bool_)


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
        place = {name: i for i, name in enumerate(self.settings.classes)}
        other = len(place)
        truth, said = (
            np.array([place.get(text, other) if text else -1 for text in texts.tolist()], np.int64)
            for texts in (rows["label"], _texts(rows["answer"], rows["value"]))
        )
        scores = unpacked(rows["several"], self.settings.classes)
        unclaimed = (scores[:, other] == 0) & (truth != other)
        scores[unclaimed, other] = np.nan  # no rival of a class whose score is 0, too
        return multiclass.pairs(self.settings, truth, said, scores)

    def measure(self, made: Cells, names: Collection[str] | None = None) -> dict[str, Measured]:
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

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""
        return ("accuracy",)

    def judged(self, made: Cells, before: Cells) -> dict[str, Judged]:
        """Wrong classes."""
        both = [multiclass.read(self.settings, each).matrix for each in (made, before)]
        n = [matrix.sum(axis=(1, 2)) for matrix in both]
        now, usual = (Trials(each - right(matrix).sum(axis=1), each) for each, matrix in zip(n, both, strict=True))
        return {"accuracy": Judged(now, usual, good=True)}

    def wrong(self, rows: Rows) -> NDArray[np.bool_]:
        """Another class than the label."""
        return np.asarray(_texts(rows["answer"], rows["value"]) != rows["label"], np.bool_)


@dataclass(frozen=True)
class Numbers:
    """A number."""

    settings: regression.Regression

    @property
    def family(self) -> Hashable:
        """The units of errors."""
        return self.settings

    @property
    def layout(self) -> Layout:
        """Errors and their powers."""
        return regression.layout(self.settings)

    def pairs(self, rows: Rows) -> tuple[Integers, Floats]:
        """Predicted number beside the true one; a label that is none has no error."""
        label = np.array([_number(text) for text in rows["label"].tolist()], np.float64)
        predicted = np.where(np.isnan(rows["value"]), rows["score"], rows["value"])
        n = len(label)
        return regression.pairs(self.settings, label, predicted, np.empty((n, 0)), np.full((n, 2), np.nan))

    def measure(self, made: Cells, names: Collection[str] | None = None) -> dict[str, Measured]:
        """All metrics of errors, or those with these names; events have no quantiles."""
        return errors.measure(self.settings, made, names=errors.METRICS if names is None else names)

    def constant(self, made: Cells) -> dict[str, Floats]:
        """Of the mean of the labels, or of the reference's median."""
        return errors.baseline(self.settings, made)

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""
        return ("large_errors",)

    def judged(self, made: Cells, before: Cells) -> dict[str, Judged]:
        """Errors as large as few were: a mean has no limit that holds, where few of them are great ones."""
        now, usual = (each.counts[:, regression.SIZES :].astype(np.float64) for each in (made, before))
        larger = usual[:, ::-1].cumsum(axis=1)[:, ::-1]  # than where each bucket begins
        first = np.abs(larger - LARGE * larger[:, :1]).argmin(axis=1)
        large = np.arange(regression.BUCKETS) >= first[:, None]
        few, many = (Trials((each * large).sum(axis=1), each.sum(axis=1)) for each in (now, usual))
        return {"large_errors": Judged(few, many, good=False)}

    def wrong(self, rows: Rows) -> None:
        """No number is right."""
        assert len(rows)


def answers_of(model: Model, plan: Plan) -> Answers | None:
    """How the answers of a model are measured; None where its plan knows of none, or they are no such kind."""
    grid, kind = plan.grid, kind_of(model.output, plan)
    if kind == "binary":
        return Binary(model.output.positive, model.output.threshold, binary.Binary())
    if kind == RANKING:
        return Lists()
    if kind == "multiclass" and (classes := classes_of(plan)):
        return Classes(multiclass.Multiclass(classes))
    if kind == "regression" and (output := PREDICTION if PREDICTION in grid.numeric else SCORE) in grid.numeric:
        i = grid.numeric.index(output)
        return Numbers(regression.Regression(float(grid.centers[i]), int(grid.exponents[i]) - regression.QUANTUM))
    return None


def _texts(answer: NDArray[Any], value: Floats) -> NDArray[Any]:
    """Categories; numbers by their name."""
    bare = np.flatnonzero((answer == "") & np.isfinite(value))
    texts = answer.copy()
    texts[bare] = [category_text(each) for each in value[bare].tolist()]
    return texts


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
