"""The sentences of `driftline check`, for someone who reads the configuration for the first time."""

from collections.abc import Iterable
from math import gcd

from stream.config.checking import earlier
from stream.config.checking.measures import measured
from stream.config.checking.segmenting import conditional, folded
from stream.config.checking.windowing import sliding, spelled
from stream.config.panes import decision_delay, reread
from stream.config.reading.models import exact
from stream.config.sections.hooks import Mlflow
from stream.config.sections.segments import names as called
from stream.config.sections.spans import durations
from stream.config.settings import DAY, PANE_MAX, Model, Settings
from stream.config.telling.estimate import WAITING, Assumed, Memory, Rows, pending
from stream.config.units import spelled_duration, spelled_size

LOOPBACK = ("127.", "localhost:", "[::1]:")


def reading(settings: Settings) -> tuple[str, ...]:
    """Which topics are read and written."""
    events, kafka = settings.events, settings.kafka
    first = "the oldest record that is left" if kafka.from_ == "earliest" else "what is published from then on"
    missing = "created with 4 partitions" if kafka.create_topics else "waited for"
    labels = f"labels from {_names(events.labels)}" if events.labels else "no labels"
    return (
        f"Reads predictions and features from {_names(events.predictions)}, and {labels}, at {kafka.bootstrap}.",
        f"The very first start begins with {first}; every later one continues where the last commit ended.",
        f"A missing topic is {missing}.",
        f"Writes triggers to {settings.topics.triggers} and rejected records to {settings.topics.dead_letters}.",
        f"Does what is asked of it on {settings.topics.control}.",
    )


def time(settings: Settings) -> tuple[str, ...]:
    """When an event counts, when a window closes, and from when a decision holds."""
    events, pane = settings.events, spelled_duration(settings.pane)
    lateness, ahead = spelled_duration(settings.lateness), spelled_duration(events.max_ahead)
    skew = spelled_duration(events.max_skew or settings.lateness)
    whole = gcd(*durations(model.spans for _, model in settings.patterns)) // settings.pane
    cut = f", cut into {whole} to be at most {spelled_duration(PANE_MAX)}" if whole > 1 else ""
    delay = _minutes(decision_delay(settings))
    panes = f"Events are summed in panes of {pane}, of which every window is a whole number"
    decided = f"What is decided at a window's end (a learned reference, a new plan) holds from T, {delay} later"
    return (
        f"{panes}: the greatest common divisor of all window lengths{cut}.",
        "Windows begin at whole multiples of their length since 1970-01-01 00:00 UTC.",
        *sliding(settings),
        f"A window closes when every partition of its model's topics has reached its end plus {lateness}.",
        f"A partition that stays silent at its end for {spelled_duration(events.idle)} is not waited for.",
        f"An event is late, and counted but not summed, when its own partition is {lateness} past the end of its pane.",
        f"An event whose time is more than {skew} ahead of its record's is set aside, so one fast clock harms nobody.",
        f"No partition is read more than {ahead} of event time ahead of the slowest.",
        f"{decided}: from the first pane that nobody has read yet.",
    )


def models(settings: Settings) -> tuple[str, ...]:
    """What is done for each name and pattern."""
    rest = "A model is served by its exact name, else by the longest pattern that fits."
    if not any(pattern == "*" for pattern, _ in settings.patterns):
        rest += " Events of a model that nothing fits are rejected."
    each = (_model(settings, pattern, model) for pattern, model in settings.patterns)
    parts = (_labels, measured, conditional, _versions, _shares)
    return (*each, rest, *(sentence for part in parts for sentence in part(settings)))


def _labels(settings: Settings) -> tuple[str, ...]:
    """How labels and predictions wait for each other."""
    if not settings.events.labels:
        return ()
    waits = sorted({model.labels for _, model in settings.patterns}, key=lambda labels: labels.within)
    return tuple(
        f"A label counts for a prediction of the same model and id that is at most {spelled_duration(one.within)} away;"
        f" a window's numbers are mature when {one.coverage:.0%} of its predictions have one."
        for one in waits
    )


def _versions(settings: Settings) -> Iterable[str]:
    """How versions are meant to share the traffic."""
    for pattern, model in settings.patterns:
        if model.versions.shares:
            meant = ", ".join(f"{version} {share:.3g}" for version, share in sorted(model.versions.shares.items()))
            yield f"Versions of {pattern} are meant to share its traffic like this: {meant}; others are not counted."


def limits(settings: Settings, assumed: Assumed) -> tuple[str, ...]:
    """What is refused, and counted, beyond which number."""
    limits = settings.limits
    models = f"{limits.models:,} models, {limits.versions:,} versions of each, {limits.features:,} features"
    values = f"{limits.segments:,} values per segment field and {limits.vocabulary:,} categories per feature"
    return (
        f"At most {models}, {values}.",
        "What is beyond a limit is counted, never summed into something else, and evicts nothing.",
        *folded(settings, assumed.segment_values),
        f"A record above {spelled_size(limits.event_bytes)} is rejected.",
        f"A model is learned from at most {limits.sample:,} events, a uniform sample.",
        *_pending(settings),
        f"At most {settings.http.series_max:,} Prometheus series are shown.",
    )


def _pending(settings: Settings) -> tuple[str, ...]:
    """What happens where too many predictions wait for labels."""
    if not settings.events.labels:
        return ()
    most = f"{settings.limits.pending:,} predictions of a model"
    return (f"Where more than about {most} would wait for labels, a sample of ids does: a half, a quarter, and so on.",)


