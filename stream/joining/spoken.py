"""What a model's answers are, by its configuration and its plan, and what of them waits for the label."""

from typing import Final

from detectors.performance.classes.multiclass import CLASSES_MAX
from stream.config.settings import Output
from stream.encodings.ranked import items
from stream.encodings.several import Kept, probabilities, quantiles
from stream.plan import PREDICTION, SCORE, Plan

# As categories are called; of any other two classes somebody must say which is looked for.
YES_OR_NO: Final = {"0", "1"}
REGRESSION: Final = "regression"
RANKING: Final = "ranking"  # a kind that must be said: then predictions are lists


def kind_of(output: Output, plan: Plan) -> str:
    """The kind of a model's answers; `auto` where its plan knows of none."""
    grid = plan.grid
    if output.kind != "auto":
        return output.kind
    if PREDICTION in grid.categorical:
        vocabulary = _vocabulary(plan)
        yes_or_no = output.positive in vocabulary or {*vocabulary} <= YES_OR_NO
        return "binary" if len(vocabulary) <= 2 and yes_or_no else "multiclass"
    if PREDICTION in grid.numeric:
        return REGRESSION
    return "binary" if SCORE in grid.numeric else output.kind


def classes_of(plan: Plan) -> tuple[str, ...]:
    """The classes that are told apart; all others are one."""
    return _vocabulary(plan)[:CLASSES_MAX]


def says_yes(output: Output, plan: Plan) -> bool:
    """Whether answers are yes or no, and predictions are counted as such: of scores the threshold is in no cell."""
    return output.positive in _vocabulary(plan) and kind_of(output, plan) == "binary"


def kept_of(output: Output, plan: Plan) -> Kept | None:
    """How the several values of a prediction are kept; None where nothing asks for them."""
    if output.kind == RANKING:
        return items
    if kind_of(output, plan) == "multiclass" and (classes := classes_of(plan)):
        return probabilities(classes)
    if output.quantiles and kind_of(output, plan) == REGRESSION:
        return quantiles(output.quantiles)
    return None


def _vocabulary(plan: Plan) -> tuple[str, ...]:
    return dict(zip(plan.grid.categorical, plan.grid.vocabularies, strict=True)).get(PREDICTION, ())
