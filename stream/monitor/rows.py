"""Decided things as rows of the Commit's tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import quanta
from detectors.distances import USUAL
from detectors.packing import pack
from detectors.verdict import SMALLEST
from sinks import commit as tables
from sinks.commit import Texts
from stream.counting.sample import Sample
from stream.ledger import Ledger, moment, moments
from stream.monitor.acting.findings import Finding, Telling
from stream.monitor.verdicts.distances import Series, of_windows
from stream.monitor.verdicts.judging import Case, Verdicts
from stream.monitor.verdicts.layout import COMPARED
from stream.partials import LOOKED_AT, DeadLetter, shown
from stream.plan import Plan

Judged = tuple[Case, Verdicts, Telling]  # a window, and what is said of it

_VERDICTS = ("ok", "drift", "unknown")
_WHY = ("", "too few events", "slow variation", "no reference yet")
_ASSUMES = ("", "independent events")
NOT_KNOWN = (0, 0, 0)  # when a change began


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


def distance_rows(ledger: Ledger, judged: Sequence[Judged]) -> None:
    """Every feature of windows judged together as one block of columns; of their segments only what is told.

    The segments' counts are in the panes: all their distances would be fifteen times the rows, which nobody reads.
    """
    asked = [(case, verdicts, *kept(case, tell)) for case, verdicts, tell in judged]
    plans = [case.plan for case, _, _ in judged]
    columns: dict[str, object] = {**_of_windows(judged, [len(i) for _, _, i, _ in asked]), **_series(asked)}
    rows = [verdicts.rows[i] for _, verdicts, i, _ in asked]
    columns["segment"] = _named(plans, [plan.rows for plan in plans], rows)
    columns["feature"] = _named(plans, [plan.grid.columns for plan in plans], [column for *_, column in asked])
    ledger.block(tables.DRIFT, columns)


def kept(case: Case, tell: Telling) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The series of a window of which distances are kept: places in its verdicts' rows, and columns."""
    n, segments = len(case.plan.grid.columns), tell.rows > 0
    i = np.concatenate((np.zeros(n, np.int64), tell.rows[segments]))
    return i, np.concatenate((np.arange(n), tell.columns[segments]))


def _series(asked: Sequence[Series]) -> dict[str, NDArray[Any] | Texts]:
    """What is kept of windows' series, one window after the other."""
    n, n_reference, p, evidence, limit, known, drifted = (
        np.concatenate([getattr(verdicts, name)[i, column] for _, verdicts, i, column in asked])
        for name in ("n", "n_reference", "p", "evidence", "limit", "known", "drifted")
    )
    special = np.concatenate(
        [
            verdicts.observed[
                i[:, None], column[:, None], case.plan.grid.regular[column][:, None] + np.arange(COMPARED)
            ]
            for case, verdicts, i, column in asked
        ]
    )
    odd, missing, wrong_type = (special / np.maximum(n, 1)[:, None]).T
    distances = np.concatenate(of_windows(asked, USUAL))
    return {
        "n": n,
        "n_reference": n_reference,
        "odd": odd,
        "missing": missing,
        "wrong_type": wrong_type,
        **_moments(asked, n - special.sum(axis=1)),
        "p": p,
        "evidence": evidence,
        "evidence_limit": limit,
        **dict(zip(USUAL, distances.T, strict=True)),
        "verdict": Texts(_VERDICTS, np.where(known, drifted.astype(np.int64), 2)),
    }


