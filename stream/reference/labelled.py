"""What a reference's labelled rows teach: how good the model was there, and what scores or inputs meant."""

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from detectors.performance import cells
from stream.answers import teaching
from stream.answers.apart import apart_of
from stream.answers.chosen import answers_of
from stream.answers.classes import Classes
from stream.answers.kind import Answers, Rows
from stream.answers.numbers import Numbers
from stream.answers.own import bare
from stream.answers.probable import classes_of_pairs
from stream.config.settings import Model
from stream.encodings.several import of_columns, of_quantile_columns
from stream.plan import PREDICTION, SCORE, Plan
from stream.reference.categories import categories
from stream.reference.columns import Values, numbers
from stream.reference.table import Table
from stream.taught import weighting
from stream.taught.truth import Truth, basis_of


def truth(table: Table, plan: Plan, settings: Model, values: Floats, categorical: NDArray[np.uint16]) -> Truth | None:
    """The truth of a plan's reference; None where rows have no labels, or none of them has an answer too.

    `values` and `categorical` are the rows as the plan's grid counts them, (n, columns) each.
    """
    answers = answers_of(settings, plan)
    if table.labels is None or answers is None or "label" in settings.features:
        return None
    kind = bare(answers)
    known, rows = _pairs(table, table.labels, kind)
    n = len(rows["label"])
    if not n:
        return None
    counted, summed = answers.pairs(rows)
    wrong, scored = answers.wrong(rows), answers.scored(rows)
    made = cells.of(answers.layout, counted, summed, np.empty((n, 0), np.int64), 1)  # no segments
    basis, losses = None, None
    if scored is not None:
        score, positive = scored
        basis = basis_of(score[np.isfinite(score)], positive[np.isfinite(score)])
    if isinstance(kind, Numbers):
        losses = teaching.of_rows(plan, values[known], categorical[known], kind.errors(rows)[1], kind.unit)
    classes = classes_of_pairs(kind, rows) if isinstance(kind, Classes) else None
    weighted = weighting.labelled(answers, plan, rows, (values[known], categorical[known]))
    right = -1 if wrong is None else n - int(wrong.sum())
    apart = apart_of(answers, {**rows, "change": np.ones(n, np.int64)})
    return Truth(answers.about, n, right, made, basis, losses, weighted, classes, apart)


def _pairs(table: Table, labels: Values, kind: Answers) -> tuple[NDArray[np.bool_], Rows]:
    """Which rows have a label and an answer, and these as columns of `pairs`."""
    score, value, answer = np.full(table.n, np.nan), np.full(table.n, np.nan), np.full(table.n, "", np.object_)
    if (said := table.outputs.get(PREDICTION)) is not None:
        value = numbers(said)
        answer[:] = [text if isinstance(text, str) else "" for text in categories(said).values()]
    if (said := table.outputs.get(SCORE)) is not None:
        score = numbers(said)
    score, value = (np.where(np.isfinite(each), each, np.nan) for each in (score, value))
    known = (labels != "") & ~table.bare & ((answer != "") | ~np.isnan(score))
    n = int(known.sum())
    several = np.full(n, b"", np.object_)
    scores = {name: numbers(said)[known] for name, said in table.scores.items()}
    if scores and isinstance(kind, Classes):
        several[:] = of_columns(scores, kind.settings.classes)
    elif scores and isinstance(kind, Numbers) and kind.settings.quantiles:
        several[:] = of_quantile_columns(scores, kind.settings.quantiles)
    columns = {"label": labels[known], "score": score[known], "value": value[known], "answer": answer[known]}
    return known, {**columns, "several": several}
