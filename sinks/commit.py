"""What becomes true together: a Commit is tables of columns, each declared here once.

The DDL, the in-memory twin, the export and `docs/tables.md` are derived from these declarations. A row's `key` names what it
is about; two runs over the same log and journal give the same rows under the same keys, whatever their commit numbers.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

type_of = {
    "int": np.dtype(np.int64),
    "float": np.dtype(np.float64),
    "bool": np.dtype(np.bool_),
    "time": np.dtype("datetime64[us]"),  # event time, UTC, without a zone: a pane or window bound
    "text": np.dtype(object),
    "bytes": np.dtype(object),
}
Kind = Literal["int", "float", "bool", "time", "text", "bytes"]
Keep = Literal["newest", "panes", "history", "always"]
Columns = Mapping[str, NDArray[np.generic]]


class Column(Struct, frozen=True):
    """One column of a table: its name, what it holds, and a sentence for the reader."""

    name: str
    kind: Kind
    doc: str

    def empty(self) -> NDArray[np.generic]:
        """No rows, of the right type."""
        return np.empty(0, type_of[self.kind])

    def array(self, values: Sequence[object] | NDArray[np.generic]) -> NDArray[np.generic]:
        """The values as this column's type."""
        if self.kind not in ("text", "bytes"):
            return np.asarray(values, type_of[self.kind])
        array = np.empty(len(values), np.object_)
        array[:] = values
        return array


class Table(Struct, frozen=True):
    """One table: what a row says, its columns, what makes a row unique, and how long it stays.

    `keep` is "newest" (only the rows of the newest commit that wrote it count), "panes" (as long as an open window can ask
    for it), "history" (`store.keep`, by `time`), or "always".
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    keep: Keep
    time: str = ""  # the column that retention and time filters go by; empty: none

    def empty(self) -> dict[str, NDArray[np.generic]]:
        """The table without rows."""
        return {column.name: column.empty() for column in self.columns}


def _table(  # noqa: PLR0913 - a declaration reads best flat
    name: str, doc: str, key: str, keep: Keep, columns: str, time: str = ""
) -> Table:
    """Parse `name kind: sentence` lines into a Table."""
    parsed = []
    for line in columns.strip().splitlines():
        head, sentence = line.split(":", 1)
        column, kind = head.split()
        assert kind in type_of, line
        parsed.append(Column(column, kind, sentence.strip()))  # type: ignore[arg-type]  # asserted above
    return Table(name, doc, tuple(parsed), tuple(key.split()), keep, time)


_WINDOW = """
model text: the model
version text: the model's version
segment text: `field=value`, or empty for all events"""
_SPAN = """
start time: where it begins
end time: where it ends, exclusive"""

POSITIONS = _table(
    "positions",
    "How far each partition has been read, and from where its open panes are read again after a restart.",
    "topic partition",
    "newest",
    """
topic text: the event topic
partition int: its partition
offset int: the next offset to read
row int: the next row inside that record
clock int: running maximum of event time of predictions and features, ns; the least int64 where none was seen
label_clock int: the same of labels, ns
rewind_offset int: the offset where the oldest open pane begins
rewind_row int: the row inside that record
rewind_clock int: the clock there, ns
rewind_label_clock int: the label clock there, ns
""",
)
JOURNAL = _table(
    "journal",
    "Every input that is not an event: releases of idle partitions, losses, partitions found, changes of configuration.",
    "topic partition offset kind until",
    "always",
    """
kind text: release, lost, found or plan
topic text: the event topic, or empty
partition int: its partition, or -1
offset int: the position before which it holds
until int: release: the time to which the clock is raised, ns; lost: the first offset after the gap; plan: T, ns
detail text: what else there is to say, JSON
""",
)
PLANS = _table(
    "plans",
    "What is counted for a model, from T on: features, grid, segments, reference, as one JSON document.",
    "id",
    "always",
    """
id text: content hash of the plan
model text: the model
since int: T, event time in ns from which it holds
body bytes: the plan, JSON
""",
)
FEATURES = _table(
    "features",
    "The features of each plan, for people: what was declared, what was inferred.",
    "plan feature",
    "always",
    """
