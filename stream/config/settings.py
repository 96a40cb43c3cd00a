"""What can be configured: one frozen Struct per section of the YAML file, every key with its default.

Durations are int64 nanoseconds here and texts such as `5m` in the file; `stream.config.parse` turns one into the other.
"""

from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PANE_MAX = 5 * MINUTE  # what a restart may have to read again, beside the lateness


class Security(Struct, frozen=True, forbid_unknown_fields=True):
    """How to talk to the brokers: TLS and SASL as Kafka names them; secrets by `env:NAME` or `file:PATH`."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: str = ""
    password: str = ""  # env:NAME or file:PATH; resolved only by the client, so it never reaches a log or a repr
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    check_hostname: bool = True


class Kafka(Struct, frozen=True, forbid_unknown_fields=True):
    """The brokers, and where reading starts at the very first start."""

    bootstrap: str = "localhost:9092"
    from_: Literal["earliest", "latest"] = "earliest"  # `from` in the file
    security: Security = Security()
    create_topics: bool = False  # create missing topics (4 partitions) rather than wait for them
    transactional: bool = True  # false for brokers without transactions (the embedded one)
    check_crcs: bool = True


class Events(Struct, frozen=True, forbid_unknown_fields=True):
    """Which topics carry which kind of event; a topic may be in both."""

    predictions: tuple[str, ...] = ("predictions",)
    labels: tuple[str, ...] = ()
    max_skew: int | None = None  # how far an event's time may run ahead of its record's; None: the lateness
    max_ahead: int = 5 * MINUTE  # how far a partition is read past the watermark
    idle: int = 15 * SECOND  # wall time at its end after which a silent partition is released


class Topics(Struct, frozen=True, forbid_unknown_fields=True):
    """The topics that driftline writes."""

    triggers: str = "driftline.triggers"
    dead_letters: str = "driftline.dead-letters"


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The DuckDB file, and how long rows stay, in event time."""

    path: str = "driftline.duckdb"
    keep: int = 90 * DAY
    memory_limit: str = "1GB"


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the page, /metrics and the API listen."""

    listen: str = "127.0.0.1:8080"
    series_max: int = 50_000  # Prometheus series exported by this process; what is beyond is counted


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of everything that grows; none of them depends on the order of arrival."""

    models: int = 200
    versions: int = 64  # per model
    features: int = 200  # per model
    segments: int = 50  # values per segment field
    vocabulary: int = 100  # categories per feature; rarer ones count as unseen
    event_bytes: int = 65_536
    sample: int = 4_096  # rows a model is learned from


class Reference(Struct, frozen=True, forbid_unknown_fields=True):
    """What windows are compared with: a file, or the stream's own first stretch."""

    file: str = ""
    learn: int = DAY  # event time, from the model's first closed pane; used where no file is given


class Output(Struct, frozen=True, forbid_unknown_fields=True):
    """What the model says."""

    kind: Literal["binary", "multiclass", "regression", "ranking", "auto"] = "auto"
    threshold: float = 0.5


class Trigger(Struct, frozen=True, forbid_unknown_fields=True):
    """The policy: k of the last n windows of one feature, then quiet for `cooldown`."""

    windows: int = 2  # k
    of: int = 3  # n
    cooldown: int = DAY
    enabled: bool = True


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything about one model, after `defaults` and name patterns have been merged."""

    topics: tuple[str, ...] = ()  # empty: all of `events`
    windows: tuple[int, ...] = (5 * MINUTE, HOUR, DAY)
    false_triggers_per_month: float = 1.0
    tolerate: float = 0.05
    reference: Reference = Reference()
    features: dict[str, Literal["numeric", "categorical"]] = {}  # empty: inferred
    output: Output = Output()
    segments: tuple[str, ...] = ()
    trigger: Trigger = Trigger()


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """One service: the whole file, merged and checked."""

    kafka: Kafka = Kafka()
    events: Events = Events()
    topics: Topics = Topics()
    store: StoreSettings = StoreSettings()
    http: Http = Http()
    limits: Limits = Limits()
    lateness: int = 2 * MINUTE  # `defaults.lateness`: one for the service, because its clocks are shared
    pane: int = 5 * MINUTE  # derived: the greatest common divisor of all window lengths, at most PANE_MAX
    defaults: Model = Model()
    patterns: tuple[tuple[str, Model], ...] = (
        ("*", Model()),
    )  # merged with defaults; exact names and longer patterns first

    def model(self, name: str) -> Model | None:
        """The settings of a model by its exact name, else by the first matching pattern; None where none matches."""
        return next((model for pattern, model in self.patterns if fnmatchcase(name, pattern)), None)
