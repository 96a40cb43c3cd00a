"""Charts of performance: each number with its interval, and how many labels it rests on."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from stream.web.answers import Performance
from stream.web.page.charts import Figure, figure
from stream.web.performance.estimates import Estimate, Weighted

WIDTH = 0.8  # of a bar, in windows


def bands(
    points: Sequence[Performance],
    estimates: Sequence[Estimate],
    weighted: Sequence[Weighted],
    ends: Sequence[datetime],
    height: int,
) -> Figure:
    """One metric over time, its interval as a band, its limit dashed; hollow misses labels, dotted is estimated."""
    axis = _axis(points or estimates or weighted, ends)
    traces = [*_estimated(estimates), *_weighted(weighted), *(_realised(points) if points else ())]
    return _figure(traces, height, axis, {"automargin": True})


def _estimated(points: Sequence[Estimate]) -> list[Figure]:
    if not points:
        return []
    number = _over_time(points, map(_guessed, points), mode="lines")
    number["line"] = {"color": "var(--quiet)", "width": 1.5, "dash": "dot"}
    return [*_band(points, "var(--line)"), number]


def _weighted(points: Sequence[Weighted]) -> list[Figure]:
    """The second opinion as a thin line; red where the first one surely says something else."""
    if not points:
        return []
    number = _over_time(points, map(_weighed, points), mode="lines+markers")
    number["line"] = {"color": "var(--quiet)", "width": 1, "dash": "longdashdot"}
    number["marker"] = {"opacity": [int(point.apart) for point in points], "color": "var(--bad)", "symbol": "diamond"}
    return [number]


def _over_time(
    points: Sequence[Performance] | Sequence[Estimate] | Sequence[Weighted], said: Iterable[str], mode: str
) -> dict[str, object]:
    """The numbers themselves, and what is said of each."""
    return {
        "type": "scatter",
        "x": [point.end for point in points],
        "y": [point.value for point in points],
        "text": list(said),
        "hovertemplate": "%{x|%Y-%m-%d %H:%M}<br>%{text}<extra></extra>",
        "mode": mode,
    }


def _band(points: Sequence[Performance] | Sequence[Estimate], color: str) -> list[Figure]:
    """The interval of each number."""
    x = [point.end for point in points]
    side = {"type": "scatter", "x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    filled = {"fill": "tonexty", "fillcolor": color}
    return [{**side, "y": [point.low for point in points]}, {**side, **filled, "y": [point.high for point in points]}]


def _realised(points: Sequence[Performance]) -> list[Figure]:
    number = _over_time(points, map(_told, points), mode="lines+markers")
    number["line"] = {"color": "var(--evidence)", "width": 1.5}
    number["marker"] = {
        "symbol": ["circle-open" if point.status == "provisional" else "circle" for point in points],
        "size": 7,
        "color": ["var(--bad)" if point.verdict == "worse" else "var(--evidence)" for point in points],
        "line": {"width": 1.5, "color": "var(--evidence)"},
    }
    traces = [*_band(points, "var(--band)"), number]
    if any(point.limit is not None for point in points):
        x, y = [point.end for point in points], [point.limit for point in points]
        dashed = {"color": "var(--limit)", "width": 1.5, "dash": "dash"}
        traces.append({"type": "scatter", "x": x, "y": y, "mode": "lines", "line": dashed, "hoverinfo": "skip"})
    return traces


def coverage(points: Sequence[Performance], ends: Sequence[datetime], enough: float) -> Figure:
    """The share of each window's predictions that have a label; dashed: enough of them."""
    bars = {
        "type": "bar",
        "x": [point.end for point in points],
        "y": [point.coverage for point in points],
        "width": WIDTH * 1000 * _length(points).total_seconds(),  # Plotly counts dates in ms
        "text": [_told(point) for point in points],
        "textposition": "none",
        "hovertemplate": "%{x|%Y-%m-%d %H:%M}<br>%{text}<extra></extra>",
        "marker": {
            "color": ["var(--expected)" if point.status == "provisional" else "var(--observed)" for point in points]
        },
    }
    axis = _axis(points, ends)
    limit = {
        "type": "scatter",
        "x": axis["range"],
        "y": [enough, enough],
        "mode": "lines",
        "line": {"color": "var(--quiet)", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
    }
    shares = {"tickformat": ".0%", "automargin": True, "range": [0, 1.05], "tickvals": [0, 0.5, 1]}
    return _figure([bars, limit], 130, axis, shares)


def _figure(traces: Sequence[Figure], height: int, time: Figure, values: Figure) -> Figure:
    # The first label of the axis has the date, and is hidden where the margin has no room for half of it.
    margin = {"l": 48, "r": 8, "t": 8, "b": 8}
    return figure(traces, height=height, margin=margin, showlegend=False, xaxis=time, yaxis=values)


def _axis(
    points: Sequence[Performance] | Sequence[Estimate] | Sequence[Weighted], ends: Sequence[datetime]
) -> dict[str, object]:
    """The same stretch of time for all charts of a page, with room for a bar at either end."""
    room = _length(points)
    return {"range": [min(ends) - room, max(ends) + room], "automargin": True, "showgrid": False}


def _length(points: Sequence[Performance] | Sequence[Estimate] | Sequence[Weighted]) -> timedelta:
    return points[0].end - points[0].start


def _guessed(point: Estimate) -> str:
    return f"{point.metric} probably {_numbers(point)}<br>of {point.n:,} predictions; {point.basis}"


def _weighed(point: Weighted) -> str:
    if point.why:
        return f"{point.metric} by inputs: {point.why}"
    differ = "<br>the estimate by scores surely says something else" if point.apart else ""
    worth = f"{point.labelled:,} labelled events, worth {point.effective:,.0f}; {point.basis}"
    return f"{point.metric} by inputs probably {_numbers(point)}<br>{worth}{differ}"


def _numbers(point: Performance | Estimate | Weighted) -> str:
    value, low, high = (
        f"{each:.4g}" if each is not None else "unknown" for each in (point.value, point.low, point.high)
    )
    return f"{value} ({low} to {high})"


def _told(point: Performance) -> str:
    of = "" if point.predicted is None else f" of {point.predicted:,}"
    again = f"; {point.repeats:,} repeats" if point.repeats else ""
    sample = f" in a sample of 1 in {1 / point.rate:,.0f} ids" if point.rate < 1 else ""
    labelled = f"{point.labelled:,}{of} labelled{sample}{again}: {point.status}"
    limit = ""
    if point.limit is not None:
        limit = f"<br>{point.verdict}: at first {point.reference:.4g}, limit {point.limit:.4g}"
    return f"{point.metric} {_numbers(point)}<br>{labelled}{limit}"