plan text: the plan's id
model text: the model
feature text: the feature, or output:* and service:* for what the model said and how it served
kind text: numeric or categorical
inferred bool: found in the data rather than declared
cells text: the coordinates it is counted in, JSON
""",
)
PANES = _table(
    "panes",
    "Exact integer summaries of closed panes: windows are sums of these.",
    "model version segment end",
    "panes",
    f"""{_WINDOW}{_SPAN}
plan text: the plan whose grid it is counted in; empty while the model is being learned
events int: how many events
counts bytes: counts per cell of all features, little-endian unsigned integers of `width` bytes
width int: bytes per count
moments bytes: fixed-point sums per numeric feature, five little-endian int64 each
""",
    "end",
)
TRAFFIC = _table(
    "traffic",
    "What passed in each pane of a model, and what could not be counted.",
    "model end",
    "history",
    f"""
model text: the model{_SPAN}
events int: predictions and features counted in the pane
late int: events later than the lateness, by the pane of their partition's clock
skewed int: events whose time ran ahead of their record by more than `max_skew`
waiting int: events of versions or segments that are not admitted yet
""",
    "end",
)
LABELS = _table(
    "labels",
    "Label events per model and pane.",
    "model end",
    "history",
    f"""
model text: the model{_SPAN}
labels int: how many label events
""",
    "end",
)
REJECTED = _table(
    "rejected",
    "Events that could not be used, by reason, in the pane of their partition's clock.",
    "topic partition end reason",
    "history",
    """
topic text: the event topic
partition int: its partition
end time: the end of that pane
reason text: why, one word of a fixed list
events int: how many
""",
    "end",
)
WINDOWS = _table(
    "windows",
    "Closed windows: how many events, against which reference, and the verdict over all features.",
    "model version segment length end",
    "history",
    f"""{_WINDOW}
length int: the window's length, ns{_SPAN}
plan text: the plan of all its panes; empty where they differ
reference text: provenance of the reference it was compared with
events int: how many events
complete bool: false where part of the log was lost
verdict text: ok, drift or unknown
why text: what made it unknown, or empty
""",
    "end",
)
DRIFT = _table(
    "distances",
    "Every feature of every judged window: its summary, its distances from the reference, their limits, the verdict.",
    "model version segment feature length end",
    "history",
    f"""{_WINDOW}
feature text: the feature
length int: the window's length, ns{_SPAN}
n int: events that carry the feature's cell
n_reference int: the reference's
missing float: share of missing values
odd float: share of values not seen in the reference: other categories, or numbers that are not finite
wrong_type float: share of values of another type
mean float: mean of a numeric feature, in its unit
deviation float: standard deviation
clamped float: share of values too large for the fixed-point sums; above 0.0001 the mean is a lower bound
psi float: population stability index
psi_limit float: its limit at this sample size
jensen_shannon float: Jensen-Shannon distance, base 2, 0 to 1
jensen_shannon_limit float: its limit at this sample size
kolmogorov_smirnov float: largest gap between the cumulative shares; nan for categories
kolmogorov_smirnov_limit float: its limit at this sample size
verdict text: ok, drift or unknown
""",
    "end",
)
FINDINGS = _table(
    "findings",
    "Judged facts that exceed their limit.",
    "id",
    "history",
    f"""
id text: content hash of what it is about{_WINDOW}
feature text: the feature
length int: the window's length, ns; a pane's for sequential detectors{_SPAN}
detector text: psi, jensen_shannon, kolmogorov_smirnov or cusum
value float: what was measured
limit float: what it may be
n int: the window's sample size for this feature
cells text: the cells that contributed most: name, share in the reference, share now, contribution; JSON
words text: the same as a sentence
incident text: the incident it belongs to, or empty
""",
    "end",
)
INCIDENTS = _table(
    "incidents",
    "Findings of one model that belong together: a row when it opens, a row when it closes.",
    "id state",
    "history",
    """
id text: content hash
model text: the model
version text: the model's version
state text: opened or closed
at time: the end of the window that opened or closed it
feature text: the feature that opened it
detector text: the detector that opened it
""",
    "at",
)
TRIGGERS = _table(
    "triggers",
    "Requests to retrain: the outbox of the trigger topic.",
    "id",
    "history",
    """
