"""Decided things as rows of the Commit's tables."""

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.distances import DISTANCES
from sinks import commit as tables
from stream.ledger import Ledger, moment
from stream.monitor.findings import Finding
from stream.monitor.judging import Case, Verdicts
from stream.partials import DeadLetter
from stream.plan import Plan
from stream.sample import Sample

_TWO = np.array(["ok", "drift"], object)


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


def pane_rows(ledger: Ledger, case: Case) -> None:
    """The summary of a closed pane, a row per segment row that has events."""
    events = case.summary.events()
    for row in np.flatnonzero(events).tolist():
        packed = case.summary.take([row]).to_bytes()
        ledger.row(
            tables.PANES,
            case.plan.model,
            case.version,
            case.plan.rows[row],
            moment(case.start),
            moment(case.end),
            case.plan.id,
            int(events[row]),
            packed.counts,
            packed.width,
            packed.moments,
        )


def distance_rows(ledger: Ledger, case: Case, verdicts: Verdicts) -> None:
    """Every feature of a judged window as one block of columns; of its segments only those that drifted.

    The segments' counts are in the panes: all their distances would be fifteen times the rows, which nobody reads.
    """
    plan, n_columns = case.plan, len(case.plan.grid.columns)
    n_rows, n_numeric = len(verdicts.rows), len(case.plan.grid.numeric)
    chosen = case.summary.take(verdicts.rows)
    n = np.maximum(verdicts.n, 1)
    special = plan.grid.regular
    at = np.arange(n_columns)

    def padded(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numeric columns' values, nan for the categorical ones."""
        full = np.full((n_rows, n_columns), np.nan)
        full[:, :n_numeric] = values
        return full.ravel()

    columns: dict[str, object] = {
        "model": plan.model,
        "version": case.version,
        "segment": np.repeat(np.array(plan.rows, object)[verdicts.rows], n_columns),
        "feature": np.tile(np.array(plan.grid.columns, object), n_rows),
        "length": case.length,
        "start": moment(case.start),
        "end": moment(case.end),
        "n": verdicts.n.ravel(),
        "n_reference": verdicts.n_reference.ravel(),
        "odd": (verdicts.observed[:, at, special] / n).ravel(),
        "missing": (verdicts.observed[:, at, special + 1] / n).ravel(),
        "wrong_type": (verdicts.observed[:, at, special + 2] / n).ravel(),
        "mean": padded(chosen.mean()),
        "deviation": padded(chosen.deviation()),
        "clamped": padded(chosen.clamped()),
        "verdict": np.where(verdicts.known, _TWO[verdicts.drifted.astype(int)], "unknown").astype(object).ravel(),
    }
    for name in DISTANCES:
        columns[name] = verdicts.values[name].ravel()
        columns[f"{name}_limit"] = verdicts.limits[name].ravel()
    told = (verdicts.rows[:, None] == 0) | verdicts.drifted
    kept = told.ravel()
    ledger.block(tables.DRIFT, {name: v[kept] if isinstance(v, np.ndarray) else v for name, v in columns.items()})


def window_rows(ledger: Ledger, case: Case, verdicts: Verdicts, *, complete: bool) -> None:
    """A judged window, a row per segment row."""
    events = case.summary.events()
    for i, row in enumerate(verdicts.rows.tolist()):
        known = verdicts.known[i].any()
        verdict = ("drift" if verdicts.drifted[i].any() else "ok") if known else "unknown"
        ledger.row(
            tables.WINDOWS,
            case.plan.model,
            case.version,
            case.plan.rows[row],
            case.length,
            moment(case.start),
            moment(case.end),
            case.plan.id,
            case.plan.source,
            int(events[row]),
            complete,
            verdict,
            "" if known else "too few events",
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
    ledger.row(tables.PANES, model, "", "", moment(start), moment(end), "", events, b"", 1, b"")


def sample_rows(ledger: Ledger, model: str, end: int, sample: Sample) -> None:
    """Events that entered the sample that a model is learned from."""
    for position, version, payload in zip(sample.hashes.tolist(), sample.versions, sample.payloads, strict=True):
        ledger.row(tables.SAMPLES, model, position, moment(end), version, payload)


def persistent_series(plan: Plan, verdicts: Verdicts, persistent: NDArray[np.bool_]) -> list[tuple[str, str, str]]:
    """(segment, feature, detector) of the series that persist, in order; the detector is the first above its limit."""
    found = []
    for row, column in np.argwhere(persistent).tolist():
        i = int(np.searchsorted(verdicts.rows, row))
        above = (n for n in verdicts.values if verdicts.values[n][i, column] > verdicts.limits[n][i, column])
        found.append((plan.rows[row], plan.grid.columns[column], next(above)))
    return sorted(found)
