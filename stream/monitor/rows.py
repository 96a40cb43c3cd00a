"""Decided things as rows of the Commit's tables."""

from collections import Counter
from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.distances import DISTANCES
from detectors.packing import pack
from sinks import commit as tables
from stream.ledger import Ledger, moment
from stream.monitor.findings import Finding, Telling, strongest
from stream.monitor.judging import Case, Verdicts
from stream.partials import LOOKED_AT, DeadLetter, shown
from stream.plan import Plan
from stream.sample import Sample

_VERDICTS = np.array(["ok", "drift", "unknown"], object)
_WHY = np.array(["", "too few events"], object)


def plan_rows(ledger: Ledger, plan: Plan) -> None:
    """A plan, and its features for people."""
    ledger.row(tables.PLANS, plan.id, plan.model, plan.since, plan.body)
    grid = plan.grid
    for i, name in enumerate(grid.columns):
        kind = "numeric" if i < len(grid.numeric) else "categorical"
        cells = msgspec.json.encode(grid.cell_names(name)).decode()
        ledger.row(tables.FEATURES, plan.id, plan.model, name, kind, name in plan.inferred, cells)


def dead_letter_rows(ledger: Ledger, letters: Iterable[DeadLetter]) -> None:
    """Rejected records."""
    for letter in letters:
        ledger.row(
            tables.DEAD_LETTERS,
            letter.topic,
            letter.partition,
            letter.offset,
            letter.row,
            moment(letter.at),
            letter.reason,
            letter.detail,
            letter.payload,
        )


def pane_row(ledger: Ledger, case: Case) -> None:
    """The summary of a closed pane."""
    about = (case.plan.model, case.version, moment(case.start), moment(case.end), case.plan.id)
    ledger.row(tables.PANES, *about, int(case.summary.events()[0]), pack(case.summary))


def distance_rows(ledger: Ledger, case: Case, verdicts: Verdicts, tell: Telling) -> None:
    """Every feature of a judged window as one block of columns; of its segments only what is told.

    The segments' counts are in the panes: all their distances would be fifteen times the rows, which nobody reads.
    """
    plan, n_numeric = case.plan, len(case.plan.grid.numeric)
    kept = np.repeat((verdicts.rows == 0)[:, None], len(plan.grid.columns), axis=1)
    kept[tell.rows, tell.columns] = True
    i, column = np.nonzero(kept)
    observed, n = verdicts.observed[i, column], verdicts.n[i, column]
    series, special = np.arange(len(i)), plan.grid.regular[column]
    rows, place = np.unique(i, return_inverse=True)
    reading = case.summary.take(verdicts.rows[rows]).read()
    numeric = column < n_numeric

    def moments(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numeric columns' values, nan for the categorical ones."""
        full = np.full(len(i), np.nan)
        full[numeric] = values[place[numeric], column[numeric]]
        return full

    columns: dict[str, object] = {
        "model": plan.model,
        "version": case.version,
        "segment": np.array(plan.rows, object)[verdicts.rows[i]],
        "feature": np.array(plan.grid.columns, object)[column],
        "length": case.length,
        "start": moment(case.start),
        "end": moment(case.end),
        "n": n,
        "n_reference": verdicts.n_reference[i, column],
        "odd": observed[series, special] / np.maximum(n, 1),
        "missing": observed[series, special + 1] / np.maximum(n, 1),
        "wrong_type": observed[series, special + 2] / np.maximum(n, 1),
        "mean": moments(reading.mean),
        "deviation": moments(reading.deviation),
        "clamped": moments(reading.clamped),
        "verdict": _VERDICTS[np.where(verdicts.known, verdicts.drifted.astype(np.int64), 2)[i, column]],
    }
    for name in DISTANCES:
        columns[name] = verdicts.values[name][i, column]
        columns[f"{name}_limit"] = verdicts.limits[name][i, column]
    ledger.block(tables.DRIFT, columns)


def window_rows(ledger: Ledger, case: Case, verdicts: Verdicts, *, complete: bool) -> None:
    """A judged window, a row per segment row."""
    known = verdicts.known.any(axis=1)
    ledger.block(
        tables.WINDOWS,
        {
            "model": case.plan.model,
            "version": case.version,
            "segment": np.array(case.plan.rows, object)[verdicts.rows],
            "length": case.length,
            "start": moment(case.start),
            "end": moment(case.end),
            "plan": case.plan.id,
            "reference": case.plan.source,
            "events": case.summary.events()[verdicts.rows],
            "complete": complete,
            "verdict": _VERDICTS[np.where(known, verdicts.drifted.any(axis=1).astype(np.int64), 2)],
            "why": _WHY[(~known).astype(np.int64)],
        },
    )


def finding_rows(ledger: Ledger, findings: Iterable[Finding], incident: str) -> None:
    """Findings, with the incident that they belong to."""
    for one in findings:
        ledger.row(
            tables.FINDINGS,
            one.id,
            one.model,
            one.version,
            one.segment,
            one.feature,
            one.length,
            moment(one.start),
            moment(one.end),
            one.detector,
            one.value,
            one.limit,
            one.n,
            msgspec.json.encode(one.cells).decode(),
            one.words,
            incident,
        )


def learning_pane_row(ledger: Ledger, model: str, start: int, end: int, events: int) -> None:
    """A closed pane of a model that is being learned: only how many events."""
    ledger.row(tables.PANES, model, "", moment(start), moment(end), "", events, b"")


def unwatched_row(ledger: Ledger, model: str, start: int, end: int, fields: Counter[str]) -> None:
    """The fields of a closed pane that nobody watches, if there are any; the most frequent first."""
    looked_at = fields.pop(LOOKED_AT)
    if fields:
        told = {shown(name): n for name, n in sorted(fields.items(), key=lambda one: (-one[1], one[0]))}
        body = msgspec.json.encode(told).decode()
        ledger.row(tables.UNWATCHED, model, moment(start), moment(end), looked_at, body)


def sample_rows(ledger: Ledger, model: str, end: int, sample: Sample) -> None:
    """Events that entered the sample that a model is learned from."""
    for position, version, payload in zip(sample.hashes.tolist(), sample.versions, sample.payloads, strict=True):
        ledger.row(tables.SAMPLES, model, position, moment(end), version, payload)


def persistent_series(plan: Plan, verdicts: Verdicts, persistent: NDArray[np.bool_]) -> list[tuple[str, str, str]]:
    """(segment, feature, detector) of the series that persist, in order."""
    rows, columns = np.nonzero(persistent)
    detectors, _ = strongest(verdicts, np.searchsorted(verdicts.rows, rows), columns)
    segments, features = (plan.rows[row] for row in rows.tolist()), (plan.grid.columns[i] for i in columns.tolist())
    return sorted(zip(segments, features, detectors.tolist(), strict=True))