id text: content hash, the same in every run
model text: the model
version text: the model's version
reason text: drift
at time: the end of the window that opened the incident
incident text: the incident
body bytes: the CloudEvents 1.0 message, JSON
""",
    "at",
)
DEAD_LETTERS = _table(
    "dead_letters",
    "Rejected records with their reason: the outbox of the dead-letter topic.",
    "topic partition offset row",
    "panes",
    """
topic text: the event topic
partition int: its partition
offset int: the record's offset
row int: its row inside the record
at time: the clock of its partition when it was read
reason text: why, one word of a fixed list
detail text: why, for a person
payload bytes: the record's value, its first 1,024 bytes
""",
    "at",
)
RELAYED = _table(
    "relayed",
    "How far each outbox has been sent: the number of the last commit whose rows a broker has confirmed.",
    "outbox",
    "newest",
    """
outbox text: triggers or dead_letters
upto int: commit number
""",
)
SAMPLES = _table(
    "samples",
    "The uniform sample a model is learned from: the rows with the smallest hash of their position.",
    "model hash",
    "always",
    """
model text: the model
hash int: hash of (topic, partition, offset, row), its upper 63 bits
end time: the end of the event's pane
version text: the event's version
payload bytes: the event
""",
)
CHECKPOINTS = _table(
    "checkpoints",
    "State that a restart continues from, as bytes: detectors, policy, learning, admissions.",
    "name",
    "newest",
    """
name text: whose state
body bytes: msgpack
""",
)

TABLES: tuple[Table, ...] = (
    POSITIONS,
    JOURNAL,
    PLANS,
    FEATURES,
    PANES,
    TRAFFIC,
    LABELS,
    REJECTED,
    WINDOWS,
    DRIFT,
    FINDINGS,
    INCIDENTS,
    TRIGGERS,
    DEAD_LETTERS,
    RELAYED,
    SAMPLES,
    CHECKPOINTS,
)
BY_NAME = {table.name: table for table in TABLES}
# What the guarantee compares: the rows that must be equal, byte for byte, in key order.
RESULTS = (
    PLANS,
    FEATURES,
    PANES,
    TRAFFIC,
    LABELS,
    REJECTED,
    WINDOWS,
    DRIFT,
    FINDINGS,
    INCIDENTS,
    TRIGGERS,
    DEAD_LETTERS,
)


class Commit(Struct, frozen=True):
    """Everything that becomes true together. `tables`: name to columns of equal length; a table without rows is left out."""

    number: int
    tables: dict[str, Columns]


def columns(table: Table, rows: Mapping[str, Sequence[object] | NDArray[np.generic]]) -> Columns:
    """Check and convert columns (arrays, lists) to the table's types. ValueError names what does not fit."""
    names = {column.name for column in table.columns}
    if set(rows) != names:
        raise ValueError(f"{table.name}: missing {sorted(names - set(rows))}, unknown {sorted(set(rows) - names)}")
    converted = {column.name: column.array(rows[column.name]) for column in table.columns}
    if len({len(array) for array in converted.values()}) > 1:
        raise ValueError(f"{table.name}: columns differ in length: { {k: len(v) for k, v in converted.items()} }")
    return converted


class Store(Protocol):
    """Memory that lasts. Every table has a leading int column `commit`: the number of the Commit that wrote the row."""

    def last(self) -> int:
        """The number of the newest Commit; 0 before the first."""

    def write(self, commit: Commit) -> None:
        """Keep all rows of a Commit, or none. Its number must be `last() + 1`."""

    def select(  # noqa: PLR0913 - one question, asked by keyword
        self,
        table: Table,
        *,
        where: Mapping[str, str | int] = {},
        since: int | None = None,
        until: int | None = None,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> dict[str, NDArray[np.generic]]:
        """Rows whose columns equal `where` and whose `table.time` lies in [since, until) ns, ordered by `order`, else by key.

        Of a "newest" table only the rows of the newest Commit that wrote it. Columns of the table's types, `commit` first.
        """

    def forget(self, *, panes_before: int, history_before: int, learned: Collection[str]) -> None:
        """Delete what retention lets go, by event time in ns, the samples of learned models, and superseded "newest" rows."""

    def close(self) -> None:
        """Give the store back; nothing may be asked of it afterwards."""
