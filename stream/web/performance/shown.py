"""A model's performance on its page: each number with its interval, what it rests on, and what became of the labels."""

from sinks.commit import LABELS, MET, Store
from stream.monitor.scopes import label_scope
from stream.web.answers import Fates, Performance, answers
from stream.web.page.bands import bands, coverage
from stream.web.page.html import Html, chart, join, section, tag, time
from stream.web.page.numbers import number, with_interval
from stream.web.performance.estimates import Estimate, Weighted
from stream.web.performance.revisions import Told
from stream.web.sources import Sources
from stream.web.times import short

STEPS_SUMMED = 288  # the newest: a day of five minutes, if something was joined in each of them
_FATES = {
    "pairs": "met a prediction",
    "corrected": "corrected",
    "retracted": "retracted",
    "again": "said again",
    "late": "too late",
    "orphans": "without a prediction",
    "unsampled": "not in the sample",
    "unusable": "unusable",
    "repeats": "predicted again",
}
_SELDOM = ("repeats", "unsampled")  # not a word of what does not occur
_DOCS = {column.name: column.doc for column in MET.columns}
_NOTE = (
    "Hollow: provisional, because labels are still missing. The band is the 95 % interval. A window beyond the dashed "
    "limit is surely worse than its reference, and red."
)
_ESTIMATED = "Dotted: estimated by scores or inputs, before labels."
_WEIGHTED = "Dashes and dots: a second opinion, by the inputs alone; a red diamond where the two surely differ."
_NO_TOPIC = "No topic of labels is configured, so nobody can say how good this model is. Name one under events.labels."


def performance_of(sources: Sources, name: str, told: Told) -> Html:
    """How good the model was in the windows that a reader chose, and what became of its labels."""
    fates = _fates(sources.store, name)
    if not told:
        return section("Performance", tag("p", _silence(sources, name, fates)), _counts(fates))
    notes = _NOTE, _ESTIMATED if told.estimates else "", _WEIGHTED if told.weighted else "", told.missed
    return section("Performance", _charts(sources, name, told), _counts(fates), note=" ".join(filter(None, notes)))


def words(point: Performance) -> str:
    """One number with its interval."""
    interval = "" if point.low is None or point.high is None else f" ({number(point.low)} to {number(point.high)})"
    return f"{point.metric} {number(point.value)}{interval}"


def rests_on(point: Performance) -> str:
    """How many labels a number has."""
    if point.coverage is None:
        return f"{point.labelled:,} labelled"
    return f"{point.coverage:.0%} labelled"


def _charts(sources: Sources, name: str, told: Told) -> Html:
    series = {
        metric: (told.points.get(metric, []), told.estimates.get(metric, []), told.weighted.get(metric, []))
        for metric in told.shown
    }
    ends = [point.end for every in series.values() for points in every for point in points]
    height = 320 if len(series) == 1 else 210
    drawn = [
        tag(
            "div",
            tag("h3", metric, _way(sources, name, metric)),
            chart(f"performance_{i}", bands(*every, ends, height), _caption(*every)),
        )
        for i, (metric, every) in enumerate(series.items())
    ]
    if not told.points:
        return tag("div", *drawn, class_="pair")
    counted = max(told.points.values(), key=len)
    body = [tag("div", *drawn, class_="pair"), _reach(counted)]
    if counted[-1].coverage is not None:
        settings = sources.settings.model(name) or sources.settings.defaults
        enough = settings.labels.coverage
        caption = f"Share of each window's predictions that have a label; from {enough:.0%} on a number is mature."
        body.insert(1, tag("div", tag("h3", "labelled"), chart("coverage", coverage(counted, ends, enough), caption)))
    return join(*body)


def _way(sources: Sources, name: str, metric: str) -> str:
    """Which way a metric of the model's own is better, where somebody has said so."""
    settings = sources.settings.model(name) or sources.settings.defaults
    return {"high": " ↑ more is better", "low": " ↓ less is better"}.get(settings.better.get(metric, ""), "")


def _caption(points: list[Performance], estimates: list[Estimate], weighted: list[Weighted]) -> str:
    """What the newest number says, and the newest second opinion where that differs, or is unknown, or alone."""
    first = _newest(points, estimates) if points or estimates else ""
    if not weighted or (first and not weighted[-1].apart and not weighted[-1].why):
        return first
    last = weighted[-1]
    of = with_interval(last.value, last.low, last.high)
    differ = ", which surely differs from what its scores say" if last.apart else ""
    second = f"nobody knows: {last.why}" if last.why else f"{last.metric} is probably {of}{differ}"
    return f"{first} By its inputs alone {second}, in the window to {short(last.end)}.".strip()


def _newest(points: list[Performance], estimates: list[Estimate]) -> str:
    """What the newest number with enough labels says, else the newest one; else the newest estimate."""
    if not points:
        guess = estimates[-1]
        of = with_interval(guess.value, guess.low, guess.high)
        return f"{guess.metric} is probably {of}, of {guess.n:,} predictions, in the window to {short(guess.end)}."
    last = next((point for point in reversed(points) if point.status != "provisional"), points[-1])
    of = "" if last.predicted is None else f" of {last.predicted:,}"
    sample = f" in a sample of 1 in {1 / last.rate:,.0f} ids" if last.rate < 1 else ""
    surely = "" if last.verdict != "worse" else f" Worse than at first ({number(last.reference)}), beyond its limit."
    again = f" ({last.repeats:,} more repeat others)" if last.repeats else ""
    labelled = f"{last.status}, {last.labelled:,}{of} labelled{again}{sample}"
    binned = f", {last.bound:.1g} off at most by its bins" if last.bound else ""
    return f"{words(last)}{binned}: {labelled}, in the window to {short(last.end)}.{surely}"


def _reach(points: list[Performance]) -> Html:
    if any(point.status != "provisional" for point in points):
        return join()
    text = f"None of these {points[0].length} windows has enough labels yet; longer windows reach further back."
    return tag("p", text, class_="quiet")


def _fates(store: Store, name: str) -> list[Fates]:
    return answers(
        store.select(MET, where={"model": name}, order=("step",), descending=True, limit=STEPS_SUMMED), Fates
    )


def _counts(fates: list[Fates]) -> Html:
    """What became of the labels, in numbers."""
    if not fates:
        return join()
    counts = (
        tag("div", tag("dt", title, title=_DOCS[fate]), tag("dd", f"{sum(getattr(each, fate) for each in fates):,}"))
        for fate, title in _FATES.items()
        if fate not in _SELDOM or any(getattr(each, fate) for each in fates)
    )
    since = tag("div", tag("dt", "labels since"), tag("dd", time(fates[-1].step)))
    return tag("dl", since, *counts, class_="signs small")


def _silence(sources: Sources, name: str, fates: list[Fates]) -> str:
    """Why there is no number."""
    settings = sources.settings.model(name) or sources.settings.defaults
    topics = label_scope(settings, sources.settings)
    if not topics:
        return _NO_TOPIC
    found = sources.store.select(LABELS, where={"model": name}, order=("end",), descending=True, limit=STEPS_SUMMED)
    said = int(found["labels"].sum())
    if any(each.pairs for each in fates):
        return "Labels have met predictions of this model, but nothing is measured yet in windows of this kind."
    if said:
        return f"{said:,} labels of this model have come, and none has met a prediction: is the id of both the same?"
    return (
        f"No label of this model has come yet. They are expected on {', '.join(topics)}, with the id of a prediction."
    )
