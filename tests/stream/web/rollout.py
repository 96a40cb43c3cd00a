"""A store with two versions of a model side by side: windows, labels that come, and what else a gate looks at."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.random import default_rng

from sinks.commit import BY_NAME, Commit, columns
from sinks.commit.table import type_of
from sinks.memory import MemoryStore
from stream.config.settings import MINUTE, Settings
from stream.web.page.status import Model, Status

PANE = 5 * MINUTE
START = 1_795_176_000 * 1_000_000_000  # 2026-11-20T12:00:00Z
MODEL, OLD, NEW = "fraud", "3", "4"
CELLS = ("true_negatives", "false_positives", "false_negatives", "true_positives")
Row = Mapping[str, object]


def status() -> Status:
    """The service that watches the model."""
    return Status(models=(Model(MODEL, (OLD, NEW), "watching", 1.0),))


def moment(ns: int) -> np.datetime64:
    """An event time as the store has it."""
    return np.datetime64(ns // 1_000, "us")


def committed(store: MemoryStore, **tables: list[Row]) -> MemoryStore:
    """The store with one more Commit: rows say only what they are about."""
    written = {}
    for name, rows in tables.items():
        usual = {
            each.name: b"" if each.kind == "bytes" else _usual(type_of[each.kind]) for each in BY_NAME[name].columns
        }
        filled = {key: [row.get(key, value) for row in rows] for key, value in usual.items()}
        written[name] = columns(BY_NAME[name], filled)
    store.write(Commit(store.last() + 1, written))
    return store


def window(version: str, i: int, events: int = 400, **other: object) -> Row:
    """A closed window of 5 minutes, without drift."""
    span = {"start": moment(START + i * PANE), "end": moment(START + (i + 1) * PANE), "length": PANE}
    return {"model": MODEL, "version": version, **span, "events": events, "complete": True, "verdict": "ok"} | other


def told(version: str, i: int, metric: str, value: float, n: int, **other: object) -> Row:
    """What was told of a window."""
    span = {"start": moment(START + i * PANE), "end": moment(START + (i + 1) * PANE), "length": PANE}
    step = moment(START + (i + 2) * PANE)
    error = float(np.sqrt(max(value * (1 - value), 0) / n))
    usual = {"model": MODEL, "version": version, "metric": metric, "step": step, "status": "mature", "value": value}
    ends = {"error": error, "low": value - 2 * error, "high": value + 2 * error}
    return usual | span | ends | {"predicted": n, "repeats": 0, "labelled": n, "rate": 1.0, "bound": 0.0} | other


def rollout(
    accuracies: tuple[float, float] = (0.9, 0.9), windows: int = 40, sizes: tuple[int, int] = (400, 400), seed: int = 5
) -> MemoryStore:
    """Two versions, the older one an hour longer; two labels in ten are positive."""
    random, closed, numbers = default_rng(seed), [], []
    for version, accuracy, size, since in zip((OLD, NEW), accuracies, sizes, (0, 12), strict=True):
        for i in range(since, since + windows - 12 * (version == NEW)):
            closed.append(window(version, i, int(random.poisson(size))))
            cells = random.multinomial(
                size, [0.8 * accuracy, 0.8 * (1 - accuracy), 0.2 * (1 - accuracy), 0.2 * accuracy]
            )
            shares = cells / size
            numbers.append(told(version, i, "accuracy", float(shares[0] + shares[3]), size))
            numbers += [told(version, i, name, float(share), size) for name, share in zip(CELLS, shares, strict=True)]
    plan = {"id": "p", "model": MODEL, "since": START, "body": b"{}"}
    return committed(MemoryStore(), plans=[plan], windows=closed, performance=numbers)


def configured(**shares: float) -> Settings:
    """Labels have a topic; versions have intended shares, if any."""
    settings = Settings()
    model = msgspec.structs.replace(
        settings.defaults,
        versions=msgspec.structs.replace(
            settings.defaults.versions, shares={k.lstrip("v"): v for k, v in shares.items()}
        ),
    )
    events = msgspec.structs.replace(settings.events, labels=("labels",))
    return msgspec.structs.replace(settings, events=events, defaults=model, patterns=(("*", model),))


def started(settings: Settings, at: int) -> Row:
    """A row of the journal: a start with other settings than before."""
    detail: dict[str, Any] = {"configured": "x", "settings": msgspec.to_builtins(settings)}
    return {"kind": "start", "detail": msgspec.json.encode(detail).decode(), "at": moment(at), "partition": -1}


def _usual(kind: np.dtype[np.generic]) -> object:
    if kind.kind == "M":
        return moment(START)
    return {"i": 0, "f": 0.0, "b": False}.get(kind.kind, "")