def size(settings: Settings, assumed: Assumed, memory: Memory, rows: Rows) -> tuple[str, ...]:
    """Expected memory, rows and bytes on disk, and on which guesses they stand."""
    guesses = (
        f"Assumed where nothing is declared: {assumed.models} models per pattern, {assumed.versions} version of each, "
        f"{assumed.features} numeric features, {assumed.segment_values} values per segment field, events of "
        f"{assumed.event_bytes} bytes, {assumed.partitions} partitions per topic."
    )
    parts = (
        ("DuckDB (store.memory_limit)", memory.store),
        ("the process", memory.process),
        ("buffers", memory.buffers),
        ("summaries", memory.summaries),
        ("look-up tables", memory.tables),
        ("samples", memory.samples),
    )
    spent = ", ".join(f"{name} {spelled_size(n)}" for name, n in parts)
    keep, kept = spelled_duration(settings.store.keep), spelled_size(rows.kept_bytes)
    most = spelled_size(memory.limit)
    return (
        f"Expected memory: about {spelled_size(memory.total)}: {spent}.",
        f"If everything grew to its limit at once: {most}; lower `limits` where publishers cannot be trusted.",
        f"Expected rows per day: {rows.panes:,} panes, {rows.windows:,} windows, {rows.compared}.",
        f"{settings.store.path} keeps history for {keep} of event time, about {kept} when it is full.",
        "Panes are kept only as long as an open window needs them.",
        *_waiting(settings, assumed),
        guesses,
    )


def _waiting(settings: Settings, assumed: Assumed) -> tuple[str, ...]:
    most = pending(settings, assumed)
    each = f"{WAITING} bytes each, with its label and their pair"
    return (f"What waits for labels takes up to {spelled_size(most)} more, at limits.pending: {each}.",) if most else ()


def restart(settings: Settings) -> tuple[str, ...]:
    """What a crash costs."""
    again = _minutes(reread(settings))
    return (
        "Open panes are not stored: the log is their checkpoint, and positions are committed with the results.",
        f"A restart reads at most {again} of event time again: a pane, the lateness and max_ahead.",
    )


def security(settings: Settings) -> tuple[str, ...]:
    """Who can read what, without a secret."""
    security = settings.kafka.security
    encrypted = "encrypted" if security.protocol.endswith("SSL") else "not encrypted"
    who = "without identification"
    if security.protocol.startswith("SASL"):
        scheme, _, name = security.password.partition(":")
        place = f"the environment variable {name}" if scheme == "env" else f"the file {name}"
        who = f"as {security.username} ({security.mechanism}, password from {place})"
    elif security.cert_file:
        who = f"with the certificate {security.cert_file}"
    return (
        f"Kafka: {security.protocol}, {encrypted}, {who}.",
        *_warnings(settings),
        f"HTTP listens on {settings.http.listen}, {_reach(settings.http.listen)}.",
        "Whatever changes something over HTTP needs DRIFTLINE_TOKEN.",
        *_hooks(settings.hooks.mlflow),
    )


def _hooks(mlflow: Mlflow) -> Iterable[str]:
    """Who else is heard, and what of."""
    if mlflow.secret:
        tag = f" or the tag {mlflow.tag}" if mlflow.tag else ""
        yield (
            f"MLflow's webhooks are heard where they are signed with the secret of {mlflow.secret}: whoever moves the "
            f"alias {mlflow.alias}{tag} promotes a version."
        )


def _model(settings: Settings, pattern: str, model: Model) -> str:
    lengths = ", ".join(spelled(span, settings.pane) for span in model.spans)
    n = len(model.features)
    features = f"{n} declared feature{'s' * (n > 1)}" if n else "features as they are found"
    trigger = model.trigger
    asks = "never asks for retraining"
    if trigger.enabled:
        quiet = f", then not again for {spelled_duration(trigger.cooldown)}" if trigger.cooldown else ""
        asks = f"asks for retraining when {trigger.windows} of {trigger.of} windows drift{quiet}"
    subject = f"{'Model' if exact(pattern) else 'Models like'} {pattern}"
    return (
        f"{subject}: windows (panes) {lengths}; compared with {earlier.source(model)}; {features}"
        f"{_if(model.drift.measures, '; shown beside the verdict: ')}{_if(called(model.segments), '; segments by ')}"
        f"{_if(model.fairness, '; to be treated alike by ')}"
        f"{_if(model.topics, '; only from ')}; output {model.output.kind}; {asks}."
    )


def _shares(settings: Settings) -> Iterable[str]:
    monitors = settings.monitors
    if monitors.names:
        named = [f"{pattern} by {monitors.owner(pattern)}" for pattern, _ in settings.patterns if exact(pattern)]
        yield f"Monitors that share them by a hash of their names: {_names(monitors.names)}{_if(tuple(named), '; ')}."


def _warnings(settings: Settings) -> Iterable[str]:
    security = settings.kafka.security
    if security.protocol == "SASL_PLAINTEXT" and security.mechanism == "PLAIN":
        yield "Warning: the password crosses the network readable; SASL_SSL or SCRAM would hide it."
    if security.protocol.endswith("SSL") and not security.check_hostname:
        yield "Warning: check_hostname is off, so any server with a trusted certificate can pose as the broker."


def _reach(listen: str) -> str:
    return "for this machine only" if listen.startswith(LOOPBACK) else "so other machines can read everything it shows"


def _names(topics: Iterable[str]) -> str:
    return ", ".join(topics)


def _if(names: tuple[str, ...], before: str) -> str:
    return before + _names(names) if names else ""


def _minutes(ns: int) -> str:
    """A span as minutes, days when it is long: the number that a person compares with a clock."""
    return f"{ns / DAY:.3g} days" if ns > DAY else f"{ns / 60e9:.3g} min"
