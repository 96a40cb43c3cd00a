"""The first page: every model with its state, worst first."""

from urllib.parse import quote

from stream.config.settings import Settings
from stream.controls.control import Controls
from stream.roster import FUTURE
from stream.web.answers import Model
from stream.web.api.asked import incident_of
from stream.web.page.banner import banner
from stream.web.page.html import Html, badge, document, join, progress, section, table, tag, time
from stream.web.page.standing import Standing, standings
from stream.web.performance.shown import rests_on, words
from stream.web.sources import Sources
from stream.web.times import short

_WORST_FIRST = ("drifting", "worse", "suspect", "unknown", "learning", "new", "well")
# On a telephone three columns are seen: whoever is called at night wants the incident among them.
_HEAD = ("Model", "State", "Incident", "Recent windows", "Last window", "Events", "Performance", "Last trigger")
_PERFORMANCE = _HEAD.index("Performance")
_EXAMPLE = """{"id": "1", "kind": "prediction", "model": "fraud", "version": "3",
 "time": "2026-11-20T17:00:00Z", "features": {"amount": 41.5, "country": "FR"}, "score": 0.83}"""


def overview(sources: Sources) -> Html:
    """The first page as HTML."""
    standing = standings(sources, sources.models())
    controls = sources.status().controls
    body = _models(standing, controls) if standing else _nothing(sources.settings)
    return document("Models", banner(sources.status()), body)


def model_link(name: str) -> str:
    """The address of a model's page."""
    return f"/models/{quote(name, safe='')}"


def learned(model: Model) -> str:
    """How far learning is, in words."""
    if not model.needed_seconds:
        return f"{100 * model.progress:.0f} % learned"
    return f"{model.learned_seconds / 3600:.1f} of {model.needed_seconds / 3600:.1f} h learned"


def suspected(model: Model) -> Html:
    """Which windows make a model suspect: those of the strip beside may all be well."""
    lengths = " and ".join(model.suspect_in)
    return tag("span", f"drift in its newest {lengths} window", class_="quiet") if lengths else join()


def _models(standing: list[Standing], controls: Controls) -> Html:
    ordered = sorted(standing, key=lambda each: (_WORST_FIRST.index(each.model.state), each.model.name))
    told = any(each.model.performance for each in standing)  # a column that nobody fills is left out
    head, *rows = [
        row if told else (*row[:_PERFORMANCE], *row[_PERFORMANCE + 1 :])
        for row in (_HEAD, *(_row(each, controls) for each in ordered))
    ]
    return join(_summary(standing), section("Models", table(head, rows, "All models"), note="Worst first."))


def _summary(standing: list[Standing]) -> Html:
    states = [each.model.state for each in standing]
    tiles = (
        tag("div", tag("strong", str(states.count(state))), badge(state), class_="tile")
        for state in _WORST_FIRST
        if state in states
    )
    return tag("div", *tiles, class_="tiles")


def _row(each: Standing, controls: Controls) -> tuple[str, ...]:
    model, window = each.model, each.model.last_window
    paused = controls.paused(model.name, FUTURE)
    name = tag("a", model.name, href=model_link(model.name), class_="name")
    return (
        join(name, tag("span", f"version {model.version}", class_="quiet long")) if model.version else name,
        join(badge(model.state), progress(model.progress, learned(model)), tag("span", learned(model), class_="quiet"))
        if model.state in ("new", "learning")
        else join(badge(model.state), suspected(model), tag("span", "paused", class_="quiet") if paused else join()),
        incident_of(controls, model.incident) if model.incident else "none",
        strip(each),
        tag("span", time(window.end), f", {window.length}", class_="when") if window else "none yet",
        f"{window.events:,}" if window else join(f"{model.events:,}", tag("span", "so far", class_="quiet")),
        _performance(model),
        tag("span", time(model.last_trigger), class_="when") if model.last_trigger else "none",
    )


def _performance(model: Model) -> Html:
    """The newest number that has enough labels."""
    told = model.performance
    if told is None or told.value is None:
        return join("none yet")
    which = "" if told.version == model.version else f" of version {told.version}"
    window = join(f"{rests_on(told)}{which}, {told.length} to ", time(told.end))
    return join(words(told), tag("span", window, class_="quiet wraps"))


def strip(each: Standing) -> Html:
    """The newest windows as a row of marks, oldest first, and the same in words for who cannot see them."""
    marks = (
        tag("i", "", class_=window.verdict, title=f"{short(window.end)}: {window.verdict}, {window.events:,} events")
        for window in each.recent
    )
    drifted = sum(window.verdict == "drift" for window in each.recent)
    length = f" of {each.recent[-1].length}" if each.recent else ""
    words = f"{drifted} of {len(each.recent)} windows{length} drift"
    shown = tag("span", *marks, class_="strip", role="img", aria_label=words)
    return join(shown, tag("span", f"{len(each.recent)}{length}", class_="quiet") if length else join())


def _nothing(settings: Settings) -> Html:
    """What to do when no model has been seen."""
    topics = ", ".join(settings.events.predictions)
    return section(
        "No model has been seen yet",
        tag("p", "driftline reads the topic ", tag("code", topics), " at ", tag("code", settings.kafka.bootstrap), "."),
        tag("p", "A model appears with its first event. Publish one JSON object per record:"),
        tag("pre", _EXAMPLE),
        tag(
            "p",
            "To send the events of a file: ",
            tag("code", f"driftline publish FILE --topic {settings.events.predictions[0]}"),
        ),
        tag("p", "To see what it looks like with four models: ", tag("code", "driftline demo --keep-running")),
    )
