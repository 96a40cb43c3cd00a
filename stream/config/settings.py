"""What can be configured: one frozen Struct per section of the YAML file, every key with its default.

Durations are int64 nanoseconds here and texts such as `5m` in the file; `stream.config.parse` turns one into the other.
"""

from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct, field

from stream.config.sections.dispatch import Dispatch
from stream.config.sections.drift import Drift
from stream.config.sections.hooks import Hooks
from stream.config.sections.kinds import (
    Bootstrap,
    Count,
    Duration,
    DurationOrNone,
    Inner,
    Listen,
    Memory,
    Positive,
    Secret,
    Share,
    Size,
    Text,
    Topic,
)
from stream.config.sections.monitors import Monitors
from stream.config.sections.policy import PolicySettings
from stream.config.sections.references import Reference
from stream.config.sections.segments import Segments
from stream.config.sections.spans import Spans, Windows, spans
from stream.events import RESERVED

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DECISIONS = ("true_negative", "false_positive", "false_negative", "true_positive")
PANE_MAX = 5 * MINUTE  # what a restart may have to read again, beside the lateness


class Security(Struct, frozen=True, forbid_unknown_fields=True):
    """How to talk to the brokers: TLS and SASL as Kafka names them; secrets by `env:NAME` or `file:PATH`."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: str = ""
    password: Secret = ""  # env:NAME or file:PATH; resolved only by the client, so it never reaches a log or a repr
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    check_hostname: bool = True


class Kafka(Struct, frozen=True, forbid_unknown_fields=True):
    """The brokers, and where reading starts at the very first start."""

    bootstrap: Bootstrap = "localhost:9092"
    name: Text = "driftline"  # of this service: whoever has the same name and topics is fenced
    from_: Literal["earliest", "latest"] = field(default="earliest", name="from")  # a word of Python
    security: Security = Security()
    create_topics: bool = False  # create missing topics (4 partitions) rather than wait for them
    transactional: bool = True  # false for brokers without transactions (the embedded one)
    check_crcs: bool = True


class Events(Struct, frozen=True, forbid_unknown_fields=True):
    """Which topics carry which kind of event; a topic may be in both."""

    predictions: tuple[Topic, ...] = ("predictions",)
    labels: tuple[Topic, ...] = ()
    max_skew: Duration | None = None  # how far an event's time may run ahead of its record's; None: the lateness
    max_ahead: Duration = 5 * MINUTE  # how far a partition is read past the watermark
    idle: Duration = 15 * SECOND  # wall time at its end after which a silent partition is released


class Topics(Struct, frozen=True, forbid_unknown_fields=True):
    """The topics that driftline writes, and the one by which it is spoken to."""

    triggers: Topic = "driftline.triggers"
    dead_letters: Topic = "driftline.dead-letters"
    partials: Topic = "driftline.partials"  # followed by a dot and the event topic: what workers have summed
    plans: Topic = "driftline.plans"  # what monitors tell workers
    outcomes: Topic = "driftline.outcomes"  # what became of triggers
    control: Topic = "driftline.control"  # what people ask of the monitor, see stream/controls/control.py

    def partials_of(self, topic: str) -> str:
        """The topic of an event topic's Partials."""
        return f"{self.partials}.{topic}"


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The DuckDB file, and how long rows stay, in event time."""

    path: Text = "driftline.duckdb"
    keep: Duration = 90 * DAY
    memory_limit: Memory = "1GB"


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the page, /metrics and the API listen."""

    listen: Listen = "127.0.0.1:8080"
    series_max: Count = 50_000  # Prometheus series exported by this process; what is beyond is counted


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of everything that grows; none of them depends on the order of arrival."""

    models: Count = 200
    versions: Count = 64  # per model
    features: Count = 200  # per model
    segments: Count = 50  # values per segment field
    vocabulary: Count = 100  # categories per feature; rarer ones count as unseen
    event_bytes: Size = 65_536
    sample: Count = 4_096  # rows a model is learned from
    pending: Count = 20_000_000  # predictions of a model that wait for labels; of more, a sample of ids is kept


class Output(Struct, frozen=True, forbid_unknown_fields=True):
    """What the model says."""

    kind: Literal["binary", "multiclass", "regression", "ranking", "auto"] = "auto"
    threshold: float = 0.5
    positive: Text = "1"  # of two classes the one that is looked for
    quantiles: tuple[Inner, ...] = ()  # of a number those that are predicted beside it, rising
    # Of each of DECISIONS, or of each class that is said those that are true; 0 where left out; empty: unknown.
    worth: dict[str, float | dict[str, float]] = {}

    @property
    def decisions(self) -> dict[str, float]:
        """What each of DECISIONS is worth, as far as that was said."""
        return {name: each for name, each in self.worth.items() if not isinstance(each, dict)}

    @property
    def pairs(self) -> tuple[tuple[str, str, float], ...]:
        """What is worth what: the class that is said, the one that is true, and that; as they were written."""
        mappings = ((name, each) for name, each in self.worth.items() if isinstance(each, dict))
        return tuple((said, true, value) for said, each in mappings for true, value in each.items())


class Labels(Struct, frozen=True, forbid_unknown_fields=True):
    """For how long predictions and labels wait for each other, and what share of labels makes a number mature."""

    within: Duration = 7 * DAY
    coverage: Share = 0.8


class Sequential(Struct, frozen=True, forbid_unknown_fields=True):
    """Detectors that step on every closed pane of a feature, and on every pair; none asks for retraining."""

    features: tuple[Literal["adwin", "ewma", "kswin", "page_hinkley"], ...] = ()
    errors: tuple[Literal["adwin", "ddm", "eddm", "hddm_a", "hddm_w", "page_hinkley"], ...] = ()


class Versions(Struct, frozen=True, forbid_unknown_fields=True):
    """How versions that run side by side are meant to share the traffic."""

    shares: dict[str, Share] = {}  # empty: nothing was meant, so nothing is tested


class Trigger(Struct, frozen=True, forbid_unknown_fields=True):
    """The policy: k of the last n windows of one feature, then quiet for `cooldown`."""

    windows: Count = 2  # k
    of: Count = 3  # n
    cooldown: DurationOrNone = DAY
    enabled: bool = True


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything about one model, after `defaults` and name patterns have been merged."""

    topics: tuple[Topic, ...] = ()  # empty: all of `events`
    declared: Windows = field(default=(5 * MINUTE, HOUR, DAY), name="windows")
    false_triggers_per_month: Positive = 1.0
    tolerate: Share = 0.05
    reference: Reference = Reference()
    features: dict[str, Literal["numeric", "categorical"]] = {}  # empty: inferred
    output: Output = Output()
    labels: Labels = Labels()
    metrics: dict[str, Text] = {}  # by name, expressions over the metrics of a kind
    better: dict[str, Literal["high", "low"]] = {}  # of these metrics, which way is better; left out: neither
    segments: Segments = ()
    fairness: tuple[Text, ...] = ()  # of the segments those whose values are groups that must be treated alike
    sequential: Sequential = Sequential()
    versions: Versions = Versions()
    drift: Drift = Drift()
    trigger: Trigger = Trigger()
    policy: PolicySettings = PolicySettings()

    @property
    def spans(self) -> Spans:
        """The length of each kind of window and how often one ends, ns, ascending."""
        return spans(self.declared)

    @property
    def windows(self) -> tuple[int, ...]:
        """The lengths of windows, ns, ascending."""
        return tuple(length for length, _ in self.spans)

    def overlap(self, length: int) -> int:
        """How many windows of a length each event is in: 1 where they do not slide."""
        return length // dict(self.spans).get(length, length)


