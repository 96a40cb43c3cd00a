"""The demo's retrainer: reads triggers as any retraining system would, fits the third model anew, and rolls it out.

It learns from the fresh data that the trigger names. Then it speaks to the monitor by controls: the model is paused
until its new version answers, is compared with what that version says of the fresh data, and goes on; the incident of
the former version is closed when its last labels are known.
"""

import json
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from stream.config.parse import parse
from stream.demo.cast import CAST, Player
from stream.demo.changes import CONCEPTS
from stream.demo.head import Rollout, Rollouts, fit
from stream.demo.outcome import Retrained
from stream.demo.world import HOUR_MS, Block
from stream.files import reference_file
from stream.reference import plan, save

(CONCEPT,) = CONCEPTS
PLAYER: Player = next(each for each in CAST if each.name == CONCEPT.model)
MARK = f'"model":"{CONCEPT.model}"'.encode()
TRIGGERS, CONTROL = "driftline.triggers", "driftline.control"
VERSION = "2"
KEPT_H = 26  # hours of the model's records that it remembers
ROWS_MIN = 250  # labelled tickets; with fewer it waits for what comes next
RESUMED_MS = HOUR_MS // 4  # after the rollout the new reference surely holds
LABELS_MS = 2 * HOUR_MS  # after it all is known of what the former version said


class Retrainer:
    """Told of what is published, and asked to look now and then."""

    def __init__(self, bootstrap: str, settings: Path) -> None:
        from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

        self._settings, self.rollouts = settings, Rollouts()
        self._blocks: deque[tuple[list[bytes], list[bytes]]] = deque(maxlen=KEPT_H)
        self._producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": "retrainer", "enable.auto.commit": False, "log_level": 0}
        )
        there = self._consumer.list_topics(TRIGGERS, timeout=10).topics[TRIGGERS].partitions
        self._consumer.assign([TopicPartition(TRIGGERS, each, OFFSET_BEGINNING) for each in there])
        self._steps: Iterator[None] = iter(())
        self._watermark_ms = 0
        self._asked: dict[str, Any] | None = None
        self._fresh: list[dict[str, Any]] = []  # what it was fitted on, as the new version would have said it
        self.retrained: Retrained | None = None

    def published(self, block: Block) -> None:
        """Remember the model's records of an hour."""
        mine = [MARK in value for value in block.values]
        events = block.take(np.array(mine, np.bool_) & ~block.broken)
        self._blocks.append((list(events.values[~events.labels]), list(events.values[events.labels])))

    def look(self, watermark_ms: int, hour: int, begin_ms: int, incidents: Callable[[], list[dict[str, Any]]]) -> None:
        """Read triggers, and go on with what was begun. `hour`, from `begin_ms` on, is not published yet."""
        self._watermark_ms = watermark_ms
        if self.retrained is None:
            self._asked = self._asked or self._trigger()
            made = None if self._asked is None else self._retrained(self._asked, hour, begin_ms)
            if made is not None:
                self.retrained, self._steps = made, self._roll_out(made, incidents)
        next(self._steps, None)

    def _trigger(self) -> dict[str, Any] | None:
        """The first trigger that is ours: of the model, and because of what is true of it."""
        for message in self._consumer.consume(100, 0.0):
            if not message.error():
                trigger: dict[str, Any] = json.loads(message.value() or b"")
                data = trigger["data"]
                if (data["model"], data["reason"], data["hold_training"]) == (CONCEPT.model, "performance", False):
                    return trigger
        return None

    def _retrained(self, trigger: dict[str, Any], hour: int, from_ms: int) -> Retrained | None:
        """Fit the last layer on the trigger's fresh data and what has come since, and put it in place."""
        begin_ms, end_ms = _ms(trigger["data"]["fresh_data"]["from"]), self._watermark_ms
        truths = {label["id"]: label["label"] for label in self._records(1) if label["time"] <= end_ms}
        rows = [
            event for event in self._records(0) if event["id"] in truths and begin_ms <= _ms(event["time"]) < end_ms
        ]
        if len(rows) < ROWS_MIN:
            return None
        said, features = _columns(rows)
        head = fit(PLAYER.categorical, said, features, [truths[row["id"]] for row in rows])
        self.rollouts.heads[CONCEPT.model] = Rollout(hour, VERSION, head)
        answers = head.answers(said, features)
        new = [dict(zip(answers, row, strict=True)) for row in zip(*answers.values(), strict=True)]
        self._fresh = [row | each | {"version": VERSION} for row, each in zip(rows, new, strict=True)]
        return Retrained(CONCEPT.model, VERSION, trigger["id"], len(rows), from_ms)

    def _roll_out(self, made: Retrained, incidents: Callable[[], list[dict[str, Any]]]) -> Iterator[None]:
        """What the monitor is told, step by step, as event time goes on."""
        self._ask("pause", words=f"version {made.version} is rolled out")
        path = self._settings.with_name(f"{made.model}-{made.version}.jsonl")
        path.write_bytes(b"\n".join(map(msgspec.json.encode, self._fresh)))
        settings = parse(self._settings.read_text(encoding="utf-8"))
        model = settings.model(made.model) or settings.defaults
        read = reference_file(path)
        source = f"the fresh data of trigger {made.trigger}"
        saved = save(plan(made.model, read.table, model, settings.limits, since=0, source=source))
        self._ask("reference", saved=msgspec.Raw(saved), source=source)
        while self._watermark_ms < made.from_ms + RESUMED_MS:
            yield
        self._ask("resume", words=f"version {made.version} answers")
        while self._watermark_ms < made.from_ms + LABELS_MS:
            yield
        for incident in incidents():
            if incident["model"] == made.model and incident["closed"] is None:
                self._ask("close", incident=incident["id"], words=f"version {made.version} has taken its place")

    def _ask(self, kind: str, **said: object) -> None:
        """Put a control onto its topic."""
        record = {"id": secrets.token_hex(8), "kind": kind, "model": CONCEPT.model, "who": "retrainer", **said}
        self._producer.produce(CONTROL, msgspec.json.encode(record), key=CONCEPT.model)
        self._producer.flush(10)

    def _records(self, place: int) -> Iterator[dict[str, Any]]:
        for block in self._blocks:
            yield from map(msgspec.json.decode, block[place])


def _columns(rows: list[dict[str, Any]]) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What the model has said, and its features."""
    said = {name: [row[name] for row in rows] for name in ("prediction", "scores")}
    return said, {name: [row["features"][name] for row in rows] for name in rows[0]["features"]}


def _ms(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000)
