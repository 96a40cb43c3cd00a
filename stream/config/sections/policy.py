"""The section `policy` of a model: which findings open incidents, which ask for retraining, when, and for whom."""

from typing import Final, Literal

from msgspec import Struct, field

from stream.config.sections.kinds import (
    Count,
    Cron,
    Duration,
    DurationOrNone,
    Moment,
    Name,
    Persistence,
    Positive,
    Share,
    Text,
)

Severity = Literal["warning", "critical"]
SEVERITIES: Final = ("warning", "critical")  # ascending
# What a condition may name: the keys of Condition that hold a Selector, `docs/policy.md` says what each one is.
KINDS: Final = (
    *("drift", "prediction_drift", "quality", "attribution", "performance", "estimated_performance"),
    *("fairness", "latency", "errors", "traffic", "labels", "chosen"),
)
# Kinds that labels tell: they are known at steps of labels, the others when a window closes. Fairness is told by both.
LABELLED: Final = frozenset(("performance", "estimated_performance", "fairness", "labels"))


class Selector(Struct, frozen=True, forbid_unknown_fields=True):
    """Which findings of a kind count, and for how long they must last."""

    feature: Text = "*"  # a pattern
    segment: str = "*"  # a pattern; empty: all events only
    window: Duration | None = None  # the length; None: any
    severity: Severity = "warning"  # at least
    for_: Persistence | None = field(default=None, name="for")  # `3 of 5 windows`; None: as `trigger` says
    open: Positive = 1.0  # times its limit: from here on it counts
    close: Positive | None = None  # below this it is over; None: `open`
    quorum: Share = 0.0  # of the weight of all features; 0: one feature is enough
    alarms: bool = True  # whether a sequential detector's alarm counts at once


class Condition(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of finding, or several conditions together; exactly one of the keys is there (`at_least` has its `of`)."""

    all: "tuple[Condition, ...]" = ()
    any: "tuple[Condition, ...]" = ()
    not_: "Condition | None" = field(default=None, name="not")
    at_least: Count | None = None
    of: "tuple[Condition, ...]" = ()
    drift: Selector | None = None
    prediction_drift: Selector | None = None
    quality: Selector | None = None
    attribution: Selector | None = None
    performance: Selector | None = None
    estimated_performance: Selector | None = None
    fairness: Selector | None = None
    latency: Selector | None = None
    errors: Selector | None = None
    traffic: Selector | None = None
    labels: Selector | None = None
    chosen: Selector | None = None

    @property
    def selected(self) -> tuple[tuple[str, Selector], ...]:
        """The kinds that it names, with their selectors."""
        return tuple((kind, each) for kind in KINDS if (each := getattr(self, kind)) is not None)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One reason to act."""

    name: Name = "rule"
    when: Condition = Condition()
    severity: Severity = "warning"
    targets: tuple[Name, ...] = ()  # empty: those of the severity
    trigger: bool = True  # false: it opens an incident and asks for nothing
    cooldown: DurationOrNone | None = None  # None: that of `trigger`


class Scheduled(Struct, frozen=True, forbid_unknown_fields=True):
    """A retraining without a finding: at instants of event time (cron, UTC), or whenever so many events have come."""

    name: Name = "schedule"
    cron: Cron | None = None
    events: Count | None = None
    targets: tuple[Name, ...] = ()


class Maintenance(Struct, frozen=True, forbid_unknown_fields=True):
    """A span in which nothing triggers: once, from `from` to `to`, or `for` so long after each instant of `cron`."""

    why: Text = "maintenance"
    from_: Moment | None = field(default=None, name="from")
    to: Moment | None = None
    cron: Cron | None = None
    for_: Duration | None = field(default=None, name="for")


class PolicySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do about findings. Without rules it is the default: drift as `trigger` says, and performance."""

    rules: tuple[Rule, ...] = ()
    schedules: tuple[Scheduled, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    importance: dict[str, Positive] = {}  # weights of features in a quorum; those left out weigh 1
    targets: dict[str, tuple[Name, ...]] = {}  # by severity, `schedule`, `manual`: whom a trigger is for; else all
