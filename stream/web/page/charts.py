"""Charts as Plotly figures: plain data, whose colours are names of the style sheet that the script looks up."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from stream.web.answers import Point
from stream.web.page.distribution import Distribution

Figure = Mapping[str, object]
FEATURES_MAX = 40  # rows of the heatmap: those furthest beyond their limit
LETTERS_MAX = 28  # of a feature on the heatmap's axis, which has 350 pixels on a telephone
AROUND = 8  # letters beside what differs
NAMES_MAX = 14  # cells that are named on the axis; the others say their name when pointed at
BEYOND = 3.0  # times the limit, where the colours end
_DISTANCES = {"psi": "psi", "jensen_shannon": "Jensen-Shannon", "kolmogorov_smirnov": "Kolmogorov-Smirnov"}
# The colour jumps at the limit, so that "over" is seen at once; inside, it only leans.
_COLOURS = ((0, "var(--calm-0)"), (1 / BEYOND, "var(--calm-1)"), (1 / BEYOND, "var(--over-0)"), (1, "var(--over-1)"))


def excess(point: Point) -> float | None:
    """The evidence in units of its limit."""
    return point.evidence / point.evidence_limit if point.evidence is not None and point.evidence_limit else None


def ranked(points: Sequence[Point]) -> list[str]:
    """All features, those furthest beyond their limit in any window first."""
    worst: dict[str, float] = {}
    for point in points:
        worst[point.feature] = max(worst.get(point.feature, 0.0), excess(point) or 0.0)
    return sorted(worst, key=lambda feature: (-worst[feature], feature))


def heatmap(points: Sequence[Point]) -> Figure:
    """Feature by time: the evidence in units of its limit."""
    features = ranked(points)[:FEATURES_MAX][::-1]  # Plotly draws upwards
    ends = sorted({point.end for point in points})
    cells: dict[tuple[str, datetime], Point] = {(point.feature, point.end): point for point in points}
    rows = [[cells.get((feature, end)) for end in ends] for feature in features]
    trace = {
        "type": "heatmap",
        "x": ends,
        "y": features,
        "z": [[_capped(point) for point in row] for row in rows],
        "text": [[_told(point) for point in row] for row in rows],
        "hovertemplate": "<b>%{y}</b><br>%{x|%Y-%m-%d %H:%M}<br>%{text}<extra></extra>",
        "colorscale": _COLOURS,
        "zmin": 0,
        "zmax": BEYOND,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {
            "tickvals": [0, 1, 2, 3],
            "ticktext": ["0", "limit", "2 x", "3 x"],
            "outlinewidth": 0,
            "thickness": 10,
        },
    }
    # A category, whatever it looks like: features may be called 0, 1, 2.
    named = {"type": "category", "tickvals": features, "ticktext": shortened(features)}
    axis = {**named, "automargin": True, "ticks": "", "showgrid": False}
    return figure([trace], height=90 + 22 * len(features), yaxis=axis)


def shortened(names: Sequence[str]) -> list[str]:
    """The names as an axis has room for them: of long ones without most of what all have in common at either end.

    >>> shortened(["average_amount_over_7_days_in_euros", "average_amount_over_90_days_in_euros", "age"])
    ['…nt_over_7_days_in…', '…nt_over_90_days_in…', 'age']
    """
    long = [name for name in names if len(name) > LETTERS_MAX]
    head, tail = _alike(long), _alike([name[::-1] for name in long])
    return [name if len(name) <= LETTERS_MAX else _cut(name, head, len(name) - tail) for name in names]


def _alike(names: Sequence[str]) -> int:
    """How many letters all begin with; of one name none."""
    first, last = min(names, default=""), max(names, default="")
    return next((i for i, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)


def _cut(name: str, begin: int, end: int) -> str:
    """What differs of a name and some letters around it, with dots for what is left out."""
    begin, end = max(0, begin - AROUND), min(len(name), end + AROUND)
    middle = name[begin:end]
    if len(middle) > LETTERS_MAX:
        middle = f"{middle[: LETTERS_MAX // 2]}…{middle[-LETTERS_MAX // 2 :]}"
    return f"{'…' if begin else ''}{middle}{'…' if end < len(name) else ''}"


def lines(points: Sequence[Point]) -> Figure:
    """One feature over time: the evidence with its limit; the distances wait in the legend."""
    ordered = sorted(points, key=lambda point: point.end)
    x = [point.end for point in ordered]
    shared = {"x": x, "type": "scatter", "legendgroup": "evidence"}
    value = {"y": [point.evidence for point in ordered], "name": "evidence", "mode": "lines+markers"}
    limit = {"y": [point.evidence_limit for point in ordered], "name": "its limit", "mode": "lines"}
    traces = [
        {**shared, **value, "line": {"color": "var(--evidence)", "width": 2}, "marker": {"size": 5}},
        {**shared, **limit, "line": {"color": "var(--limit)", "width": 1.5, "dash": "dash", "shape": "hv"}},
        *(_distance(ordered, name) for name in _DISTANCES),
    ]
    return figure(traces, height=320, yaxis={"rangemode": "tozero", "automargin": True})


def bars(distribution: Distribution) -> Figure:
    """Shares per cell, the reference beside now."""
    sides = (("reference", distribution.expected, "var(--expected)"), ("now", distribution.observed, "var(--observed)"))
    places = list(range(len(distribution.cells)))  # not names: two cells may be written alike
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": places,
            "customdata": distribution.cells,
            "y": side,
            "marker": {"color": colour},
            "hovertemplate": "%{customdata}<br>%{y:.2%}<extra>" + name + "</extra>",
        }
        for name, side, colour in sides
        if side
    ]
    named = places[:: 1 + len(places) // NAMES_MAX]
    names = {"tickvals": named, "ticktext": [distribution.cells[place] for place in named], "tickangle": -35}
    cells = {**names, "automargin": True, "showgrid": False, "zeroline": False}
    shares = {"tickformat": ".0%", "automargin": True}
    return figure(traces, height=360, bargap=0.15, bargroupgap=0, xaxis=cells, yaxis=shares)


def figure(traces: Sequence[Figure], **layout: object) -> Figure:
    """Traces in the layout that all charts share."""
    calm = {"margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"}}
    return {"data": traces, "layout": {**calm, "xaxis": {"automargin": True, "showgrid": False}, **layout}}


def _distance(points: Sequence[Point], name: str) -> Figure:
    """A distance, of no height beside evidence: on an axis of its own, and shown when it is asked for."""
    return {
        "x": [point.end for point in points],
        "y": [getattr(point, name) for point in points],
        "type": "scatter",
        "mode": "lines+markers",
        "name": _DISTANCES[name],
        "visible": "legendonly",
        "line": {"color": f"var(--{name.replace('_', '-')})", "width": 2},
        "marker": {"size": 5},
    }


def _capped(point: Point | None) -> float | None:
    ratio = excess(point) if point else None
    return None if ratio is None else min(ratio, BEYOND)


def _told(point: Point | None) -> str:
    if point is None or point.evidence is None or point.evidence_limit is None:
        return "not judged"
    return f"evidence {point.evidence:.3g}, limit {point.evidence_limit:.3g}, n {point.n:,}: {point.verdict}"
