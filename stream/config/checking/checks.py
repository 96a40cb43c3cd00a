"""What single values cannot show: keys that contradict each other, repeat something, or ask for too much."""

from collections.abc import Callable, Collection, Iterator

from detectors.distances import DISTANCES, USUAL
from sinks.dispatch.targets.entry import named, wrong
from stream.config.checking.drawing import tests
from stream.config.checking.earlier import divided
from stream.config.checking.measures import better, metrics, quantiles, worth
from stream.config.checking.ruling import policy
from stream.config.checking.segmenting import fairness, segments
from stream.config.checking.windowing import windows
from stream.config.mistakes import Objection, Path, choice, nearest, repeated, shown
from stream.config.reading.models import exact
from stream.config.settings import Model, Settings
from stream.config.units import spelled_duration
from stream.segments.fields import PREFIXES

ROUNDED = 1e-6  # shares of three are written 0.333333
Found = Iterator[Objection]


def objections(settings: Settings, broken: Collection[str]) -> tuple[Objection, ...]:
    """All contradictions, except between keys of which one could not be read: its value is unknown, not wrong."""
    found: list[Objection] = []
    for keys, check in CHECKS:
        if not any(key in broken for key in keys):
            found += check(settings)
    for keys, check_model in MODEL_CHECKS:
        if not any(key in broken for key in keys):
            found += _of_models(settings, check_model)
    return tuple(found)


def _of_models(settings: Settings, check: Callable[[Model, Settings], Found]) -> Found:
    """The defaults' own mistakes once, and a model's unless it only inherits them."""
    inherited = list(check(settings.defaults, settings))
    for objection in inherited:
        yield _below(("defaults",), objection)
    for name, model in settings.patterns:
        for objection in check(model, settings):
            if objection not in inherited:
                yield _below(("models", name), objection)


def _below(path: Path, objection: Objection) -> Objection:
    return Objection((*path, *objection.path), objection.expected, objection.value, objection.nearest)


def _events(settings: Settings) -> Found:
    events = settings.events
    if not events.predictions:
        yield Objection(("events", "predictions"), "at least one topic", "an empty list")
    yield from repeated(("events", "predictions"), events.predictions)
    yield from repeated(("events", "labels"), events.labels)


def _skew(settings: Settings) -> Found:
    """Without lateness its stand-in for max_skew would refuse every clock that is a millisecond fast."""
    if settings.events.max_skew is None and not settings.lateness:
        yield Objection(("events", "max_skew"), "a duration: it may be left out only where lateness is above 0")


def _outputs(settings: Settings) -> Found:
    """A service that reads what it writes would feed itself; and each topic says one thing."""
    topics = settings.topics
    read = {*settings.events.predictions, *settings.events.labels}
    partials = {topics.partials_of(topic) for topic in read}
    said: dict[str, str] = {}
    for key in ("triggers", "dead_letters", "plans", "outcomes", "control"):
        topic = getattr(topics, key)
        if topic in read:
            yield Objection(("topics", key), "a topic that is not read under `events`", topic)
        if topic in partials:
            yield Objection(("topics", key), "another topic than those of the partials", topic)
        if topic in said:
            yield Objection(("topics", key), f"another topic than topics.{said[topic]}", topic)
        said[topic] = key
    for topic in sorted(partials & read):
        yield Objection(("topics", "partials"), f"another name: {topic} is read under `events`", topics.partials)


def _security(settings: Settings) -> Found:
    security = settings.kafka.security
    path = ("kafka", "security")
    if security.protocol.startswith("SASL"):
        for key in ("username", "password"):
            if not getattr(security, key):
                yield Objection((*path, key), f"a value: {security.protocol} identifies by user name and password")
    elif security.username or security.password:
        yield Objection((*path, "protocol"), "SASL_SSL or SASL_PLAINTEXT with a user name", security.protocol)
    if security.protocol.endswith("PLAINTEXT") and (security.ca_file or security.cert_file or security.key_file):
        yield Objection((*path, "protocol"), "SSL or SASL_SSL with certificate files", security.protocol)
    if security.key_file and not security.cert_file:
        yield Objection((*path, "cert_file"), "the certificate that belongs to key_file")


def _monitors(settings: Settings) -> Found:
    monitors = settings.monitors
    yield from repeated(("monitors", "names"), monitors.names)
    for pattern, name in monitors.pins.items():
        if name not in monitors.names:
            path = ("monitors", "pins", pattern)
            yield Objection(path, "one of monitors.names", name, nearest(name, monitors.names))


def _targets(settings: Settings) -> Found:
    path = ("dispatch", "targets")
    targets = settings.dispatch.targets
    for i, entry in enumerate(targets):
        for one in wrong(entry):
            yield Objection((*path, i, *one.path), one.expected, one.value, one.nearest)
    yield from repeated(path, [named(entry) for entry in targets])


