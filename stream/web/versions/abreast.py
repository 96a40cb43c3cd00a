"""Versions side by side on a model's page: the verdict, the difference as labels came, and shares of the traffic."""

from collections.abc import Sequence
from math import isfinite

from stream.answers.own import compared_as, tallied_as
from stream.web.page.charts import Figure, figure
from stream.web.page.html import Html, badge, chart, join, section, table, tag
from stream.web.sources import Sources
from stream.web.times import short
from stream.web.versions.pair import settings_of, versions
from stream.web.versions.ratio import Ratio
from stream.web.versions.sides import Compared, History, Question, Side, compared

POINTS_MAX = 300  # of the chart: more cannot be told apart
SETTLED = 0.2  # of the history: the interval of the first labels would hide the rest
_NOTE = "The band holds the true difference at every look, all of them together, with a chance of 95 %."


def abreast(sources: Sources, model: str, version: str, metric: str) -> Html:
    """The newest version beside its incumbent, or the chosen one, if it has any; nothing where there is one version."""
    names = [each.version for each in versions(sources, model)]
    if len(names) < 2:
        return join()
    settings = settings_of(sources, model)
    known = bool(metric) and bool(compared_as(settings, metric) or tallied_as(settings, metric))
    question = Question(candidate=version if version in names[1:] else "", metric=metric if known else "")
    said, history = compared(sources, model, question)
    if not said.incumbent.version:
        return join()
    verdict = tag("p", badge(said.verdict), " ", said.words, ".")
    body = [verdict, _numbers(said)]
    if any(map(isfinite, history.low)):
        body.append(chart("difference", _difference(history), _caption(said)))
    if said.ratio is not None:
        body.append(_shares(said.ratio))
    return section(f"Versions side by side: {said.candidate.version} and {said.incumbent.version}", *body, note=_NOTE)


def _numbers(said: Compared) -> Html:
    figures = (
        *((f"{said.metric} of {side.version}", _value(side)) for side in (said.candidate, said.incumbent)),
        *((f"labels of {side.version}", f"{side.labels:,}") for side in (said.candidate, said.incumbent)),
        ("windows with both", f"{said.windows:,} of {said.length}"),
    )
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in figures), class_="signs small")


def _caption(said: Compared) -> str:
    way = {"greater": "above 0 it is better", "less": "below 0 it is better", "neither": "neither side is better"}
    since = f" since {short(said.since)}" if said.since else ""
    return (
        f"{said.metric} of {said.candidate.version} less that of {said.incumbent.version}{since}: {way[said.better]}."
    )


def _difference(history: History) -> Figure:
    """The difference with its band after each window."""
    n = len(history.ends)
    every = -(-n // POINTS_MAX)
    places = [i for i in range(n - 1, -1, -every) if isfinite(history.low[i])][::-1]
    x = [history.ends[i] for i in places]
    low, middle, high = ([column[i] for i in places] for column in (history.low, history.difference, history.high))
    side = {"type": "scatter", "x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    told = [f"{m:.4g} ({a:.4g} to {b:.4g})" for a, m, b in zip(low, middle, high, strict=True)]
    line = {
        "type": "scatter",
        "x": x,
        "y": middle,
        "text": told,
        "hovertemplate": "%{x|%Y-%m-%d %H:%M}<br>%{text}<extra></extra>",
        "mode": "lines",
        "line": {"color": "var(--evidence)", "width": 2},
    }
    zero = {**side, "y": [0] * len(x), "line": {"color": "var(--limit)", "width": 1.5, "dash": "dash"}}
    traces = [{**side, "y": low}, {**side, "fill": "tonexty", "fillcolor": "var(--band)", "y": high}, zero, line]
    return figure(
        traces,
        height=260,
        showlegend=False,
        margin={"l": 48, "r": 8, "t": 8, "b": 8},
        yaxis={"automargin": True, "range": _range(low, high), "zeroline": False},
    )


def _range(low: Sequence[float], high: Sequence[float]) -> list[float]:
    """The values that the axis shows: 0, and the band without its beginning."""
    first = int(SETTLED * len(low))
    least, greatest = min(0.0, *low[first:], low[-1]), max(0.0, *high[first:], high[-1])
    room = 0.08 * (greatest - least)
    return [least - room, greatest + room]


def _shares(ratio: Ratio) -> Html:
    rows: list[tuple[str, ...]] = [
        (each.version, f"{each.meant:.2%}", f"{each.share:.2%}", f"{each.events:,}") for each in ratio.shares
    ]
    head = ("Version", "Meant", "Share", "Events")
    caption = f"Since {short(ratio.since)}, {ratio.words}"
    return tag("div", table(head, rows, caption), class_="mismatch" if ratio.mismatch else "shares")


def _value(side: Side) -> str:
    return "unknown" if side.value is None else f"{side.value:.4g}"