class Defaults(Model, frozen=True, forbid_unknown_fields=True):
    """The section `defaults`: what every model starts from, and the one lateness of the service."""

    lateness: DurationOrNone = 2 * MINUTE


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """One service: the whole file, merged and checked."""

    kafka: Kafka = Kafka()
    events: Events = Events()
    topics: Topics = Topics()
    store: StoreSettings = StoreSettings()
    http: Http = Http()
    limits: Limits = Limits()
    monitors: Monitors = Monitors()
    dispatch: Dispatch = Dispatch()
    hooks: Hooks = Hooks()
    lateness: DurationOrNone = 2 * MINUTE  # `defaults.lateness`: one for the service, because its clocks are shared
    pane: int = 5 * MINUTE  # derived, see `stream.config.panes`: every window is a whole number of panes
    defaults: Model = Model()
    # Each merged with the defaults; exact names first, then longer patterns first.
    patterns: tuple[tuple[str, Model], ...] = (("*", Model()),)

    @property
    def identity(self) -> str:
        """Who writes: the service's name, and that of this monitor where there are several."""
        return "-".join(filter(None, (self.kafka.name, self.monitors.name)))

    def model(self, name: str) -> Model | None:
        """The settings of a model by its exact name, else by the first matching pattern; None where none matches."""
        if name.startswith(RESERVED):
            return dict(self.patterns).get(name.removeprefix(RESERVED))
        return next((model for pattern, model in self.patterns if fnmatchcase(name, pattern)), None)

    def others(self, name: str) -> str:
        """The reserved name for all models that have their settings by the same pattern as this one."""
        return RESERVED + next(pattern for pattern, _ in self.patterns if fnmatchcase(name, pattern))
