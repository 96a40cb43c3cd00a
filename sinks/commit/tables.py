"""All tables, in the order in which the docs list them."""

from sinks.commit.estimates import BASES, ESTIMATES, RECONCILED
from sinks.commit.labels import ANSWERS, MET, PAIRS, PENDING, PERFORMANCE, PREDICTIONS, STANDARDS, UNMET
from sinks.commit.progress import CHECKPOINTS, FEATURES, JOURNAL, PLANS, POSITIONS, RELAYED, SAMPLES
from sinks.commit.results import (
    DEAD_LETTERS,
    DRIFT,
    EFFECTS,
    FINDINGS,
    FOLDED,
    INCIDENTS,
    LABELS,
    PANES,
    REJECTED,
    TRAFFIC,
    TRIGGERS,
    UNWATCHED,
    WINDOWS,
)
from sinks.commit.service import SERVICE
from sinks.commit.table import Table

TABLES: tuple[Table, ...] = (
    POSITIONS,
    JOURNAL,
    PLANS,
    FEATURES,
    PANES,
    TRAFFIC,
    FOLDED,
    LABELS,
    REJECTED,
    UNWATCHED,
    PENDING,
    PREDICTIONS,
    ANSWERS,
    UNMET,
    PAIRS,
    MET,
    STANDARDS,
    PERFORMANCE,
    BASES,
    ESTIMATES,
    RECONCILED,
    WINDOWS,
    DRIFT,
    EFFECTS,
    SERVICE,
    FINDINGS,
    INCIDENTS,
    TRIGGERS,
    DEAD_LETTERS,
    RELAYED,
    SAMPLES,
    CHECKPOINTS,
)
BY_NAME = {table.name: table for table in TABLES}
OUTBOXES = (TRIGGERS, DEAD_LETTERS)  # what is sent behind the Commits; RELAYED says how far
# What the guarantee compares: the rows that must be equal, byte for byte, in key order.
RESULTS = (
    PLANS,
    FEATURES,
    PANES,
    TRAFFIC,
    FOLDED,
    LABELS,
    REJECTED,
    UNWATCHED,
    PENDING,
    PREDICTIONS,
    ANSWERS,
    UNMET,
    PAIRS,
    MET,
    STANDARDS,
    PERFORMANCE,
    BASES,
    ESTIMATES,
    RECONCILED,
    WINDOWS,
    DRIFT,
    EFFECTS,
    SERVICE,
    FINDINGS,
    INCIDENTS,
    TRIGGERS,
    DEAD_LETTERS,
)
