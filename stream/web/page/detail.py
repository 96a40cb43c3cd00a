"""A model's page: how good it is, drift over time, one feature in depth, what was found, what was asked for."""

from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from sinks.commit import DRIFT, WINDOWS
from stream.config.units import duration
from stream.web.answers import Model, Point, Window, answers
from stream.web.api.asked import controls_of
from stream.web.api.attributed import attributions_of
from stream.web.api.effects import effects_of
from stream.web.api.folded import folded_of
from stream.web.api.served import service_of
from stream.web.api.tested import tests_of
from stream.web.page.banner import banner
from stream.web.page.charts import FEATURES_MAX, bars, heatmap, lines, ranked
from stream.web.page.distribution import Distribution, distribution
from stream.web.page.fields import features_of, unwatched_of
from stream.web.page.followed import incidents_of
from stream.web.page.found import findings_of, triggers_of
from stream.web.page.html import Html, badge, chart, document, join, progress, section, tag
from stream.web.page.learning import sketch
from stream.web.page.opened import opened_of
from stream.web.page.overview import learned, suspected
from stream.web.page.promise import said_of
from stream.web.page.standing import standings
from stream.web.performance.groups import groups_of
from stream.web.performance.revisions import WINDOWS_SHOWN, told
from stream.web.performance.shown import performance_of
from stream.web.performance.truths import truths_of
from stream.web.sources import Sources, window_lengths
from stream.web.times import nanoseconds, short
from stream.web.versions.abreast import abreast

CHOICES_MAX = 200  # windows per length that are looked through for versions and segments


_NO_WINDOW = (
    "A window closes when every partition's events have passed its end plus the lateness. "
    "If this lasts, look whether one partition of the topic is silent or far behind."
)


class Selected(Struct, frozen=True):
    """What a reader chose to see; empty: the page chooses."""

    version: str = ""
    segment: str = ""
    length: str = ""
    feature: str = ""
    metric: str = ""


def detail(sources: Sources, name: str, selected: Selected) -> Html:
    """A model's page as HTML. The model must be known."""
    model = standings(sources, [name])[0].model
    windows = _windows(sources, name)
    chosen = _chosen(windows, selected)
    if model.state in ("new", "learning"):
        body = _learning(sources, model, selected.feature)
    elif chosen.length:
        body = _watching(sources, name, chosen, windows)
    else:
        body = section("No window has closed yet", tag("p", _NO_WINDOW))
    fields = join(features_of(model), unwatched_of(sources.store, name), folded_of(sources.store, name))
    asked, status = controls_of(sources.store, name), sources.status()
    opened = opened_of(sources.store, status.controls, model.incident)
    return document(name, banner(status), _head(model), opened, body, asked, fields)


def _watching(sources: Sources, name: str, chosen: Selected, windows: Sequence[Window]) -> Html:
    points = _points(sources, name, chosen)
    feature = chosen.feature or next(iter(ranked(points)), "")
    chosen = replace(chosen, feature=feature)
    measured = told(sources.store, _key(name, chosen), chosen.metric)
    performance = performance_of(sources, name, measured)
    mine = (one for one in windows if (one.version, one.length) == (chosen.version, chosen.length))
    newest = next(mine, None)
    whole: dict[str, str | int] = {"model": name, "version": chosen.version, "length": duration(chosen.length)}
    return join(
        _choices(chosen, windows, [point.feature for point in points], measured.metrics),
        performance if measured else join(),
        truths_of(sources, whole),
        groups_of(sources, whole),
        abreast(sources, name, chosen.version, chosen.metric),
        _drift(points, chosen, said_of(sources.store, name, newest)),
        _feature(sources, name, chosen, [point for point in points if point.feature == feature]),
        attributions_of(sources.store, whole),
        service_of(sources.store, name, chosen.version, duration(chosen.length)),
        incidents_of(sources, name),
        findings_of(sources.store, name),
        triggers_of(sources.store, name),
        join() if measured else performance,
    )


def _head(model: Model) -> Html:
    facts = [badge(model.state), suspected(model)]
    if model.version:
        facts.append(tag("span", f"version {model.version}", class_="quiet"))
    if model.last_window:
        facts.append(tag("span", "reference: ", model.last_window.reference or "none", class_="quiet"))
    return tag("div", tag("h1", model.name), tag("p", *facts, class_="facts"), class_="title")


def _choices(chosen: Selected, windows: Sequence[Window], features: Sequence[str], metrics: Sequence[str]) -> Html:
    """What may be chosen, as a form that works without a script."""
    lengths = _lengths(windows, chosen.version)
    segments = sorted({window.segment for window in windows})
    fields = (
        ("version", chosen.version, [(each, each) for each in sorted({window.version for window in windows})]),
        ("length", chosen.length, [(each, each) for each in lengths]),
        ("segment", chosen.segment, [(each, each or "all events") for each in segments]),
        ("feature", chosen.feature, [(each, each) for each in sorted({*features, chosen.feature})]),
        ("metric", chosen.metric, [(each, each or "the main ones") for each in sorted({"", *metrics, chosen.metric})]),
    )
    selects = (
        tag(
            "label",
            name,
            tag("select", *(tag("option", text, value=v, selected=v == now) for v, text in values), name=name),
        )
        for name, now, values in fields
        if name != "metric" or metrics
    )
    return tag("form", *selects, tag("button", "Show"), method="get", class_="choices")


