"""What /metrics knows of the Commits so far: frozen, rebuilt by `after`, so a scrape never sees half a Commit."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sinks.commit import DRIFT, INCIDENTS, MET, PERFORMANCE, WINDOWS, Columns, Commit, plain
from sinks.prometheus import families
from sinks.prometheus.budget import PER_WINDOW, Chosen, choose
from sinks.prometheus.performance import Performance, with_told
from sinks.prometheus.windows import Distances, Key, Window, newest_distances, newest_windows, worth_showing

Count = tuple[str, tuple[str, ...]]  # family and label values
_FATES = tuple(column.name for column in MET.columns if column.kind == "int")
_COUNTED = (  # family, table, its label columns, the column that is summed ("": rows are counted)
    (families.EVENTS, "traffic", ("model",), "events"),
    (families.LATE, "traffic", ("model",), "late"),
    (families.WAITING, "traffic", ("model",), "waiting"),
    (families.LABELS, "labels", ("model",), "labels"),
    (families.REJECTED, "rejected", ("topic", "reason"), "events"),
    (families.FINDINGS, "findings", ("model", "detector"), ""),
    (families.TRIGGERS, "triggers", ("model", "reason"), ""),
    *((families.FATES, MET.name, ("model",), fate) for fate in _FATES),
)


class Snapshot(Struct, frozen=True):
    """Everything that /metrics says about models; `Snapshot()` is that before the first Commit."""

    number: int = 0
    windows: Mapping[Key, Window] = {}
    distances: Mapping[Key, Distances] = {}
    performances: Mapping[Key, Performance] = {}
    counts: Mapping[Count, int] = {}
    open_incidents: Mapping[str, str] = {}  # id to model
    chosen: Chosen = Chosen()
    dropped: int = 0

    def after(self, commit: Commit, series_max: int) -> "Snapshot":
        """The snapshot with this Commit's rows; itself where the Commit is not newer, so showing twice is once."""
        if commit.number <= self.number:
            return self
        known = {**self.windows, **newest_windows(_rows(commit, WINDOWS.name))}
        windows = worth_showing(known)
        fresh = newest_distances(_rows(commit, DRIFT.name))
        distances = {key: value for key, value in {**self.distances, **fresh}.items() if key in windows}
        told = _rows(commit, PERFORMANCE.name)
        performances = {key: value for key, value in with_told(self.performances, told).items() if key in windows}
        changed = bool(fresh) or told is not None or windows.keys() != self.windows.keys()
        chosen = choose(windows, distances, performances, series_max) if changed else self.chosen
        return replace(
            self,
            number=commit.number,
            windows=windows,
            distances=distances,
            performances=performances,
            counts=_added(self.counts, commit),
            open_incidents=_incidents(self.open_incidents, _rows(commit, INCIDENTS.name)),
            chosen=chosen,
            dropped=self.dropped + PER_WINDOW * (len(known) - len(windows)) + (chosen.dropped if changed else 0),
        )


def _rows(commit: Commit, table: str) -> Columns | None:
    rows = commit.tables.get(table)
    return None if rows is None else plain(rows)


def _counted(commit: Commit) -> Iterator[tuple[Count, int]]:
    for family, table, labels, column in _COUNTED:
        rows = _rows(commit, table)
        if rows is None:
            continue
        amounts = rows[column].tolist() if column else [1] * len(rows[labels[0]])
        for *names, amount in zip(*(rows[label].tolist() for label in labels), amounts, strict=True):
            told = (column,) if family is families.FATES else ()
            yield (family.name, (*names, *told)), amount


def _added(counts: Mapping[Count, int], commit: Commit) -> Mapping[Count, int]:
    total = dict(counts)
    for count, amount in _counted(commit):
        total[count] = total.get(count, 0) + amount
    return total


def _incidents(open_incidents: Mapping[str, str], rows: Columns | None) -> Mapping[str, str]:
    if rows is None:
        return open_incidents
    ids, models, states = (rows[name].tolist() for name in ("id", "model", "state"))
    opened = {**open_incidents, **{i: m for i, m, s in zip(ids, models, states, strict=True) if s == "opened"}}
    closed = {i for i, s in zip(ids, states, strict=True) if s == "closed"}
    return {i: model for i, model in opened.items() if i not in closed}
