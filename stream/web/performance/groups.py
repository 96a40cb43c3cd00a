"""Segments in the newest windows that know: the weakest by enough labels, and how far protected groups are apart."""

from sinks.commit import FINDINGS, PERFORMANCE, Where
from sinks.prometheus import GAPS
from stream.monitor.performance.groups import WEAKEST
from stream.web.answers import Finding, Performance, answers
from stream.web.page.html import Html, join, section, table
from stream.web.page.numbers import number, with_interval
from stream.web.performance.matured import ENOUGH
from stream.web.performance.revisions import performances
from stream.web.sources import Sources
from stream.web.times import nanoseconds, short


def groups_of(sources: Sources, key: Where) -> Html:
    """What is known of them in windows of one kind; nothing where there are no segments, or no labels."""
    end = _end(sources, key)
    at = {} if end is None else {**key, "end": nanoseconds(end.end), "detector": WEAKEST}
    weakest = answers(sources.store.select(FINDINGS, where=at), Finding) if at else []
    settings = sources.settings.model(str(key["model"])) or sources.settings.defaults
    gaps = [each for field in settings.fairness for each in _gaps(sources, {**key, "segment": field})]
    if not weakest and not gaps:
        return join()
    note = "" if end is None or not weakest else f"The weakest in the {end.length} window to {short(end.end)}."
    return section("Segments", _weakest(weakest), _treated(gaps), note=note)


def _end(sources: Sources, key: Where) -> Performance | None:
    """A number of the newest window that has, or had, enough labels."""
    found = [
        each
        for status in ENOUGH
        for each in performances(
            sources.store.select(
                PERFORMANCE,
                where={**key, "segment": "", "status": status},
                order=("end",),
                descending=True,
                limit=1,
            )
        )
    ]
    return max(found, key=lambda each: each.end, default=None)


def _gaps(sources: Sources, where: Where) -> list[Performance]:
    """Of each gap its newest window: some need labels, and some do not."""
    newest = (
        sources.store.select(
            PERFORMANCE, where={**where, "metric": gap}, order=("end", "step"), descending=True, limit=1
        )
        for gap in GAPS
    )
    return [each for rows in newest for each in performances(rows)]


def _weakest(found: list[Finding]) -> Html:
    """The worst first: those that are the furthest beyond what is tolerated."""
    ordered = sorted(found, key=lambda each: -abs((each.value or 0.0) - (each.limit or 0.0)))
    rows: list[tuple[str, ...]] = [
        (each.segment, each.feature.partition(":")[2], number(each.value), f"{each.n:,}", each.words)
        for each in ordered
    ]
    head = ("Segment", "Metric", "Value", "Labels", "In words")
    return table(head, rows, "Surely worse than the rest of the window") if rows else join()


def _treated(gaps: list[Performance]) -> Html:
    rows: list[tuple[str, ...]] = [
        (
            each.segment,
            each.metric,
            with_interval(each.value, each.low, each.high),
            number(each.limit),
            {"worse": "surely beyond", "well": "surely within"}.get(each.verdict, "unknown"),
            f"{each.labelled or each.predicted or 0:,} {'labels' if each.labelled else 'predictions'}",
            short(each.end),
        )
        for each in gaps
    ]
    head = ("Groups of", "Gap", "Value", "Tolerated", "Verdict", "Of", "Window to")
    return table(head, rows, "How far groups are treated apart") if rows else join()