def _drift(points: Sequence[Point], chosen: Selected, said: str) -> Html:
    if not points:
        return section("Drift over time", tag("p", "No window of this kind has been judged yet."))
    hidden = len({point.feature for point in points}) - FEATURES_MAX
    more = f" {hidden} features further below their limit are left out." if hidden > 0 else ""
    caption = f"Evidence of drift in each feature and {chosen.length} window, in units of its limit.{more}"
    drawn = chart("heatmap", heatmap(points), caption)
    return section("Drift over time", drawn, note=f"Select a row to see its feature.{said}")


def _feature(sources: Sources, name: str, chosen: Selected, points: Sequence[Point]) -> Html:
    if not points:
        return join()
    last = max(points, key=lambda point: point.end)
    over_time = (
        f"Evidence that {chosen.feature} is not as in its reference, in standard errors; dashed: what is asked for, so "
        "that false triggers stay as few as promised. How large the change is, the legend can show."
    )
    compared = distribution(
        sources.store, name, chosen.version, chosen.segment, chosen.feature, duration(chosen.length)
    )
    key = _key(name, chosen) | {"feature": chosen.feature}
    beside = join(*(each(sources.store, key, last.end) for each in (effects_of, tests_of)))
    return tag(
        "div",
        section(f"{chosen.feature} over time", chart("lines", lines(points), over_time), _numbers(last), beside),
        section(f"{chosen.feature} now", _distribution(compared)),
        class_="pair",
    )


def _distribution(compared: Distribution) -> Html:
    if not compared.cells:
        return tag("p", "This window cannot be drawn: its panes are gone, or were counted in different cells.")
    end = f" in the window to {short(compared.end)}" if compared.end else ""
    against = f", against {compared.source}" if compared.source else ""
    return chart("bars", bars(compared), f"Share of {compared.n:,} values in each cell{end}{against}.")


def _numbers(point: Point) -> Html:
    figures = (
        ("chance", "" if point.p is None else f"{point.p:.2g}"),
        ("values", f"{point.n:,}"),
        ("reference", f"{point.n_reference:,}"),
        ("missing", _percent(point.missing)),
        ("unseen or not finite", _percent(point.odd)),
        ("wrong type", _percent(point.wrong_type)),
        ("mean", "" if point.mean is None else f"{point.mean:.4g}"),
        ("deviation", "" if point.deviation is None else f"{point.deviation:.4g}"),
        ("psi", "" if point.psi is None else f"{point.psi:.3g}"),
    )
    return tag("dl", *(tag("div", tag("dt", k), tag("dd", v)) for k, v in figures if v), class_="signs small")


def _learning(sources: Sources, model: Model, feature: str) -> Html:
    so_far = sketch(sources.store, model.name)
    bar = join(tag("p", learned(model)), progress(model.progress, learned(model)))
    note = "What the model sees now becomes the reference that later windows are compared with."
    head = section("Learning the reference", bar, note=note)
    if not so_far:
        return join(
            head, section("No sample yet", tag("p", "The first distributions appear when the first pane closes."))
        )
    shown = feature if feature in so_far else next(iter(so_far))
    links = (
        tag("a", name, href=f"?feature={quote(name)}", class_="chip", aria_current="true" if name == shown else False)
        for name in so_far
    )
    caption = f"{shown} so far, from a uniform sample of {so_far[shown].n:,} events."
    drawn = chart("bars", bars(so_far[shown]), caption)
    return join(head, section("Distribution so far", tag("p", *links, class_="chips"), drawn))


def _chosen(windows: Sequence[Window], selected: Selected) -> Selected:
    """The selection, with what was left open filled from the newest windows."""
    versions = [window.version for window in windows]
    version = selected.version or (versions[0] if versions else "")
    lengths = _lengths(windows, version)
    # Of little traffic the shortest windows never have a verdict: the shortest that have one say more.
    judged = _lengths([window for window in windows if window.verdict != "unknown"], version)
    length = selected.length if selected.length in lengths else next(iter(judged or lengths), "")
    return replace(selected, version=version, length=length)


def _lengths(windows: Sequence[Window], version: str) -> list[str]:
    return sorted({window.length for window in windows if window.version == version}, key=duration)


def _windows(sources: Sources, name: str) -> list[Window]:
    """The newest windows of each length, newest first: what there is to choose from."""
    newest = [
        sources.store.select(
            WINDOWS, where={"model": name, "length": length}, order=("end",), descending=True, limit=CHOICES_MAX
        )
        for length in window_lengths(sources.settings)
    ]
    windows = [window for found in newest for window in answers(found, Window)]
    return sorted(windows, key=lambda window: window.end, reverse=True)


def _points(sources: Sources, name: str, chosen: Selected) -> list[Point]:
    """The newest windows of all features, as many as a screen shows."""
    where = _key(name, chosen)
    last = sources.store.select(WINDOWS, where=where, order=("end",), descending=True, limit=1)
    ends = [nanoseconds(window.end) for window in answers(last, Window)]
    if not ends:
        return []
    since = ends[0] - WINDOWS_SHOWN * duration(chosen.length) + 1
    return answers(sources.store.select(DRIFT, where=where, since=since), Point)


def _key(name: str, chosen: Selected) -> dict[str, str | int]:
    key: dict[str, str | int] = {"model": name, "version": chosen.version, "segment": chosen.segment}
    return key | {"length": duration(chosen.length)}


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"
