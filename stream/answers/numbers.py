"""A number, and quantiles of it."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance import regression
from detectors.performance import regression_metrics as errors
from detectors.performance.cells import Cells, Layout
from detectors.performance.measured import Measured
from detectors.performance.shares import Judged, Trials
from stream.answers.kind import NOTHING, Rows
from stream.encodings.several import unpacked_quantiles

LARGE: Final = 0.2  # of the reference's errors are larger than those that are not called large


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
        predicted, label = _both(rows)
        quantiles = unpacked_quantiles(rows["several"], self.settings.quantiles)
        return regression.pairs(self.settings, label, predicted, quantiles)

    @property
    def unit(self) -> float:
        """Of errors: none is more than 1,024 times as large."""
        return float(2.0**self.settings.scale)

    def errors(self, rows: Rows) -> tuple[Floats, Floats]:
        """The prediction of each pair and its error, cut where sums of errors clamp them, (n,); nan where unknown."""
        predicted, label = _both(rows)
        largest = regression.LARGEST * self.unit
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.clip(predicted - label, -largest, largest)
        return predicted, np.where(np.isfinite(predicted) & np.isfinite(label), error, np.nan)

    def measure(
        self,
        made: Cells,
        names: Collection[str] | None = None,
        exact: Mapping[str, Floats] = NOTHING,  # noqa: ARG002  # nothing of it is by bins
    ) -> dict[str, Measured]:
        """All metrics of errors, and of predicted quantiles, or those with these names."""
        return errors.measure(self.settings, made, names=names)

    def constant(self, made: Cells) -> dict[str, Floats]:
        """Of the mean of the labels, or of the reference's median."""
        return errors.baseline(self.settings, made)

    @staticmethod
    def tallied(_: Cells) -> None:
        """Nothing: means are enough to compare numbers."""

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""
        return ("large_errors", "interval_coverage")[: min(len(self.settings.quantiles), 2) or 1]

    def judged(self, made: Cells, before: Cells) -> dict[str, Judged]:
        """Errors as large as few were: a mean has no limit that holds, where few of them are great ones.

        And labels that are not in their interval.
        """
        now, usual = (each.counts[:, regression.SIZES :].astype(np.float64) for each in (made, before))
        larger = usual[:, ::-1].cumsum(axis=1)[:, ::-1]  # than where each bucket begins
        first = np.abs(larger - LARGE * larger[:, :1]).argmin(axis=1)
        large = np.arange(regression.BUCKETS) >= first[:, None]
        few, many = (Trials((each * large).sum(axis=1), each.sum(axis=1)) for each in (now, usual))
        found = {"large_errors": Judged(few, many, good=False)}
        if len(self.shares) > 1:
            both = [
                each.counts[:, [regression.INSIDE, regression.OUTSIDE]].astype(np.float64) for each in (made, before)
            ]
            missed, usual_missed = (Trials(each[:, 1], each.sum(axis=1)) for each in both)
            found["interval_coverage"] = Judged(missed, usual_missed, good=True)
        return found

    def wrong(self, rows: Rows) -> None:
        """No number is right."""
        assert len(rows)

    @property
    def about(self) -> str:
        """The quantiles; the plan knows the rest."""
        return ": ".join(filter(None, ("regression", ", ".join(map(repr, self.settings.quantiles)))))

    def scored(self, rows: Rows) -> None:
        """No number has a score."""
        assert len(rows)

    def decided(self, rows: Rows) -> NDArray[np.bool_]:
        """None of them: a number is neither yes nor no."""
        return np.zeros(len(rows["score"]), np.bool_)


def _both(rows: Rows) -> tuple[Floats, Floats]:
    """Predicted numbers and true ones; nan where a label is none."""
    label = np.array([_number(text) for text in rows["label"].tolist()], np.float64)
    return np.where(np.isnan(rows["value"]), rows["score"], rows["value"]), label


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
