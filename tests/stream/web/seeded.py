"""A store with a plausible story, made from a seed: one model well, one with a planted drift, one still learning."""

from collections.abc import Iterator
from itertools import chain

import msgspec
import numpy as np
from numpy.random import Generator, default_rng

from detectors import parts
from detectors.grids import build
from detectors.packing import pack
from sinks.commit import BY_NAME, Commit, columns
from sinks.memory import MemoryStore
from stream.config.settings import HOUR, MINUTE
from stream.plan import Plan
from stream.web.page import status as now

PANE = 5 * MINUTE
N_PANES = 40  # closed windows of 5 minutes, so three of an hour
START = 1_795_176_000 * 1_000_000_000  # 2026-11-20T12:00:00Z
DRIFTS_FROM = 30  # the pane in which fraud's amounts begin to be ten times too large
N_REFERENCE, N_PANE = 4_000, 400
NUMERIC, CATEGORICAL = ("amount", "age", "balance"), ("country",)
COUNTRIES = ("FR", "DE", "IT", "ES", "PL")
DRIFTING, WELL, LEARNING = "fraud", "churn", "pricing"
# Labels: of which windows before the last all have come, enough, or a few; what is measured, and where it lies about.
ALL_CAME, ENOUGH_CAME, SOME_CAME = 24, 8, 1
SERVED = {"latency_p50": 12.0, "latency_p95": 31.0, "latency_p99": 44.0, "error_rate": 0.01, "traffic": 1.33}
METRICS = {
    DRIFTING: {"accuracy": 0.93, "recall": 0.81, "precision": 0.74, "roc_auc": 0.95, "log_loss": 0.21},
    WELL: {"mae": 12.5, "rmse": 17.0, "r2": 0.8},
}
INCIDENT, TRIGGER = "41f0c2d9a6b3", "9f2c4be81d0a77e3"
CELLS = '[{"cell": "above 812.4", "reference": 0.02, "now": 0.61, "contribution": 2.1}]'
WORDS = "values above 812.4 went from 2 % to 61 %"

Row = dict[str, object]
Told = Iterator[tuple[str, Row]]  # the table's name and a row


def seeded_store(seed: int = 7, *, estimated: bool = False) -> MemoryStore:
    """The whole story in one Commit."""
    store = MemoryStore()
    store.write(seeded_commit(seed, estimated=estimated))
    return store


def seeded_commit(seed: int = 7, number: int = 1, *, estimated: bool = False) -> Commit:
    """The rows of the story; `estimated`: with what was said of the drifting model before labels came."""
    random = default_rng(seed)
    rows: dict[str, list[Row]] = {}
    for model in (WELL, DRIFTING):
        for table, row in _model(model, random):
            rows.setdefault(table, []).append(row)
    told = (_samples(random), _incident(), _traffic(), _labels(default_rng(seed + 1)), _served(default_rng(seed + 2)))
    for table, row in chain.from_iterable((*told, _estimates() if estimated else ())):
        rows.setdefault(table, []).append(row)
    tables = {
        name: columns(BY_NAME[name], {key: [row[key] for row in told] for key in told[0]})
        for name, told in rows.items()
    }
    return Commit(number, tables)


def seeded_status() -> now.Status:
    """The service at the end of the story."""
    features = (now.Feature("amount", "numeric"), now.Feature("country", "categorical", inferred=True))
    return now.Status(
        started=True,
        ready=True,
        reason="",
        watermarks=(now.Watermark("service", START + N_PANES * PANE),),
        partitions=(
            now.Partition("predictions", 0, 41_200, 41_212, START + N_PANES * PANE),
            now.Partition("predictions", 1, 40_871, 40_871, START + N_PANES * PANE, idle=True),
        ),
        models=(
            now.Model(WELL, ("3",), "watching", 1.0, events=16_000),
            now.Model(DRIFTING, ("3",), "watching", 1.0, events=16_000),
            now.Model(LEARNING, ("1",), "learning", 0.375, 9 * HOUR, 24 * HOUR, 3_100, features),
        ),
        commit=412,
        commit_seconds=0.012,
        triggers_pending=0,
        memory_bytes=148_000_000,
        store_bytes=12_000_000,
    )


def _drawn(random: Generator, n: int, *, drifted: bool) -> tuple[dict[str, np.ndarray], np.ndarray]:
    numeric = {
        "amount": random.lognormal(4, 1, n) * (10 if drifted else 1),
        "age": random.normal(40, 12, n).round(),
        "balance": random.normal(0, 1_000, n),
    }
    return numeric, random.choice(len(COUNTRIES), n, p=[0.4, 0.25, 0.2, 0.1, 0.05])


def _summary(plan_grid: object, numeric: dict[str, np.ndarray], country: np.ndarray) -> parts.Summary:
    values = np.stack([numeric[name] for name in NUMERIC], axis=1)
    return parts.of(plan_grid, values, country[:, None].astype(np.uint16), np.empty((len(country), 0), np.int64), 1)