def _moments(asked: Sequence[Series], n: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """What the moments of windows' series say, nan of categorical ones; `n`, (series,): how many values each has."""
    numeric = np.concatenate([column < len(case.plan.grid.numeric) for case, _, _, column in asked])
    pieces = []
    for case, verdicts, i, column in asked:
        grid, some = case.plan.grid, column < len(case.plan.grid.numeric)
        features = column[some]
        pieces.append(
            (case.summary.moments[verdicts.rows[i[some]], features], grid.exponents[features], grid.centers[features])
        )
    sums, exponents, centers = (np.concatenate(each) for each in zip(*pieces, strict=True))
    reading = quanta.read(sums, n[numeric], exponents)
    with np.errstate(over="ignore"):  # as of a Summary
        reading = reading._replace(mean=centers + reading.mean)
    found = {name: np.full(len(n), np.nan) for name in reading._fields}
    for name, values in zip(reading._fields, reading, strict=True):
        found[name][numeric] = values
    return found


def window_rows(ledger: Ledger, judged: Sequence[Judged], complete: Sequence[bool]) -> None:
    """Judged windows, a row per segment row."""
    counts = [len(verdicts.rows) for _, verdicts, _ in judged]
    known = np.concatenate([verdicts.known.any(axis=1) for _, verdicts, _ in judged])
    enough = np.concatenate(
        [(np.minimum(verdicts.n, verdicts.n_reference) >= SMALLEST).any(axis=1) for _, verdicts, _ in judged]
    )
    drifted = np.concatenate([verdicts.drifted.any(axis=1) for _, verdicts, _ in judged])
    plans, windows = [case.plan for case, _, _ in judged], np.repeat(np.arange(len(judged)), counts)
    events = [case.summary.events()[verdicts.rows] for case, verdicts, _ in judged]
    nothing = np.array([not case.n_reference for case, _, _ in judged])[windows]
    ledger.block(
        tables.WINDOWS,
        {
            **_of_windows(judged, counts),
            "segment": _named(plans, [plan.rows for plan in plans], [verdicts.rows for _, verdicts, _ in judged]),
            "plan": Texts(tuple(plan.id for plan in plans), windows),
            "reference": Texts(tuple(map(_compared_with, (case for case, _, _ in judged))), windows),
            "events": np.concatenate(events),
            "complete": np.array(complete)[windows],
            "verdict": Texts(_VERDICTS, np.where(known, drifted.astype(np.int64), 2)),
            "why": Texts(_WHY, np.where(known, 0, np.where(nothing, 3, np.where(enough, 2, 1)))),
            "assumes": Texts(_ASSUMES, np.array([not case.taught for case, _, _ in judged], np.int64)[windows]),
        },
    )


def _compared_with(case: Case) -> str:
    return case.compared_with or case.plan.source_for(case.version)


def _of_windows(judged: Sequence[Judged], counts: list[int]) -> dict[str, NDArray[Any] | Texts]:
    """Which window each row is of; `counts`: how many rows each window has."""
    cases, windows = [case for case, _, _ in judged], np.repeat(np.arange(len(judged)), counts)
    return {
        "model": Texts(tuple(case.plan.model for case in cases), windows),
        "version": Texts(tuple(case.version for case in cases), windows),
        "length": np.array([case.length for case in cases])[windows],
        **{name: moments([getattr(case, name) for case in cases])[windows] for name in ("start", "end")},
    }


def _named(plans: Sequence[Plan], names: Sequence[Sequence[str]], places: Sequence[NDArray[np.int64]]) -> Texts:
    """The names that each window's plan gives to places; a plan's names are there once."""
    words: list[str] = []
    first: dict[Plan, int] = {}
    for plan, of_plan in zip(plans, names, strict=True):
        if plan not in first:
            first[plan] = len(words)
            words += of_plan
    return Texts(tuple(words), np.concatenate([at + first[plan] for plan, at in zip(plans, places, strict=True)]))


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
            *(moment(at) for at in (msgspec.structs.astuple(one.began) if one.began is not None else NOT_KNOWN)),
            one.cause,
        )


def folded_rows(ledger: Ledger, case: Case) -> None:
    """The events of a closed pane whose value of a field has no row of its own."""
    others = case.plan.others
    if not others:
        return
    events = case.summary.events()
    for name, row in others:
        if events[row]:
            span = (moment(case.start), moment(case.end))
            ledger.row(tables.FOLDED, case.plan.model, case.version, name, *span, int(events[row]), int(events[0]))


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
