"""From the text of the file and the environment to Settings, or to every mistake at once. Pure: the caller reads."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from stream.config.checking.checks import objections as check
from stream.config.mistakes import ConfigurationError, Mistake, Objection, choice, nearest, spelled
from stream.config.panes import pane
from stream.config.reading import models
from stream.config.reading.document import Items, Keys, Node, Scalar, document
from stream.config.reading.environment import SECTIONS, overlay, with_value
from stream.config.reading.fields import Objections, described, structure
from stream.config.sections.dispatch import Dispatch
from stream.config.sections.hooks import Hooks
from stream.config.sections.monitors import Monitors
from stream.config.sections.spans import Spans, ascending, durations
from stream.config.settings import Events, Http, Kafka, Limits, Model, Settings, StoreSettings, Topics

__all__ = ["ConfigurationError", "Mistake", "onboarding", "parse"]

S = TypeVar("S", bound=Struct)
NOTHING = Scalar("", null=True)


def parse(text: str, environment: Mapping[str, str] = {}) -> Settings:
    """The settings that a YAML text means, with the `DRIFTLINE_*` variables of the environment in place of its values.

    ConfigurationError carries all mistakes at once, except that a text that is no YAML has only that one.
    """
    tree, mistakes = document(text)
    if isinstance(tree, Scalar) and tree.null:
        tree = Keys({})
    if not isinstance(tree, Keys):
        found = Mistake("", "a mapping of sections, such as `kafka:`", described(tree), line=tree.line)
        raise ConfigurationError((*mistakes, found))
    return _settings(tree, environment, mistakes)


def onboarding(
    topics: Sequence[str], bootstrap: str, environment: Mapping[str, str] = {}, labels: Sequence[str] = ()
) -> Settings:
    """The settings without a file: topics and brokers from the command line, everything else learned.

    An empty `bootstrap` or no topic leaves the default, or what the environment says. ConfigurationError as `parse`.
    """
    tree, mistakes = overlay(Keys({}), environment)
    for kind, some in (("predictions", topics), ("labels", labels)):
        names = tuple(Scalar(topic, source="command line") for topic in some)
        if names:
            tree = with_value(tree, ("events", kind), Items(names, source="command line"))
    if bootstrap:  # in front of the environment: whoever types it means it
        tree = with_value(tree, ("kafka", "bootstrap"), Scalar(bootstrap, source="command line"))
    return _settings(tree, {}, mistakes)


def _settings(tree: Keys, environment: Mapping[str, str], mistakes: tuple[Mistake, ...]) -> Settings:
    tree, strange = overlay(tree, environment)
    settings, objections = _read(tree)
    objections += check(settings, _keys(objections))
    if "windows" not in _keys(objections):
        settings, found = _with_pane(settings)
        objections += found
    placed = (_placed(tree, objection) for objection in objections)
    if everything := (*mistakes, *strange, *placed):
        raise ConfigurationError(everything)
    return settings


def _keys(objections: Objections) -> set[str]:
    return {str(step) for objection in objections for step in objection.path}


def _read(tree: Keys) -> tuple[Settings, Objections]:
    def section(base: S) -> S:
        name = next(name for name, struct in SECTIONS.items() if struct is type(base))
        read, more = structure(base, tree.entries.get(name, NOTHING), (name,))
        found.extend(more)
        return read

    found: list[Objection] = list(_unknown(tree))
    defaults, lateness, more = models.defaults(tree.entries.get("defaults", NOTHING))
    patterns, again = models.patterns(defaults, tree.entries.get("models", NOTHING))
    settings = Settings(
        kafka=section(Kafka()),
        events=section(Events()),
        topics=section(Topics()),
        store=section(StoreSettings()),
        http=section(Http()),
        limits=section(Limits()),
        monitors=section(Monitors()),
        dispatch=section(Dispatch()),
        hooks=section(Hooks()),
        lateness=lateness,
        defaults=defaults,
        patterns=patterns,
    )
    return settings, (*found, *more, *again)


def _unknown(tree: Keys) -> Iterable[Objection]:
    names = sorted((*SECTIONS, "models"))
    for key in tree.entries:
        if key not in names:
            yield Objection((key,), choice(names), "an unknown key", nearest(key, names))


def _with_pane(settings: Settings) -> tuple[Settings, Objections]:
    """The settings with their pane and ascending windows; or the first model whose windows have no pane in common."""
    seen: list[Spans] = []
    found = settings.pane
    for name, model in settings.patterns:
        seen.append(model.spans)
        try:
            found = pane(durations(seen))
        except ValueError as error:
            inherited = model.spans == settings.defaults.spans
            path = ("defaults", "windows") if inherited else ("models", name, "windows")
            return settings, (Objection(path, str(error)),)
    patterns = tuple((name, _ascending(model)) for name, model in settings.patterns)
    return replace(settings, pane=found, defaults=_ascending(settings.defaults), patterns=patterns), ()


def _ascending(model: Model) -> Model:
    return replace(model, declared=ascending(model.declared))


def _placed(tree: Keys, objection: Objection) -> Mistake:
    """The mistake with the line of the deepest key on its path that was written."""
    node: Node = tree
    line, source = 0, ""
    for step in objection.path:
        child = _child(node, step)
        if child is None:
            break
        node, line, source = child, child.line or line, child.source
    path = spelled(objection.path)
    return Mistake(path, objection.expected, objection.value, objection.nearest, line if not source else 0, source)


def _child(node: Node, step: str | int) -> Node | None:
    match node, step:
        case Keys(entries=entries), str():
            return entries.get(step)
        case Items(items=items), int():
            return items[step] if step < len(items) else None
    return None
