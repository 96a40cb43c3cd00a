"""All tables, in the order in which the docs list them."""

from sinks.commit.controls import CONTROLS
from sinks.commit.earlier import COMPARED, EARLIER
from sinks.commit.estimates import BASES, ESTIMATES, EXAMPLES, RECONCILED, WEIGHTED
from sinks.commit.labels import (
    ABREAST,
    ANSWERS,
    INPUTS,
    MET,
    PAIRS,
    PENDING,
    PERFORMANCE,
    PREDICTED,
    PREDICTIONS,
    STANDARDS,
    UNMET,
)
from sinks.commit.outcomes import OUTCOMES
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
    SPREADS,
    TRAFFIC,
    TRIGGERS,
    UNWATCHED,
    WINDOWS,
)
from sinks.commit.service import SERVICE
from sinks.commit.table import Table
from sinks.commit.tested import ATTRIBUTIONS, DRAWN, REFERENCE_ROWS, TESTED

TABLES: tuple[Table, ...] = (
    POSITIONS,
    JOURNAL,
    PLANS,
    FEATURES,
    REFERENCE_ROWS,
    PANES,
    DRAWN,
    SPREADS,
    TRAFFIC,
    FOLDED,
    LABELS,
    REJECTED,
    UNWATCHED,
    PENDING,
    PREDICTIONS,
    PREDICTED,
    INPUTS,
    ANSWERS,
    UNMET,
    PAIRS,
    MET,
    STANDARDS,
    PERFORMANCE,
    ABREAST,
    BASES,
    EXAMPLES,
    ESTIMATES,
    WEIGHTED,
    RECONCILED,
    WINDOWS,
    EARLIER,
    COMPARED,
    DRIFT,
    EFFECTS,
    TESTED,
    ATTRIBUTIONS,
    SERVICE,
    FINDINGS,
    INCIDENTS,
    TRIGGERS,
    CONTROLS,
    OUTCOMES,
    DEAD_LETTERS,
    RELAYED,
    SAMPLES,
    CHECKPOINTS,
)
BY_NAME = {table.name: table for table in TABLES}
OUTBOXES = (TRIGGERS, DEAD_LETTERS)  # what is sent behind the Commits; RELAYED says how far
# How far reading, writing and sending have come: two runs over the same log and journal may differ in it.
PROGRESS = (POSITIONS, JOURNAL, RELAYED, SAMPLES, CHECKPOINTS)
# What the guarantee compares: the rows that must be equal, byte for byte, in key order.
RESULTS = tuple(table for table in TABLES if table not in PROGRESS)
