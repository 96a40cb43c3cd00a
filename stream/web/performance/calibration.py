"""`/v1/models/{model}/calibration`, and the same on the page: whether scores are as often right as they say."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import isfinite

from litestar import get
from msgspec import Struct

from detectors.performance.classes import binary, binary_metrics, reliability
from stream.answers.binary import Binary
from stream.monitor.performance.numbered import LEVEL
from stream.web.answers import Page, Status
from stream.web.filters import Asked, Length, Named, Version, where
from stream.web.page.charts import Figure, figure
from stream.web.page.html import Html, chart, table, tag
from stream.web.page.numbers import number, with_interval
from stream.web.performance.summed import Summed, summed_page
from stream.web.sources import Given
from stream.web.times import short

METRIC = "calibration_error"  # whoever has it has a curve
# The Brier score, and what it is: reliability - resolution + uncertainty + within_groups.
PARTS = {
    "brier": "the mean squared error of scores",
    "reliability": "how far scores are from how often they came true",
    "resolution": "how far that is apart between scores; more is better",
    "uncertainty": "what there was to know",
    "within_groups": "what differs inside of a bin",
    METRIC: "the mean distance from the diagonal",
}
_NOTE = "A point on the diagonal keeps its word: of scores about 0.8 four in five came true. Bars: 95 % intervals."
_SCORES = [-0.02, 1.02]  # a point at either end is whole
_HONEST: Figure = {  # the diagonal
    "type": "scatter",
    "x": [0, 1],
    "y": [0, 1],
    "mode": "lines",
    "line": {"color": "var(--quiet)", "width": 1.5, "dash": "dash"},
    "hoverinfo": "skip",
}


class Bin(Struct, frozen=True):
    """Scores from `begin` to below `end`: how many, their mean, and the share that came true with its 95 % interval."""

    begin: float
    end: float
    n: int
    score: float | None
    rate: float | None
    low: float | None
    high: float | None


class Part(Struct, frozen=True):
    """One part of the Brier score, or the calibration error; `low` and `high` end its 95 % interval, for the truth."""

    metric: str
    value: float | None
    error: float | None
    low: float | None
    high: float | None


class Calibration(Struct, frozen=True):
    """The calibration of a binary model in one window, with all labels up to `step`, by scores in [0, 1].

    `rate` is the share of ids that it is of: below 1 it is of a uniform sample of them.
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
    bins: list[Bin]
    parts: list[Part]


@get("/v1/models/{model:str}/calibration", sync_to_thread=True)
def list_calibration(
    sources: Given, span: Asked, model: Named, version: Version = None, length: Length = None
) -> Page[Calibration]:
    """How often scores came true, bin by bin, newest windows first; of windows whose pairs are still there."""
    filters = where(length, model=sources.addressed(model), version=version)
    found, following = summed_page(sources, filters, METRIC, span)
    return Page([calibration(one) for one in found if isinstance(one.answers, Binary)], following)


def calibration(one: Summed) -> Calibration:
    """The curve of a window, and the parts of its Brier score."""
    assert isinstance(one.answers, Binary), one.answers
    settings, point = one.answers.settings, one.point
    seen = binary.read(settings, one.cells)
    told = [column[0].tolist() for column in reliability.curve(seen, LEVEL)]
    edges = binary.edges(settings.bins)[:: settings.bins // settings.groups].tolist()
    bins = [
        Bin(begin, end, int(n), *(_defined(each) if n else None for each in (score, rate, low, high)))
        for (begin, end), score, rate, n, low, high in zip(pairwise(edges), *told, strict=True)
    ]
    measured = binary_metrics.measure(seen, LEVEL, tuple(PARTS))
    parts = [Part(name, *(_defined(float(column[0])) for column in measured[name])) for name in PARTS]
    about = (point.model, point.version, point.length, point.start, point.end, point.step, point.status)
    return Calibration(*about, point.labelled, one.rate, bins, parts)


def calibration_of(told: Calibration) -> Html:
    """The reliability diagram of a window."""
    error = next(part for part in told.parts if part.metric == METRIC)
    value = with_interval(error.value, error.low, error.high)
    caption = f"{_NOTE} Calibration error {value}, in the window to {short(told.end)}."
    return tag("div", tag("h3", "calibration"), chart("calibration", diagram(told), caption))


def parts_of(told: Calibration) -> Html:
    """The Brier score of a window, and what it is made of."""
    rows: list[tuple[str, ...]] = [
        (part.metric, with_interval(part.value, part.low, part.high), PARTS[part.metric]) for part in told.parts
    ]
    caption = "The Brier score and its parts"
    return tag("div", tag("h3", "Brier score"), table(("Part", "Value", "Meaning"), rows, caption))


def diagram(told: Calibration) -> Figure:
    """How often scores came true, over the scores; below, how many there are."""
    bins = [each for each in told.bins if each.score is not None and each.rate is not None]
    scores = {"automargin": True, "showgrid": False, "range": _SCORES, "anchor": "y2", "title": {"text": "score"}}
    return figure(
        [_HONEST, _curve(bins), _sizes(bins)],
        height=380,
        showlegend=False,
        margin={"l": 48, "r": 8, "t": 8, "b": 8},
        xaxis=scores,
        yaxis={"automargin": True, "range": _SCORES, "domain": [0.26, 1], "title": {"text": "came true"}},
        yaxis2={"automargin": True, "domain": [0, 0.2], "nticks": 3, "title": {"text": "labels"}},
    )


def _curve(bins: Sequence[Bin]) -> Figure:
    """The share that came true of each bin, with its interval."""
    return {
        "type": "scatter",
        "x": [each.score for each in bins],
        "y": [each.rate for each in bins],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [(each.high or 0) - (each.rate or 0) for each in bins],
            "arrayminus": [(each.rate or 0) - (each.low or 0) for each in bins],
            "color": "var(--evidence)",
            "thickness": 1.5,
            "width": 3,
        },
        "text": [_told(each) for each in bins],
        "hovertemplate": "%{text}<extra></extra>",
        "mode": "markers",
        "marker": {"size": 7, "color": "var(--evidence)"},
    }


def _sizes(bins: Sequence[Bin]) -> Figure:
    """How many labels each bin has."""
    return {
        "type": "bar",
        "x": [(each.begin + each.end) / 2 for each in bins],
        "width": [each.end - each.begin for each in bins],
        "y": [each.n for each in bins],
        "yaxis": "y2",
        "text": [_told(each) for each in bins],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": "var(--observed)", "line": {"width": 1, "color": "var(--card)"}},
    }


def _told(each: Bin) -> str:
    came = f"{with_interval(each.rate, each.low, each.high)} came true"
    return f"scores {each.begin:.3g} to {each.end:.3g}, mean {number(each.score)}<br>{came}<br>of {each.n:,} labels"


def _defined(value: float) -> float | None:
    return value if isfinite(value) else None
