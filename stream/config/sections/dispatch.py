"""Who starts runs for triggers, and how persistently: the section `dispatch`."""

from msgspec import Struct

from stream.config.sections.kinds import Count, Duration, Listen, Text, Tree

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


class Retry(Struct, frozen=True, forbid_unknown_fields=True):
    """How often, and for how long, a target that does not answer is asked."""

    first: Duration = SECOND  # rest after the first failure; it doubles with each
    most: Duration = 60 * SECOND  # the longest rest
    within: Duration = HOUR  # for one trigger; then it is a dead letter
    broken_after: Count = 5  # failures in a row after which nothing is asked for a while ...
    broken_for: Duration = 10 * SECOND  # ... of this length, which doubles up to thirty times


class Dispatch(Struct, frozen=True, forbid_unknown_fields=True):
    """The dispatcher."""

    inside: bool = False  # true: `driftline run` and `monitor` dispatch too; false: `driftline dispatch` does
    ledger: Text = "driftline-dispatch.duckdb"  # one per dispatcher
    keep: Duration = 90 * DAY  # wall time; longer than the topic of triggers keeps its records
    follow: Duration = DAY  # how long the end of a run is waited for
    listen: Listen = "127.0.0.1:8081"  # where its /health and /metrics answer
    retry: Retry = Retry()
    targets: tuple[Tree, ...] = ()