def _model(model: str, random: Generator) -> Told:
    numeric, country = _drawn(random, N_REFERENCE, drifted=False)
    grid = build(numeric, {"country": [COUNTRIES[i] for i in country]})
    order = np.array([grid.vocabularies[0].index(name) for name in COUNTRIES])
    plan = Plan(model, START, grid, (), _summary(grid, numeric, order[country]), "learned from the stream", ("age",))
    yield "plans", {"id": plan.id, "model": model, "since": START, "body": plan.body}
    yield "spreads", {
        "model": model, "plan": plan.id, "state": "over", "end": _span(0, PANE)["end"], "spread": b"",
        "promised": 1.0, "expected": 0.4, "verdicts": 500, "alarms": 2,
    }  # fmt: skip
    for feature in grid.columns:
        kind = "numeric" if feature in NUMERIC else "categorical"
        cells = msgspec.json.encode(grid.cell_names(feature)).decode()
        inferred = feature in plan.inferred
        yield "features", {
            "plan": plan.id, "model": model, "feature": feature, "kind": kind, "inferred": inferred, "cells": cells,
        }  # fmt: skip
    for i in range(N_PANES):
        drifted = model == DRIFTING and i >= DRIFTS_FROM
        numeric, country = _drawn(random, N_PANE, drifted=drifted)
        packed = pack(_summary(grid, numeric, order[country]))
        of_model = {"model": model, "version": "3"} | _span(i, PANE)
        yield "panes", {**of_model, "plan": plan.id, "events": N_PANE, "summary": packed}
        key = {**of_model, "segment": ""}
        yield from _window(key | {"length": PANE}, plan, numeric, random, drifted=drifted)
        if (i + 1) % 12 == 0:
            hour = {**key, **_span((i + 1) // 12 - 1, HOUR), "length": HOUR}
            yield from _window(hour, plan, numeric, random, drifted=drifted)


def _window(key: Row, plan: Plan, numeric: dict[str, np.ndarray], random: Generator, *, drifted: bool) -> Told:
    verdict = "drift" if drifted else "ok"
    n = N_PANE * key["length"] // PANE
    yield "windows", {
        **key, "plan": plan.id, "reference": plan.source, "events": n, "complete": True, "verdict": verdict, "why": "",
        "assumes": "",
    }  # fmt: skip
    for feature in plan.grid.columns:
        values = numeric.get(feature, np.array([np.nan]))
        changed = drifted and feature == "amount"
        psi, gap = (2.4, 0.61) if changed else (random.gamma(4, 0.01), random.uniform(0.01, 0.05))
        is_number = feature in NUMERIC
        yield "distances", {
            **key, "feature": feature, "n": n, "n_reference": N_REFERENCE, "missing": 0.0, "odd": 0.0,
            "wrong_type": 0.0, "mean": values.mean(), "deviation": values.std(), "clamped": 0.0,
            "p": 1e-99 if changed else 0.4, "evidence": 21.3 if changed else random.uniform(0, 2),
            "evidence_limit": 4.2,
            "psi": psi, "jensen_shannon": gap, "kolmogorov_smirnov": gap if is_number else np.nan,
            "verdict": "drift" if changed else "ok",
        }  # fmt: skip
        if changed:
            yield "findings", {
                **key, "id": f"{key['end']}-{key['length']}", "feature": feature, "detector": "verdict", "value": 21.3,
                "limit": 4.2, "n": n, "cells": CELLS, "words": WORDS,
                "incident": INCIDENT, **_began(), "cause": "broken pipeline",
            }  # fmt: skip


def _began() -> Row:
    at, latest = (_span(i, PANE)["start"] for i in (DRIFTS_FROM, DRIFTS_FROM + 1))
    return {"began": at, "began_earliest": at, "began_latest": latest}


def _incident() -> Told:
    at = _span(DRIFTS_FROM + 1, PANE)["end"]
    about = {"model": DRIFTING, "version": "3"}
    opened = {"id": INCIDENT, "state": "opened", "at": at, "feature": "amount", "detector": "psi"}
    rule = {"kind": "drift", "rule": "drift", "severity": "warning", "why": "", "began": _began()["began"]}
    yield "incidents", about | opened | rule
    old = {
        "id": "0d1e",
        "at": _span(4, PANE)["end"],
        "feature": "age",
        "detector": "psi",
        "began": _span(3, PANE)["start"],
    }
    yield "incidents", about | rule | old | {"state": "opened"}
    yield "incidents", about | rule | old | {"state": "closed", "at": _span(9, PANE)["end"]}
    body = msgspec.json.encode({"specversion": "1.0", "id": TRIGGER, "subject": DRIFTING})
    yield "triggers", about | {"id": TRIGGER, "reason": "drift", "at": at, "incident": INCIDENT, "body": body}
    yield "relayed", {"outbox": "triggers", "upto": 1}


def _traffic() -> Told:
    for i in range(N_PANES):
        for model in (WELL, DRIFTING):
            yield "traffic", {"model": model, **_span(i, PANE), "events": N_PANE, "late": 2, "waiting": 0}
        fields = msgspec.json.encode({"features.amuont": 3}).decode()
        yield "unwatched", {"model": WELL, **_span(i, PANE), "looked_at": 6, "fields": fields}
        yield "rejected", {
            "topic": "predictions", "partition": 0, "end": _span(i, PANE)["end"], "reason": "json", "events": 1,
        }  # fmt: skip


def _labels(random: Generator) -> Told:
    """Labels come for hours after: what was told of a window when there were some, enough, and all of them."""
    for model, metrics in METRICS.items():
        for i in range(N_PANES):
            step = _span(i, PANE)["end"]
            yield "labels", {"model": model, **_span(i, PANE), "labels": 350}
            yield "met", {
                "model": model, "step": step, "predictions": N_PANE, "repeats": 1, "pairs": 340, "corrected": 4,
                "retracted": 2, "again": 3, "late": 1, "orphans": 5, "unsampled": 0, "unusable": 0,
            }  # fmt: skip
        for length in (PANE, HOUR):
            for i in range(N_PANES * PANE // length):
                yield from _numbers(model, metrics, i, length, random)
                yield from _gaps(model, i, length)


def _numbers(model: str, metrics: dict[str, float], i: int, length: int, random: Generator) -> Told:
    panes = length // PANE
    age = N_PANES - (i + 1) * panes
    revisions = ((SOME_CAME, "provisional", 0.15), (ENOUGH_CAME, "mature", 0.85), (ALL_CAME, "final", 0.98))
    falls = 0.8 if model == DRIFTING and (i + 1) * panes > DRIFTS_FROM else 1.0
    for after, status, share in revisions:
        if age < after:
            continue
        labelled = int(share * N_PANE * panes)
        for metric, usual in metrics.items():
            error = 0.5 * usual * labelled**-0.5
            value, ceiling = random.normal(falls * usual, error), 1.0 if usual < 1 else np.inf
            yield "performance", {
                "model": model, "version": "3", "segment": "", "metric": metric, "length": length, **_span(i, length),
                "step": _span((i + 1) * panes - 1 + after, PANE)["end"], "status": status,
                "value": min(value, ceiling),
                "error": error, "low": value - 1.96 * error, "high": min(value + 1.96 * error, ceiling),
                "reference": usual, "limit": usual - 4 * error, "baseline": 0.5 * usual,
                "verdict": "" if status == "provisional" else "worse" if value < usual - 4 * error else "well",
                "predicted": N_PANE * panes, "repeats": panes, "labelled": labelled, "rate": 1.0, "bound": 0.0,
            }  # fmt: skip


def _estimates() -> Told:
    """What scores of the drifting model said before labels came."""
    for i in range(N_PANES):
        for metric, usual in METRICS[DRIFTING].items():
            yield "estimates", {
                "model": DRIFTING, "version": "3", "segment": "", "metric": metric, "length": PANE, **_span(i, PANE),
                "basis": "file train.parquet", "value": usual, "chance": 0.02, "shared": 0.01, "low": usual - 0.05,
                "high": usual + 0.05, "n": N_PANE,
            }  # fmt: skip


def _gaps(model: str, i: int, length: int) -> Told:
    """How far groups are treated apart once a window's labels are enough: not far."""
    panes = length // PANE
    if model != DRIFTING or N_PANES - (i + 1) * panes < ENOUGH_CAME:
        return
    yield "performance", {
        "model": model, "version": "3", "segment": "sex", "metric": "demographic_parity_difference", "length": length,
        **_span(i, length), "step": _span((i + 1) * panes - 1 + ENOUGH_CAME, PANE)["end"], "status": "mature",
        "value": 0.02, "error": np.nan, "low": 0.0, "high": 0.04, "reference": np.nan, "limit": 0.05,
        "baseline": np.nan, "verdict": "well", "predicted": -1, "repeats": -1, "labelled": int(0.85 * N_PANE * panes),
        "rate": 1.0,
        "bound": 0.0,
    }  # fmt: skip


def _served(random: Generator) -> Told:
    """How services answered in each window of 5 minutes: all were well."""
    for model in (WELL, DRIFTING):
        for i in range(N_PANES):
            for metric, usual in SERVED.items():
                value = random.normal(usual, 0.02 * usual)
                yield "service", {
                    "model": model, "version": "" if metric == "traffic" else "3", "metric": metric, "length": PANE,
                    **_span(i, PANE), "n": N_PANE, "value": value, "low": 0.9 * value, "high": 1.1 * value,
                    "reference": usual, "n_reference": N_REFERENCE,
                    "limit": (0.5 if metric == "traffic" else 1.5) * usual, "verdict": "well",
                }  # fmt: skip


def _samples(random: Generator) -> Told:
    numeric, country = _drawn(random, 600, drifted=False)
    for i in range(600):
        features = {"amount": round(float(numeric["amount"][i]), 2), "country": COUNTRIES[country[i]]}
        payload = msgspec.json.encode({"id": str(i), "model": LEARNING, "features": features})
        yield "samples", {
            "model": LEARNING, "hash": int(random.integers(2**62)), "end": _span(0, PANE)["end"], "version": "1",
            "payload": payload,
        }  # fmt: skip


def _span(i: int, length: int) -> Row:
    start, end = (np.datetime64((START + each * length) // 1000, "us") for each in (i, i + 1))
    return {"start": start, "end": end}
