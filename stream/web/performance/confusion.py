"""`/v1/models/{model}/confusion`, and the same on the page: what was said of each class, and what it was."""

from datetime import datetime

import numpy as np
from litestar import get
from msgspec import Struct

from detectors.codes import Integers
from detectors.performance.classes import binary, multiclass
from stream.answers.binary import Binary
from stream.answers.classes import Classes
from stream.web.answers import Page, Status
from stream.web.filters import Asked, Length, Named, Version, where
from stream.web.page.html import Html, table, tag
from stream.web.performance.summed import Summed, summed_page
from stream.web.sources import Given

METRIC = "accuracy"  # whoever has it has decisions
CLASSES_SHOWN = 12  # on the page, the most frequent; the others together


class Confusion(Struct, frozen=True):
    """The labels of one window up to `step`, by what was true (a row each) and what was said (a column each).

    `classes` are the names of both: of a binary model the one that is not looked for, then the one that is; of several
    classes the last one is all names that the reference does not know. `rate` as in `Performance`.
    """

    model: str
    version: str
    length: str
    start: datetime
    end: datetime
    step: datetime
    status: Status
    labelled: int
    rate: float
    classes: list[str]
    counts: list[list[int]]


@get("/v1/models/{model:str}/confusion", sync_to_thread=True)
def list_confusion(
    sources: Given, span: Asked, model: Named, version: Version = None, length: Length = None
) -> Page[Confusion]:
    """Confusion matrices, newest windows first; of windows whose pairs are still there."""
    filters = where(length, model=sources.addressed(model), version=version)
    found, following = summed_page(sources, filters, METRIC, span)
    return Page([confusion(one) for one in found if isinstance(one.answers, (Binary, Classes))], following)


def confusion(one: Summed) -> Confusion:
    """The confusion matrix of a window."""
    names, counts = _matrix(one)
    point = one.point
    about = (point.model, point.version, point.length, point.start, point.end, point.step, point.status)
    return Confusion(*about, point.labelled, one.rate, list(names), counts.tolist())


def confusion_of(one: Summed) -> Html:
    """The matrix of a window."""
    names, counts = _matrix(one)
    if isinstance(one.answers, Classes):
        names, counts = _few(names, counts)
    total = int(counts.sum())
    rows: list[tuple[str, ...]] = [
        (f"is {name}", *(f"{n:,} ({n / max(1, sum(row)):.0%})" for n in row), f"{sum(row):,}")
        for name, row in zip(names, counts.tolist(), strict=True)
    ]
    rows.append(("together", *(f"{n:,}" for n in counts.sum(axis=0).tolist()), f"{total:,}"))
    head = ("", *(f"said {name}" for name in names), "together")
    return tag("div", tag("h3", "confusion matrix"), table(head, rows, "What was true, and what was said"))


def _matrix(one: Summed) -> tuple[tuple[str, ...], Integers]:
    """The names of the classes, and the counts by true and said class."""
    if isinstance(one.answers, Binary):
        tn, fp, fn, tp = binary.read(one.answers.settings, one.cells).confusion[0].astype(np.int64).tolist()
        return (f"not {one.answers.positive}", one.answers.positive), np.array([[tn, fp], [fn, tp]], np.int64)
    assert isinstance(one.answers, Classes), one.answers
    settings = one.answers.settings
    return settings.names, multiclass.read(settings, one.cells).matrix[0].astype(np.int64)


def _few(names: tuple[str, ...], counts: Integers) -> tuple[tuple[str, ...], Integers]:
    """The most frequent classes, and all others as one; those that nobody was or was said to be are left out."""
    often = counts.sum(axis=0) + counts.sum(axis=1)
    known = np.flatnonzero(often)
    if len(known) <= CLASSES_SHOWN:
        return tuple(names[i] for i in known), counts[np.ix_(known, known)]
    shown = np.sort(known[np.argsort(-often[known], kind="stable")][: CLASSES_SHOWN - 1])
    place = np.full(len(names), CLASSES_SHOWN - 1)
    place[shown] = np.arange(len(shown))
    few = np.zeros((CLASSES_SHOWN, CLASSES_SHOWN), np.int64)
    np.add.at(few, (place[:, None], place[None, :]), counts)
    return (*(names[i] for i in shown), "others"), few
