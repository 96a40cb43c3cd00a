"""What policies saw, out of the store's tables: judged windows with their findings, in order of time.

A window without a row of a finding was well, where `windows`, `service` or `performance` say that it was judged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sinks import commit as tables
from sinks.commit import Store, Table, to_ns
from stream.config.sections.policy import LABELLED
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.sighted import ALARMS, OF_COLUMNS, kind_of, of_service, sighting
from stream.monitor.service.served import TRAFFIC
from stream.plan import OUTPUTS
from stream.policy import Seen, Sighting
from stream.policy.sightings import Series, strength

Version = tuple[str, str]
Row = Mapping[str, Any]
Span = tuple[int, int]  # length, end


@dataclass
class History:
    """One version: what closes judged, and what labels did."""

    closes: list[Seen] = field(default_factory=list)
    labels: list[Seen] = field(default_factory=list)

    def ordered(self) -> "History":
        """By time, the shortest windows first."""
        return History(
            *(sorted(some, key=lambda one: (one.at, one.length, one.end)) for some in (self.closes, self.labels))
        )


def histories(store: Store, model: str, since: int, shortest: int) -> dict[Version, History]:
    """What was judged of a model from an event time on, by version."""
    found: dict[Version, History] = defaultdict(History)
    findings = [*_findings(store, model, since)]
    for version, seen in _columns(store, model, since, findings):
        found[version].closes.append(seen)
    for version, seen in _service(store, model, since):
        found[version].closes.append(seen)
    mature = dict(_mature(store, model, since))
    for (version, (length, end)), (step, well) in mature.items():
        mine = [one for one in findings if kind_of(one.detector, one.feature) == "performance" and _of(one, version)]
        here = [one for one in mine if (one.length, one.end) == (length, end) and one.detector not in ALARMS]
        found[version].labels.append(_seen("performance", step, (length, end), well, here))
    for one in findings:
        kind = kind_of(one.detector, one.feature)
        if kind in OF_COLUMNS | {"performance", TRAFFIC} and one.detector not in ALARMS:
            continue
        version, alarm = (one.model, one.version), one.detector in ALARMS
        span = (shortest if alarm else one.length, one.end)
        seen = _seen(kind, one.end, span, () if alarm else [(one.segment, one.feature)], [one])
        (found[version].labels if kind in LABELLED else found[version].closes).append(seen)
    _share(found, [*_traffic(store, model, since)])
    return {version: found[version].ordered() for version in sorted(found)}


def _share(found: Mapping[Version, History], traffic: Iterable[Seen]) -> None:
    """Give traffic, which is of all versions together, to those judged at the same end, else to the newest by then."""
    first = {version: min(one.at for one in history.closes) for version, history in found.items() if history.closes}
    judged: dict[int, list[Version]] = defaultdict(list)
    for version in first:
        for at in sorted({one.at for one in found[version].closes}):
            judged[at].append(version)
    for seen in traffic:
        known = [version for version in first if first[version] <= seen.at]
        newest = [max(known, key=lambda version: (first[version], version))] if known else []
        for version in judged.get(seen.at) or newest:
            found[version].closes.append(seen)


def _seen(kind: str, at: int, span: Span, well: Iterable[Series], found: Iterable[Finding]) -> Seen:
    sightings = tuple(sighting(one, span[0]) for one in found)
    series = {*well, *(one.series for one in sightings if not one.alarm)}
    return Seen(frozenset((kind,)), at, *span, sightings, series.__contains__)


def _of(one: Finding, version: Version) -> bool:
    return (one.model, one.version) == version


def _columns(store: Store, model: str, since: int, findings: Iterable[Finding]) -> Iterator[tuple[Version, Seen]]:
    """Judged windows: what drifted by `distances`, and of what nobody knew; segments by `windows`."""
    told = {(one.model, one.version, one.length, one.end, one.segment, one.feature): one for one in findings}
    drifted: dict[tuple[Version, Span], list[Sighting]] = defaultdict(list)
    unknown: dict[tuple[Version, Span], set[Series]] = defaultdict(set)
    features: dict[tuple[Version, Span], list[str]] = defaultdict(list)
    for row in _rows(store, tables.DRIFT, model, since):
        key, series = _key(row), (row["segment"], row["feature"])
        if not series[0] and series[1] not in OUTPUTS:
            features[key].append(series[1])
        if row["verdict"] == "unknown":
            unknown[key].add(series)
        elif row["verdict"] == "drift":
            one = told.get((*key[0], *key[1], *series))
            if one is not None:
                drifted[key].append(sighting(one))
            else:
                times = strength(row["evidence"], row["evidence_limit"])
                kinds = (kind_of("verdict", series[1]),)
                drifted[key].append(Sighting(kinds, *series, "verdict", key[1][0], times))
    segments: dict[tuple[Version, Span], set[str]] = defaultdict(set)
    plans: dict[tuple[Version, Span], str] = {}
    for row in _rows(store, tables.WINDOWS, model, since):
        if row["plan"]:
            plans[_key(row)] = row["plan"]
        if row["verdict"] != "unknown":
            segments[_key(row)].add(row["segment"])
    for key, plan in plans.items():
        known = _Known(segments[key], unknown[key])
        (version, (length, end)), names = key, tuple(features[key])
        yield version, Seen(OF_COLUMNS, end, length, end, tuple(drifted[key]), known, plan, names)


@dataclass(frozen=True)
class _Known:
    """Of which series there was a verdict, as far as the tables tell."""

    segments: set[str]
    unknown: set[Series]

    def __call__(self, series: Series) -> bool:
        return series[0] in self.segments and series not in self.unknown


def _service(store: Store, model: str, since: int) -> Iterator[tuple[Version, Seen]]:
    for row in _rows(store, tables.SERVICE, model, since):
        if row["verdict"] in {"well", "worse"} and row["metric"] != TRAFFIC:
            yield _key(row)[0], _served(row)


def _traffic(store: Store, model: str, since: int) -> Iterator[Seen]:
    for row in _rows(store, tables.SERVICE, model, since):
        if row["verdict"] in {"well", "worse"} and row["metric"] == TRAFFIC:
            yield _served(row)


def _served(row: Row) -> Seen:
    """A number of the service that was judged: a series of its own."""
    (_, span), metric = _key(row), row["metric"]
    feature, kind = f"service:{metric}", of_service(metric)
    times = strength(row["value"], row["limit"])
    found = (Sighting((kind,), "", feature, "service", span[0], times),) if row["verdict"] == "worse" else ()
    return Seen(frozenset((kind,)), span[1], *span, found, {("", feature)}.__contains__)


def _mature(store: Store, model: str, since: int) -> dict[tuple[Version, Span], tuple[int, list[Series]]]:
    """The windows that had enough labels, each with the step at which it first had, and what was well then."""
    first: dict[tuple[Version, Span], int] = {}
    rows = [row for row in _rows(store, tables.PERFORMANCE, model, since) if not row["segment"]]
    for row in rows:
        if row["status"] != "provisional":
            step = row["step"]
            first[_key(row)] = min(step, first.get(_key(row), step))
    found = {key: (step, list[Series]()) for key, step in first.items()}
    for row in rows:
        key = _key(row)
        if key in first and row["step"] == first[key] and row["verdict"] == "well":
            found[key][1].append(("", f"performance:{row['metric']}"))
    return found


def _findings(store: Store, model: str, since: int) -> Iterator[Finding]:
    for row in _rows(store, tables.FINDINGS, model, since):
        (about, (length, end)), start = _key(row), row["start"]
        series = (*about, row["segment"], row["feature"], length, start, end, row["detector"])
        yield Finding(*series, row["value"], row["limit"], row["n"], (), row["words"], None, row["cause"])


def _rows(store: Store, table: Table, model: str, since: int) -> Iterator[Row]:
    """Rows in order of time; times as ns."""
    found = store.select(table, where={"model": model}, since=since, order=(table.time,))
    columns = (to_ns(column) if column.dtype.kind == "M" else column for column in found.values())
    for values in zip(*(column.tolist() for column in columns), strict=True):
        yield dict(zip(found, values, strict=True))


def _key(row: Row) -> tuple[Version, Span]:
    return (row["model"], row["version"]), (row["length"], row["end"])
