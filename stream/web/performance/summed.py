"""What the pairs of a window add up to, summed again for whoever asks: of numbers there are rows, of their cells none.

Pairs stay as long as a label may still come for them, so this is of newer windows only.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from detectors.performance.cells import Cells
from sinks.commit import PAIRS, PERFORMANCE, PLANS, Span, Store, Where
from stream.answers.chosen import answers_of
from stream.answers.kind import Answers, Rows
from stream.answers.own import bare
from stream.config.settings import Model
from stream.config.units import duration
from stream.monitor.performance.gathered import Shape, gather
from stream.plan import Plan
from stream.web.answers import Performance
from stream.web.filters import Span as Stretch
from stream.web.performance.matured import ENOUGH
from stream.web.performance.revisions import newest_revisions, performances, revised
from stream.web.sources import Sources
from stream.web.times import nanoseconds
from stream.web.versions.pair import settings_of

READ_MAX: Final = 100_000  # pairs of a window: of more a sample by their hash; 0.2 s
WINDOWS_MAX: Final = 20  # on a page: all pairs of each are read
ALL_THERE: Final = 0.95  # of a sample: chance makes it smaller by less, and what is forgotten by more
LOOKED_AT: Final = 96  # windows, for the newest one with enough labels


class Summed:
    """The pairs of one window with which its newest number was told; `one_in` so many ids, a power of two."""

    def __init__(self, point: Performance, answers: Answers, cells: Cells, one_in: int) -> None:
        self.point, self.answers, self.cells, self.one_in = point, answers, cells, one_in

    @property
    def rate(self) -> float:
        """The share of the window's ids that this is of."""
        return self.point.rate / self.one_in


def summed_page(sources: Sources, where: Where, metric: str, span: Stretch) -> tuple[list[Summed], int | None]:
    """Windows that have a metric, newest first, and where the next page begins."""
    few = replace(span, limit=min(span.limit, WINDOWS_MAX))
    points, following = revised(sources.store, {**where, "segment": "", "metric": metric}, few)
    return list(_known(sources, points)), following


def newest_summed(sources: Sources, where: Where, metric: str) -> Summed | None:
    """The newest window with enough labels that has a metric; None where there is none, or its pairs are gone."""
    filters = {**where, "segment": "", "metric": metric}
    rows = sources.store.select(PERFORMANCE, where=filters, order=("end",), descending=True, limit=8 * LOOKED_AT)
    newest = next((one for one in performances(newest_revisions(rows)) if one.status in ENOUGH), None)
    return None if newest is None else summed(sources, newest)


def summed(sources: Sources, point: Performance) -> Summed | None:
    """The pairs that a number was told of; None where some of them are gone."""
    one_in = 1 << (-(-point.labelled // READ_MAX) - 1).bit_length()
    pairs = _pairs(sources.store, point, one_in)
    n = int(pairs["change"].sum())
    if n != point.labelled and (one_in == 1 or n * one_in < ALL_THERE * point.labelled):
        return None
    answers = _answers(sources.store, settings_of(sources, point.model), set(pairs["plan"].tolist()))
    if answers is None:
        return None
    (made,) = gather([Shape(None, answers, frozenset(), ("",))], [pairs], scores=False)
    return None if made.cells is None else Summed(point, answers, made.cells, one_in)


def _known(sources: Sources, points: list[Performance]) -> Iterator[Summed]:
    for point in points:
        found = summed(sources, point)
        if found is not None:
            yield found


def _pairs(store: Store, point: Performance, one_in: int) -> Rows:
    """Those that came about up to the step with which the number was told; all versions' are read."""
    end = nanoseconds(point.end)
    told = store.within(PAIRS, [Span(point.model, end - duration(point.length), end)], one_in)
    mine = (told["version"] == point.version) & (_ns(told["step"]) <= nanoseconds(point.step))
    return {name: column[mine] for name, column in told.items()}


def _answers(store: Store, model: Model, plans: set[str]) -> Answers | None:
    """How answers are measured by the newest of these plans, as the monitor does."""
    bodies = [body for plan in sorted(plans) for body in store.select(PLANS, where={"id": plan})["body"].tolist()]
    newest = max(map(Plan.load, bodies), key=lambda plan: plan.since, default=None)
    answers = None if newest is None else answers_of(model, newest)
    return None if answers is None else bare(answers)


def _ns(times: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(times.astype("datetime64[ns]"), np.int64)
