"""How the answers of a model are measured: its configuration and its plan say."""

import numpy as np

from detectors.performance import regression
from detectors.performance.classes import binary, multiclass
from stream.answers.binary import Binary
from stream.answers.classes import Classes
from stream.answers.kind import Answers
from stream.answers.lists import Lists
from stream.answers.numbers import Numbers
from stream.answers.own import Own, of_kind
from stream.config.settings import DECISIONS, Model
from stream.joining.spoken import RANKING, classes_of, kind_of
from stream.plan import PREDICTION, SCORE, Plan


def answers_of(model: Model, plan: Plan) -> Answers | None:
    """How the answers of a model are measured; None where its plan knows of none, or they are no such kind."""
    kind = kind_of(model.output, plan)
    answers = _of(kind, model, plan)
    own = of_kind(tuple(model.metrics.items()), kind)
    return answers if answers is None or not own else Own(answers, own)


def _of(kind: str, model: Model, plan: Plan) -> Answers | None:
    """Answers of a kind."""
    grid = plan.grid
    if kind == "binary":
        tn, fp, fn, tp = (model.output.decisions.get(name, 0.0) for name in DECISIONS)
        worth = (tn, fp, fn, tp) if model.output.decisions else None
        return Binary(model.output.positive, model.output.threshold, binary.Binary(worth=worth))
    if kind == RANKING:
        return Lists()
    if kind == "multiclass" and (classes := classes_of(plan)):
        return Classes(multiclass.Multiclass(classes, tuple(sorted(model.output.pairs))))
    if kind == "regression" and (output := output_of(plan)) in grid.numeric:
        i = grid.numeric.index(output)
        scale = int(np.clip(grid.exponents[i] - regression.QUANTUM, -regression.SCALE_MAX, regression.SCALE_MAX))
        return Numbers(regression.Regression(float(grid.centers[i]), scale, quantiles=model.output.quantiles))
    return None


def output_of(plan: Plan) -> str:
    """The column that numbers are predicted in."""
    return PREDICTION if PREDICTION in plan.grid.numeric else SCORE