def _hooks(settings: Settings) -> Found:
    mlflow, path = settings.hooks.mlflow, ("hooks", "mlflow")
    for registered, model in mlflow.models.items():
        if settings.model(model) is None:
            names = [name for name, _ in settings.patterns]
            yield Objection((*path, "models", registered), choice(names), model, nearest(model, names))


def _named(settings: Settings) -> Found:
    n = sum(exact(name) for name, _ in settings.patterns)
    if n > settings.limits.models:
        yield Objection(("limits", "models"), f"at least the {n} models that are named", str(settings.limits.models))


def _kept(settings: Settings) -> Found:
    """A window that is forgotten before it ends could never be judged."""
    longest = max((length for _, model in settings.patterns for length in model.windows), default=0)
    if settings.store.keep <= longest:
        expected = f"longer than the longest window, {spelled_duration(longest)}"
        yield Objection(("store", "keep"), expected, spelled_duration(settings.store.keep))
    waited = max((model.labels.within for _, model in settings.patterns), default=0)
    if settings.events.labels and settings.store.keep < waited + longest:
        expected = f"at least labels.within and the longest window, {spelled_duration(waited + longest)}"
        yield Objection(("store", "keep"), expected, spelled_duration(settings.store.keep))


def _labels(model: Model, _: Settings) -> Found:
    if not 0 < model.labels.coverage <= 1:
        yield Objection(("labels", "coverage"), "above 0 and at most 1", str(model.labels.coverage))


def _shares(model: Model, _: Settings) -> Found:
    """What else gets traffic is no part of the test, so these are all of it."""
    shares = model.versions.shares
    if not shares:
        return
    if len(shares) < 2:
        yield Objection(("versions", "shares"), "two versions or more", f"{len(shares)}")
    for version, share in shares.items():
        if not share:
            yield Objection(("versions", "shares", version), "above 0", "0")
    if abs(sum(shares.values()) - 1) > ROUNDED:
        yield Objection(("versions", "shares"), "shares that add up to 1", f"{sum(shares.values()):g}")


def _topics(model: Model, settings: Settings) -> Found:
    read = {*settings.events.predictions, *settings.events.labels}
    for i, topic in enumerate(model.topics):
        if topic not in read:
            yield Objection(("topics", i), "a topic that is read under `events`", topic, nearest(topic, read))
    yield from repeated(("topics",), model.topics)
    if model.topics and read.issuperset(model.topics) and not {*settings.events.predictions} & {*model.topics}:
        yield Objection(("topics",), "at least one topic of events.predictions")


def _trigger(model: Model, _: Settings) -> Found:
    if model.trigger.windows > model.trigger.of:
        expected = f"at most trigger.of, {model.trigger.of}"
        yield Objection(("trigger", "windows"), expected, str(model.trigger.windows))


def _features(model: Model, settings: Settings) -> Found:
    if len(model.features) > settings.limits.features:
        expected = f"at most limits.features, {settings.limits.features}"
        yield Objection(("features",), expected, str(len(model.features)))
    for name in model.features:
        if name.startswith(PREFIXES):
            begins = " or ".join(PREFIXES)
            yield Objection(("features", name), f"a name that does not begin with {begins}", shown(name))


def _drift(model: Model, _: Settings) -> Found:
    others = [name for name in DISTANCES if name not in USUAL]
    yield from repeated(("drift", "measures"), model.drift.measures)
    for i, name in enumerate(model.drift.measures):
        if name in USUAL:
            yield Objection(("drift", "measures", i), "another distance: this one is always kept", name)
        elif name not in others:
            yield Objection(("drift", "measures", i), choice(others), shown(name), nearest(name, list(DISTANCES)))
    for name in model.drift.limits:
        if name not in DISTANCES:
            yield Objection(("drift", "limits", name), choice(DISTANCES), shown(name), nearest(name, list(DISTANCES)))


# Each with the keys that it looks at.
CHECKS: tuple[tuple[tuple[str, ...], Callable[[Settings], Found]], ...] = (
    (("events",), _events),
    (("max_skew", "lateness"), _skew),
    (("events", "topics"), _outputs),
    (("security",), _security),
    (("targets",), _targets),
    (("hooks",), _hooks),
    (("monitors",), _monitors),
    (("limits", "models"), _named),
    (("store", "windows", "labels"), _kept),
)
MODEL_CHECKS: tuple[tuple[tuple[str, ...], Callable[[Model, Settings], Found]], ...] = (
    (("windows",), windows),
    (("events", "topics"), _topics),
    (("windows", "reference"), divided),
    (("trigger",), _trigger),
    (("policy", "windows", "labels", "events", "targets"), policy),
    (("limits", "features"), _features),
    (("segments", "features", "limits"), segments),
    (("segments", "fairness"), fairness),
    (("labels",), _labels),
    (("metrics", "kind"), metrics),
    (("better", "metrics"), better),
    (("worth", "kind"), worth),
    (("quantiles", "kind"), quantiles),
    (("shares",), _shares),
    (("measures",), _drift),
    (("tests", "together", "sample", "findings", "file"), tests),
)
