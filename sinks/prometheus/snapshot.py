"""What /metrics knows of the Commits so far: frozen, rebuilt by `after`, so a scrape never sees half a Commit."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sinks.commit import (
    ATTRIBUTIONS,
    DEAD_LETTERS,
    DRIFT,
    ESTIMATES,
    INCIDENTS,
    MET,
    OUTCOMES,
    PERFORMANCE,
    SERVICE,
    SPREADS,
    TRIGGERS,
    WINDOWS,
    Columns,
    Commit,
    plain,
)
from sinks.prometheus import families
from sinks.prometheus.budget import PER_WINDOW, Chosen, choose
from sinks.prometheus.groups import GAPS_SHARE, Apart, GapKey, with_gaps
from sinks.prometheus.orders import Order, with_orders
from sinks.prometheus.performance import Performance, with_estimated, with_told
from sinks.prometheus.phases import Durations, Opened, Took, phases, with_opened
from sinks.prometheus.running import OTHERS, TARGETS_MAX, Runs, with_outcomes
from sinks.prometheus.served import SERVED_SHARE, Served, ServedKey, with_served
from sinks.prometheus.shares import affordable, series
from sinks.prometheus.windows import Distances, Key, Window, newest_distances, newest_windows, worth_showing

Count = tuple[str, tuple[str, ...]]  # family and label values
NO_OUTCOME = "no_outcome"  # the reason of dead letters from the topic of outcomes
Number = TypeVar("Number", ServedKey, GapKey)
Told = TypeVar("Told")
_FATES = tuple(column.name for column in MET.columns if column.kind == "int")
_COUNTED = (  # family, table, its label columns, the column that is summed ("": rows are counted)
    (families.EVENTS, "traffic", ("model",), "events"),
    (families.LATE, "traffic", ("model",), "late"),
    (families.WAITING, "traffic", ("model",), "waiting"),
    (families.FOLDED, "folded", ("model", "segment"), "events"),
    (families.LABELS, "labels", ("model",), "labels"),
    (families.REJECTED, "rejected", ("topic", "reason"), "events"),
    (families.FINDINGS, "findings", ("model", "detector"), ""),
    (families.TRIGGERS, "triggers", ("model", "reason"), ""),
    (families.CONTROLS, "controls", ("outcome",), ""),
    *((families.FATES, MET.name, ("model",), fate) for fate in _FATES),
)


class _Versions(Struct, frozen=True):
    missing: bool = False


class _Data(Struct, frozen=True):
    dataset_versions: _Versions = _Versions()


class _Trigger(Struct, frozen=True):
    data: _Data = _Data()


class Snapshot(Struct, frozen=True):
    """Everything that /metrics says about models; `Snapshot()` is that before the first Commit."""

    number: int = 0
    windows: Mapping[Key, Window] = {}
    distances: Mapping[Key, Distances] = {}
    orders: Mapping[Key, Order] = {}
    performances: Mapping[Key, Performance] = {}
    served: Mapping[ServedKey, Served] = {}
    shown: Mapping[ServedKey, Served] = {}  # of these, what is affordable
    gaps: Mapping[GapKey, Apart] = {}
    gaps_shown: Mapping[GapKey, Apart] = {}
    estimates: Mapping[Key, Performance] = {}
    counts: Mapping[Count, float] = {}
    open_incidents: Mapping[str, str] = {}  # id to model
    opened: Opened = {}
    took: Took = {}
    runs: Runs = {}
    promises: Mapping[str, Sequence[float]] = {}  # by model: false triggers a month that are promised, and expected
    chosen: Chosen = Chosen()
    dropped: int = 0

    def after(self, commit: Commit, series_max: int) -> "Snapshot":
        """The snapshot with this Commit's rows; itself where the Commit is not newer, so showing twice is once."""
        if commit.number <= self.number:
            return self
        told, guessed, answered = (_rows(commit, table.name) for table in (PERFORMANCE, ESTIMATES, SERVICE))
        known = {**self.windows, **newest_windows(_rows(commit, WINDOWS.name))}
        windows = worth_showing(known)
        fresh = newest_distances(_rows(commit, DRIFT.name))
        distances = _of({**self.distances, **fresh}, windows)
        orders = _of(with_orders(self.orders, _rows(commit, ATTRIBUTIONS.name)), windows)
        performances = _of(with_told(self.performances, told), windows)
        estimates = _of(with_estimated(self.estimates, guessed), windows)
        served = _of_versions(with_served(self.served, answered), windows)
        shown = affordable(served, series_max // SERVED_SHARE)
        gaps = _of_versions(with_gaps(self.gaps, told), windows)
        gaps_shown = affordable(gaps, series_max // GAPS_SHARE)
        news = (answered, told, guessed)
        changed = any(rows is not None for rows in news) or bool(fresh) or windows.keys() != self.windows.keys()
        changed |= orders != self.orders
        numbers = (performances, estimates)
        others = series(shown) + series(gaps_shown)
        chosen = choose(windows, distances, numbers, series_max - others, orders) if changed else self.chosen
        left_out = chosen.dropped + series(served) + series(gaps) - others
        return replace(
            self,
            number=commit.number,
            windows=windows,
            distances=distances,
            orders=orders,
            performances=performances,
            served=served,
            shown=shown,
            gaps=gaps,
            gaps_shown=gaps_shown,
            estimates=estimates,
            counts=_added(self.counts, commit, self),
            open_incidents=_incidents(self.open_incidents, _rows(commit, INCIDENTS.name)),
            took=_took(commit, self),
            opened=with_opened(self.opened, _rows(commit, INCIDENTS.name)),
            runs=with_outcomes(self.runs, _rows(commit, OUTCOMES.name)),
            promises={**self.promises, **_promises(_rows(commit, SPREADS.name))},
            chosen=chosen,
            dropped=self.dropped + PER_WINDOW * (len(known) - len(windows)) + (left_out if changed else 0),
        )


def _of(told: Mapping[Key, Told], windows: Mapping[Key, Window]) -> dict[Key, Told]:
    """Those of windows that are shown."""
    return {key: each for key, each in told.items() if key in windows}


def _of_versions(told: Mapping[Number, Told], windows: Mapping[Key, Window]) -> dict[Number, Told]:
    """Those of versions that are shown; traffic is of all of them together."""
    kept = {(model, version) for model, version, *_ in windows} | {(model, "") for model, *_ in windows}
    return {key: each for key, each in told.items() if key[:2] in kept}


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
    triggers = _rows(commit, TRIGGERS.name)
    if triggers is not None:
        for model, body in zip(triggers["model"].tolist(), triggers["body"].tolist(), strict=True):
            yield (families.UNVERSIONED.name, (model,)), int(_unversioned(body))


def _unversioned(body: bytes) -> bool:
    """Whether a trigger says that nobody knows of which data its reference is."""
    try:
        return msgspec.json.decode(body, type=_Trigger).data.dataset_versions.missing
    except msgspec.MsgspecError:  # of a store before there was such a field, or of a test
        return False


def _steps(commit: Commit, before: Snapshot) -> Iterator[tuple[Count, float]]:
    """What has become of incidents and of runs, unless the store had it at the start."""
    if commit.number != before.number + 1:
        return
    if (rows := _rows(commit, INCIDENTS.name)) is not None:
        for model, phase, seconds in phases(before.opened, rows):
            yield (families.TOOK.name, (model, phase)), seconds
            yield (families.TAKEN.name, (model, phase)), 1
    if (rows := _rows(commit, OUTCOMES.name)) is not None:
        for target, state in zip(rows["target"].tolist(), rows["state"].tolist(), strict=True):
            yield (families.OUTCOMES.name, (_shown_as(target, before.counts), state)), 1
    if (rows := _rows(commit, DEAD_LETTERS.name)) is not None:
        for topic, reason in zip(rows["topic"].tolist(), rows["reason"].tolist(), strict=True):
            if reason == NO_OUTCOME:  # of events, panes say how many were refused
                yield (families.REJECTED.name, (topic, reason)), 1


def _took(commit: Commit, before: Snapshot) -> Took:
    """How long phases of incidents took, of the same ones."""
    rows, took = _rows(commit, INCIDENTS.name), dict(before.took)
    if rows is not None and commit.number == before.number + 1:
        for _, phase, seconds in phases(before.opened, rows):
            took[phase] = took.get(phase, Durations()).add(seconds)
    return took


def _shown_as(target: str, counts: Mapping[Count, float]) -> str:
    """A target's own name, as long as there are not too many of them."""
    known = {labels[0] for family, labels in counts if family == families.OUTCOMES.name}
    return target if target in known or len(known) < TARGETS_MAX else OTHERS


def _added(counts: Mapping[Count, float], commit: Commit, before: Snapshot) -> Mapping[Count, float]:
    total = dict(counts)
    for count, amount in chain(_counted(commit), _steps(commit, before)):
        total[count] = total.get(count, 0) + amount
    return total


def _promises(rows: Columns | None) -> Mapping[str, Sequence[float]]:
    """By model: false triggers a month that were promised, and that its panes by each other let expect."""
    if rows is None:
        return {}
    columns = (rows[name].tolist() for name in ("model", "promised", "expected", "verdicts"))
    return {model: numbers for model, *numbers, verdicts in zip(*columns, strict=True) if verdicts}


def _incidents(open_incidents: Mapping[str, str], rows: Columns | None) -> Mapping[str, str]:
    if rows is None:
        return open_incidents
    ids, models, states = (rows[name].tolist() for name in ("id", "model", "state"))
    opened = {**open_incidents, **{i: m for i, m, s in zip(ids, models, states, strict=True) if s == "opened"}}
    closed = {i for i, s in zip(ids, states, strict=True) if s == "closed"}
    return {i: model for i, model in opened.items() if i not in closed}
