"""A small log with all that time and order can do: disorder, late events, silence, newcomers, refusals."""

import json
import random
from dataclasses import dataclass
from functools import cache

import numpy as np

from stream.config.parse import parse
from stream.config.settings import MINUTE, Settings
from stream.events import Partition, Records

FEW = 0.35  # of the way: from there on few predictions have an id
BEGIN = 1_795_000_020_000  # ms, aligned to nothing on purpose
CONFIGURATION = """
limits: {pending: 100}
events: {predictions: [predictions, mixed], labels: [mixed], max_skew: 30s, max_ahead: 2m}
defaults: {windows: [1m, 5m, 20m], lateness: 20s, false_triggers_per_month: 1, tolerate: 0.02,
           reference: {learn: 12m}, labels: {within: 5m}}
models:
  "*": {}
  shop: {reference: {learn: 10m}, segments: [site], drift: {tests: [ks], together: [correlation], sample: 50}}
  quiet: {topics: [predictions]}
"""
CHANGED = CONFIGURATION.replace("segments: [site]", "segments: [site, country]")


@dataclass(frozen=True)
class Silence:
    """A partition falls idle before this offset; its reader raises the clock to `until` there."""

    partition: Partition
    offset: int
    until: int


@dataclass(frozen=True)
class World:
    """Records per partition (offset, timestamp ms, value), releases that readers made, and when the plan changes."""

    log: dict[Partition, list[tuple[int, int, bytes | None]]]
    silences: tuple[Silence, ...]
    change_at: dict[Partition, int]  # offsets at which the service is restarted with CHANGED

    def records(self, partition: Partition, begin: int, end: int) -> Records:
        """The records with offsets in [begin, end); the holes that control records leave are part of the log."""
        chosen = [record for record in self.log[partition] if begin <= record[0] < end]
        return Records(
            *partition,
            np.array([offset for offset, _, _ in chosen], np.int64),
            np.array([stamp for _, stamp, _ in chosen], np.int64),
            [value for _, _, value in chosen],
            end,
        )

    def end(self, partition: Partition) -> int:
        """The offset behind the last record."""
        return self.log[partition][-1][0] + 1


@cache
def settings(changed: bool) -> Settings:
    """The configuration before and after the change of plan."""
    return parse(CHANGED if changed else CONFIGURATION)


def world(seed: int, minutes: int = 60, per_minute: int = 14) -> World:
    """Three partitions of two topics; one of them falls silent in the middle."""
    rng = random.Random(seed)
    partitions: list[Partition] = [("mixed", 0), ("predictions", 0), ("predictions", 1)]
    log: dict[Partition, list[tuple[int, int, bytes | None]]] = {}
    silences = []
    for place, partition in enumerate(partitions):
        offset, clock, records = rng.randrange(50), BEGIN, []
        n = minutes * per_minute
        silent = range(3 * n // 10, 3 * n // 10 + 8 * per_minute) if place == 2 else range(0)
        for i in range(n):
            clock += rng.randrange(2 * 60_000 // per_minute)
            if i in silent:
                if i == silent[0]:
                    until = (clock + 7 * 60_000) * 1_000_000
                    silences.append(Silence(partition, offset, until))
                continue
            records.append((offset, clock + rng.randrange(2_000), _value(rng, partition, i, clock, minutes)))
            offset += 1 if rng.random() > 0.02 else rng.randrange(2, 5)  # control records leave holes
        log[partition] = records
    # In the end every reader is idle: the greatest clock and some time.
    last = max(stamp for records in log.values() for _, stamp, _ in records) * 1_000_000 + 30 * MINUTE
    silences += [Silence(partition, log[partition][-1][0] + 1, last) for partition in partitions]
    changed = BEGIN + int(0.7 * minutes * 60_000)
    change_at = {p: next(offset for offset, stamp, _ in log[p] if stamp >= changed) for p in partitions}
    return World(log, tuple(silences), change_at)


def _value(rng: random.Random, partition: Partition, i: int, clock: int, minutes: int) -> bytes | None:
    """One record: mostly an ordinary event, sometimes odd, late, ahead or broken."""
    dice = rng.random()
    if dice < 0.01:
        return rng.choice(
            [None, b"", b"{", b"[1]", b'{"kind": "prediction"}', b"\xff\xfe", b'{"kind":1,"model":"shop","time":1}']
        )
    time = clock - rng.randrange(15_000)
    if dice < 0.03:
        time -= rng.randrange(60_000, 400_000)  # late
    elif dice < 0.035:
        time += 300_000  # its clock runs ahead: refused
    progress = (clock - BEGIN) / (minutes * 60_000)
    model = "shop" if dice < 0.6 else "quiet" if dice < 0.85 else "newcomer" if progress > 0.2 else "shop"
    event: dict[str, object] = {
        "id": f"{partition[1]}-{i}" if progress < FEW or i % 8 == 0 else None,
        "kind": "features" if 0.2 < dice < 0.25 else "prediction",
        "model": model if partition[0] == "predictions" or model != "quiet" else "shop",
        "version": "2" if progress > 0.5 and rng.random() < 0.5 else "1",
        "time": time,
        "features": {
            "amount": rng.gauss(100, 15) * (10 if progress > 0.75 else 1),
            "n": rng.randrange(6),
            "country": rng.choice(["FR", "DE", "ES"]),
            "odd": rng.choice([1.5, None, "x", float("nan"), 1e300, True]) if rng.random() < 0.2 else rng.random(),
        },
        "score": rng.random(),
        "prediction": rng.randrange(2),
        "latency_ms": (3 + i % 7, 40.5, None, "slow", 12)[i % 5],
        "status": ["ok", 200, "ok", "timeout", None][i % 5],
        "segments": {"site": rng.choice(["paris", "lyon"])},
        "attributions": _attributions(i, progress),
        "trace": "a field that nobody watches",
    }
    if i % 11 == 0:
        del event["attributions"]
    if partition[0] == "mixed" and 0.3 < dice < 0.4:
        event = {"id": f"{partition[1]}-{i - 8 - i % 8}", "kind": "label", "model": "shop", "time": time, "label": 1}
    if rng.random() < 0.01:
        event["model"] = f"passer-by-{rng.randrange(3)}"
    return json.dumps(event).encode()


def _attributions(i: int, progress: float) -> object:
    """How much was made of each feature; later of others, and sometimes nothing that can be read."""
    dice = random.Random(f"{i} {progress}")  # its own: all else stays as it is
    most, least = ("amount", "n") if progress < 0.6 else ("n", "amount")
    told: dict[str, object] = {most: dice.gauss(0, 3), "country": dice.gauss(1, 0.2), least: dice.gauss(0, 0.1)}
    if i % 13 == 0:
        told["n"] = dice.choice([None, "x", 1e300, float("nan")])
    return dice.choice([None, 3, []]) if i % 29 == 0 else told
