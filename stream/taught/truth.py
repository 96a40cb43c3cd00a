"""What labels have taught of a model: how good it was, and what its scores or inputs meant. Estimates stand on it."""

import base64
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec
import numpy as np

from detectors.calibration import Calibrator
from detectors.codes import Bools, Floats, Integers
from detectors.estimation.basis import Basis
from detectors.estimation.classes import Basis as Classes
from detectors.estimation.inputs import Input
from detectors.estimation.loss import Losses, LossModel
from detectors.importance import Labelled
from detectors.performance.cells import Cells, Layout
from stream.taught import calibrated, labelled

LEAST: Final = 1_000  # pairs: of fewer nobody has measured how honest an estimate is
MOST: Final = 100_000  # pairs that a basis is fitted on: half a second
SEED: Final = 0  # picks what calibration is tried on
_COUNTS: Final = ("groups", "events", "positives")
_CALIBRATOR: Final = ("knots", "steps")
_MEANS: Final = ("edges", "probability", "scores", "log_odds")


@dataclass(frozen=True, eq=False)
class Truth:
    """`answers` says what was counted as right; `right` of `n` answers were, -1 where none is right or wrong.

    `cells`: the performance cells of all pairs, one row; None where only scores were kept. `basis`: what estimates of a
    window stand on; None where scores are missing, or pairs too few. `losses`: the same where answers are numbers.
    `labelled`: events that may be weighted; None where nobody knows their inputs. `classes`: what scores of several
    classes mean. `apart`: the cells of the scores of each class.
    """

    answers: str
    n: int
    right: int
    cells: Cells | None
    basis: Basis | None
    losses: Losses | None = None
    labelled: Labelled | None = None
    classes: Classes | None = None
    apart: Cells | None = None

    @property
    def teaches(self) -> bool:
        """Whether estimates can stand on it."""
        return any(each is not None for each in (self.basis, self.losses, self.classes))

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        cells, basis = self.cells, self.basis
        known = {
            "answers": self.answers,
            "n": self.n,
            "right": self.right,
            "cells": None if cells is None else _counted(cells),
            "basis": None if basis is None else _packed(basis),
        }
        losses = {} if self.losses is None else {"losses": _losses_packed(self.losses)}
        rows = {} if self.labelled is None else {"labelled": labelled.document(self.labelled)}
        classes = {} if self.classes is None else {"classes": calibrated.document(self.classes)}
        apart = {} if self.apart is None else {"apart": _counted(self.apart)}
        return known | losses | rows | classes | apart

    @classmethod
    def load(cls, document: dict[str, Any]) -> Self:
        """The truth whose `document` this is."""
        counted, basis = document["cells"], document["basis"]
        cells = None if counted is None else _cells(*(np.array(each, np.int64) for each in counted))
        answers, n, right = (document[name] for name in ("answers", "n", "right"))
        losses = _losses(document["losses"]) if "losses" in document else None
        rows = labelled.load(document["labelled"]) if "labelled" in document else None
        classes = calibrated.load(document["classes"]) if "classes" in document else None
        apart = _cells(*(np.array(each, np.int64) for each in document["apart"])) if "apart" in document else None
        return cls(answers, n, right, cells, None if basis is None else _basis(basis), losses, rows, classes, apart)

    def pack(self) -> bytes:
        """As bytes, equal ones for equal truths."""
        return msgspec.json.encode(self.document())

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The truth that `pack` gave."""
        return cls.load(msgspec.json.decode(packed))


def basis_of(score: Floats, positive: Bools) -> Basis | None:
    """The basis of scores, finite, and whether each stood for what is looked for, (n,); None of too few.

    Of very many every k-th counts.
    """
    if len(score) < LEAST:
        return None
    chosen = slice(None, None, -(-len(score) // MOST))
    return Basis.of(score[chosen], positive[chosen], SEED)


def _counted(cells: Cells) -> list[Any]:
    return [array.tolist() for array in (cells.layout.exponents, cells.counts, cells.finite, cells.moments)]


def _cells(exponents: Integers, counts: Integers, finite: Integers, moments: Integers) -> Cells:
    return Cells(Layout(counts.shape[1], exponents), counts, finite, moments)


def _packed(basis: Basis) -> dict[str, Any]:
    floats = {name: getattr(basis, name) for name in _MEANS}
    floats |= dict(zip(_CALIBRATOR, (basis.calibrator.scores, basis.calibrator.probabilities), strict=True))
    text = {name: _text(values) for name, values in floats.items()}
    return {name: getattr(basis, name).tolist() for name in _COUNTS} | text


def _basis(packed: dict[str, Any]) -> Basis:
    groups, events, positives = (np.array(packed[name], np.int64) for name in _COUNTS)
    edges, probability, scores, log_odds, knots, steps = (_floats(packed[name]) for name in (*_MEANS, *_CALIBRATOR))
    return Basis(Calibrator(knots, steps), edges, groups, events, positives, probability, scores, log_odds)


def _losses_packed(losses: Losses) -> dict[str, Any]:
    inputs = [[one.column, _text(one.place), one.beyond.tolist(), one.center, one.scale] for one in losses.inputs]
    half = np.triu_indices(len(next(iter(losses.models.values())).effects))
    models = {
        name: [_text(each) for each in (one.effects, one.covariance[half], one.spread)]
        + [one.mean, one.total, one.variance]
        + [_text(each, "<f4") for each in (one.residuals, one.weights) if len(one.residuals)]
        for name, one in losses.models.items()
    }
    return {"n": losses.n, "unit": losses.unit, "inputs": inputs, "models": models}


def _losses(packed: dict[str, Any]) -> Losses:
    inputs = tuple(
        Input(column, _floats(place), np.array(beyond, np.bool_), float(center), float(scale))
        for column, place, beyond, center, scale in packed["inputs"]
    )
    return Losses(
        packed["n"], float(packed["unit"]), inputs, {name: _model(*each) for name, each in packed["models"].items()}
    )


def _model(  # noqa: PLR0913, PLR0917 - a list, in this order; older ones end before the tail
    effects: str,
    covariance: str,
    spread: str,
    mean: float,
    total: float,
    variance: float,
    residuals: str = "",
    weights: str = "",
) -> LossModel:
    known = _floats(effects)
    whole, half = np.zeros((len(known), len(known))), np.triu_indices(len(known))
    whole[half] = _floats(covariance)
    tail = _floats(residuals, "<f4"), _floats(weights, "<f4").reshape(-1, len(known))
    about = float(mean), float(total), known, whole + np.triu(whole, 1).T, _floats(spread), float(variance)
    return LossModel(*about, *tail)


def _text(values: Floats, kind: str = "<f8") -> str:
    return base64.b64encode(values.astype(kind).tobytes()).decode()


def _floats(text: str, kind: str = "<f8") -> Floats:
    return np.frombuffer(base64.b64decode(text), kind).astype(np.float64)
