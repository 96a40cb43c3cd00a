"""The demo's retrainer: reads triggers as any retraining system would, fits the third model anew, and rolls it out.

It learns from the fresh data that the trigger names. Then it promotes the new version by a control: that is compared
with what it says of the fresh data, the incidents of the former version are closed, and it opens no others.
"""

import json
import secrets
from collections import deque
from collections.abc import Iterator
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
from stream.demo.world import Block
from stream.files import reference_file
from stream.reference import plan, save

(CONCEPT,) = CONCEPTS
PLAYER: Player = next(each for each in CAST if each.name == CONCEPT.model)
MARK = f'"model":"{CONCEPT.model}"'.encode()
TRIGGERS, CONTROL = "driftline.triggers", "driftline.control"
VERSION = "2"
KEPT_H = 26  # hours of the model's records that it remembers
ROWS_MIN = 250  # labelled tickets; with fewer it waits for what comes next


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
        self._watermark_ms = 0
        self._asked: dict[str, Any] | None = None
        self._fresh: list[dict[str, Any]] = []  # what it was fitted on, as the new version would have said it
        self.retrained: Retrained | None = None

    def published(self, block: Block) -> None:
        """Remember the model's records of an hour."""
        mine = [MARK in value for value in block.values]
        events = block.take(np.array(mine, np.bool_) & ~block.broken)
        self._blocks.append((list(events.values[~events.labels]), list(events.values[events.labels])))

    def look(self, watermark_ms: int, hour: int, begin_ms: int) -> None:
        """Read triggers, and do what one asks for. `hour`, from `begin_ms` on, is not published yet."""
        self._watermark_ms = watermark_ms
        if self.retrained is None:
            self._asked = self._asked or self._trigger()
            self.retrained = None if self._asked is None else self._retrained(self._asked, hour, begin_ms)
            if self.retrained is not None:
                self._promote(self.retrained)

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

    def _promote(self, made: Retrained) -> None:
        """Say that the new version is the one that is served, and what it is compared with."""
        path = self._settings.with_name(f"{made.model}-{made.version}.jsonl")
        path.write_bytes(b"\n".join(map(msgspec.json.encode, self._fresh)))
        settings = parse(self._settings.read_text(encoding="utf-8"))
        model = settings.model(made.model) or settings.defaults
        source = f"the fresh data of trigger {made.trigger}"
        reference = plan(made.model, reference_file(path).table, model, settings.limits, since=0, source=source)
        said = {"version": made.version, "saved": msgspec.Raw(save(reference)), "source": source}
        record = {"id": secrets.token_hex(8), "kind": "promote", "model": made.model, "who": "retrainer", **said}
        self._producer.produce(CONTROL, msgspec.json.encode(record), key=made.model)
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
