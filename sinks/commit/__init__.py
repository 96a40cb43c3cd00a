"""What becomes true together: a Commit is tables of columns, each declared here once.

- What a table is: table, texts, times, identities; all of them: tables. The Commit and its keeper: store.
- What was seen: results, tested, earlier, service; labels, estimates; meeting is the question that joins them.
- What was asked and done: controls, outcomes. What a run goes on from: progress.

The DDL, the in-memory twin, the export and `docs/tables.md` are derived from these declarations. A row's `key` names
what it is about; two runs over the same log and journal give the same rows under the same keys, whatever their commit
numbers.
"""

from sinks.commit.controls import CONTROLS
from sinks.commit.earlier import COMPARED, EARLIER
from sinks.commit.estimates import BASES, ESTIMATES, EXAMPLES, RECONCILED, WEIGHTED
from sinks.commit.identities import among, identities, numbered, repeated
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
from sinks.commit.meeting import (
    HALVINGS_MAX,
    ROWS_MAX,
    Meeting,
    Said,
    Span,
    Standing,
    Steps,
    Unsampled,
    bits,
    in_sample,
    in_vain,
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
from sinks.commit.store import Commit, Store, StoreError, StoreFailed, StoreLocked, StoreUnreadable, Where, checked
from sinks.commit.table import Column, Columns, Keep, Kind, Table, columns, type_of
from sinks.commit.tables import BY_NAME, OUTBOXES, RESULTS, TABLES
from sinks.commit.tested import ATTRIBUTIONS, DRAWN, REFERENCE_ROWS, TESTED
from sinks.commit.texts import Rows, Texts, plain
from sinks.commit.times import to_ns

__all__ = [
    "ABREAST",
    "ANSWERS",
    "ATTRIBUTIONS",
    "BASES",
    "BY_NAME",
    "CHECKPOINTS",
    "COMPARED",
    "CONTROLS",
    "DEAD_LETTERS",
    "DRAWN",
    "DRIFT",
    "EARLIER",
    "EFFECTS",
    "ESTIMATES",
    "EXAMPLES",
    "FEATURES",
    "FINDINGS",
    "FOLDED",
    "HALVINGS_MAX",
    "INCIDENTS",
    "INPUTS",
    "JOURNAL",
    "LABELS",
    "MET",
    "OUTBOXES",
    "OUTCOMES",
    "PAIRS",
    "PANES",
    "PENDING",
    "PERFORMANCE",
    "PLANS",
    "POSITIONS",
    "PREDICTED",
    "PREDICTIONS",
    "RECONCILED",
    "REFERENCE_ROWS",
    "REJECTED",
    "RELAYED",
    "RESULTS",
    "ROWS_MAX",
    "SAMPLES",
    "SERVICE",
    "SPREADS",
    "STANDARDS",
    "TABLES",
    "TESTED",
    "TRAFFIC",
    "TRIGGERS",
    "UNMET",
    "UNWATCHED",
    "WEIGHTED",
    "WINDOWS",
    "Column",
    "Columns",
    "Commit",
    "Keep",
    "Kind",
    "Meeting",
    "Rows",
    "Said",
    "Span",
    "Standing",
    "Steps",
    "Store",
    "StoreError",
    "StoreFailed",
    "StoreLocked",
    "StoreUnreadable",
    "Table",
    "Texts",
    "Unsampled",
    "Where",
    "among",
    "bits",
    "checked",
    "columns",
    "identities",
    "in_sample",
    "in_vain",
    "numbered",
    "plain",
    "repeated",
    "to_ns",
    "type_of",
]
