"""`/v1/models/{model}/service`, and the same on the page: how a model's service answered in its windows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from sinks.commit import SERVICE, Store
from stream.web.answers import Page, answers
from stream.web.filters import Asked, Length, Metric, Named, Version, page, where
from stream.web.page.charts import Figure, figure
from stream.web.page.html import Html, chart, section, tag
from stream.web.performance.revisions import WINDOWS_SHOWN
from stream.web.sources import Given
from stream.web.times import nanoseconds, short

LATENCIES = ("latency_p50", "latency_p95", "latency_p99")
CHARTS: Mapping[str, tuple[str, ...]] = {
    "latency, ms": LATENCIES,
    "error rate": ("error_rate",),
    "traffic, events per second": ("traffic",),
}
_COLOURS = ("var(--evidence)", "var(--jensen-shannon)", "var(--kolmogorov-smirnov)")
_NOTE = "Dashed: what a window may have at its number of answers. Hollow: surely worse than that."
ServiceVerdictName = Annotated[
    Literal["well", "worse", "unknown"] | None, QueryParameter(description="The verdict on the number.")
]


class Served(Struct, frozen=True):
    """One number of a service in one window: latencies in ms, traffic in events per second, of all versions together.

    `reference` is the same of the reference; of traffic, what is usual.
    """

    model: str
    version: str
    metric: str
    length: str
    start: datetime
    end: datetime
    n: int
    value: float | None
    low: float | None
    high: float | None
    reference: float | None
    n_reference: int
    limit: float | None
    verdict: Literal["", "well", "worse", "unknown"]


@get("/v1/models/{model:str}/service", sync_to_thread=True)
def list_service(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Named,
    version: Version = None,
    metric: Metric = None,
    length: Length = None,
    verdict: ServiceVerdictName = None,
) -> Page[Served]:
    """How fast and how reliably a model's service answered, and how much it was asked, newest windows first."""
    filters = where(length, model=sources.addressed(model), version=version, metric=metric, verdict=verdict)
    return page(sources.store, SERVICE, filters, span, Served)


def service_of(store: Store, name: str, version: str, length: int) -> Html:
    """The newest windows of one version and length, and the traffic of all versions together."""
    points = {title: _points(store, name, version, length, metrics) for title, metrics in CHARTS.items()}
    drawn = [
        tag("div", tag("h3", title), chart(f"service_{i}", lines(found), _newest(found)))
        for i, (title, found) in enumerate(points.items())
        if found
    ]
    if not drawn:
        return section("Service", tag("p", "No window of this kind has closed yet."))
    return section("Service", tag("div", *drawn, class_="pair"), note=_NOTE)


def lines(told: Mapping[str, Sequence[Served]]) -> Figure:
    """Numbers over time, each with its limit."""
    traces = [
        trace
        for (metric, points), colour in zip(told.items(), _COLOURS, strict=False)
        for trace in _pair(metric, points, colour)
    ]
    return figure(traces, height=260, showlegend=len(told) > 1, yaxis={"rangemode": "tozero", "automargin": True})


def _points(store: Store, name: str, version: str, length: int, metrics: Sequence[str]) -> dict[str, list[Served]]:
    """By metric, oldest first; those of which there is something."""
    found = {}
    for metric in metrics:
        key: dict[str, str | int] = {"model": name, "length": length, "metric": metric}
        key["version"] = "" if metric == "traffic" else version
        last = answers(store.select(SERVICE, where=key, order=("end",), descending=True, limit=1), Served)
        if last:
            since = nanoseconds(last[0].end) - WINDOWS_SHOWN * length + 1
            found[metric] = answers(store.select(SERVICE, where=key, since=since, order=("end",)), Served)
    return found


def _pair(metric: str, points: Sequence[Served], colour: str) -> list[Figure]:
    """A number and its limit, shown or hidden together."""
    shared = {"x": [point.end for point in points], "type": "scatter", "legendgroup": metric}
    value = {
        "y": [point.value for point in points],
        "name": metric,
        "mode": "lines+markers",
        "text": [_told(point) for point in points],
        "hovertemplate": "%{x|%Y-%m-%d %H:%M}<br>%{text}<extra></extra>",
        "line": {"color": colour, "width": 2},
        "marker": {
            "symbol": ["circle-open" if point.verdict == "worse" else "circle" for point in points],
            "size": [9 if point.verdict == "worse" else 5 for point in points],
        },
    }
    limit = {
        "y": [point.limit for point in points],
        "name": "its limit",
        "mode": "lines",
        "showlegend": False,
        "hoverinfo": "skip",
        "line": {"color": colour, "width": 1, "dash": "dash", "shape": "hv"},
    }
    return [{**shared, **value}, {**shared, **limit}]


def _newest(told: Mapping[str, Sequence[Served]]) -> str:
    """What the newest window says."""
    last = [points[-1] for points in told.values()]
    return f"{'; '.join(map(_told, last))}, in the window to {short(last[0].end)}."


def _told(point: Served) -> str:
    value, low, high = (f"{each:.3g}" if each is not None else "?" for each in (point.value, point.low, point.high))
    against = "" if point.reference is None else f", {point.reference:.3g} before"
    said = f": {point.verdict}" if point.verdict else ""
    return f"{point.metric} {value} ({low} to {high}){against}{said}"
