"""The demo: an embedded broker, the ordinary service, a publisher that plays a world to them, and a retrainer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from stream.demo.changes import CONCEPTS, STORY_H
from stream.demo.child import Child, ServiceFailed
from stream.demo.outcome import Measured, Outcome, Recovery, Retrained, Told, judge, recovery
from stream.demo.publisher import LABELS, TOPIC, Publisher
from stream.demo.retrainer import CONTROL, TRIGGERS, Retrainer
from stream.demo.world import World
from stream.embedded import EmbeddedBroker

LOOK_S = 0.25  # how often the service is asked how far it is; what is published ahead lasts for longer
NEWS_S = 1.0  # how often it is asked for incidents
AHEAD_H = 3  # hours of the story that are published before they are read: what is rolled out comes soon
STUCK_S = 60.0  # without any progress
LAST_MEASURED_MS = 2 * 60 * 60_000  # the same of windows of an hour, with the delay of their labels
LAST_MS = 10 * 60_000  # the last pane and the lateness: windows that end in it stay open when the log ends


class Scene(Struct, frozen=True):
    """What an audience sees while the demo plays: how far event time is, and incidents that were opened."""

    world: World
    watermark_ms: int
    n_published: int
    opened: tuple[Told, ...]
    retrained: Retrained | None = None


class Performance(Struct, frozen=True):
    """What happened. `seconds` of wall time, without the start of the broker and the service."""

    world: World
    outcome: Outcome
    recovery: Recovery | None
    triggers: tuple[dict[str, Any], ...]
    n_published: int
    n_broken: int
    seconds: float

    @property
    def good(self) -> bool:
        """All was found, nothing was claimed of what was well, and the model that was retrained has recovered."""
        return self.outcome.good and self.recovery is not None and self.recovery.found


class Stage:
    """Publisher and service, tied together: the one never runs further ahead than the broker remembers."""

    def __init__(self, world: World, parts: "Parts", show: Callable[[Scene], None]) -> None:
        self._world, self._show = world, show
        self._publisher, self._child, self._retrainer = parts
        self._hour = 0  # the first of the story that is not published
        self._watermark_ms, self._moved = 0, time.monotonic()
        self._asked, self._known = 0.0, 0

    def play(self) -> Performance:
        """Play the whole world, and judge what the service said."""
        begun, n_broken = time.monotonic(), 0
        for block in self._world.blocks(rollouts=self._retrainer.rollouts):
            self._publisher.send(block)
            self._retrainer.published(block)
            self._hour += 1
            n_broken += int(block.broken.sum())
            self._look()
            while self._publisher.ahead(self._watermark_ms) or self._ahead():
                time.sleep(LOOK_S)
                self._look()
        while not self._finished():
            time.sleep(LOOK_S)
            self._look()
        seconds = time.monotonic() - begun
        outcome, triggers, recovery = told(self._world, self._child, self._retrainer.retrained)
        n_published = self._publisher.n_published
        return Performance(self._world, outcome, recovery, triggers, n_published, n_broken, seconds)

    def _ahead(self) -> bool:
        """Whether more of the story is published than anybody need have before it is read."""
        read_ms = max(self._watermark_ms, self._world.start_ms)
        return self._world.start_ms + (self._hour - AHEAD_H) * self._world.hour_ms > read_ms

    def _look(self) -> None:
        """Ask the service how far it is; ServiceFailed where it has not moved for a long time."""
        watermark_ms, now = self._child.watermark_ms(), time.monotonic()
        if watermark_ms != self._watermark_ms:
            self._watermark_ms, self._moved = watermark_ms, now
        elif now - self._moved > STUCK_S:
            raise ServiceFailed(f"the service has read nothing for {STUCK_S:.0f} s, though there is more to read")
        begun_ms = self._world.start_ms + self._hour * self._world.hour_ms
        self._retrainer.look(watermark_ms, self._hour, begun_ms)
        opened: tuple[Told, ...] = ()
        if now - self._asked > NEWS_S:
            incidents, self._asked = self._incidents(), now
            fresh, self._known = incidents[: len(incidents) - self._known], len(incidents)
            opened = tuple(incident(each) for each in reversed(fresh))
        n_published, retrained = self._publisher.n_published, self._retrainer.retrained
        self._show(Scene(self._world, self._watermark_ms, n_published, opened, retrained))

    def _incidents(self) -> list[dict[str, Any]]:
        """All there were, the newest first."""
        return list(self._child.page("/v1/incidents")["items"])

    def _finished(self) -> bool:
        """Whether the last windows that the log closes are kept, and labels have said something of them."""
        end_ms = self._world.start_ms + STORY_H * self._world.hour_ms
        measured = [f"/v1/models/{concept.model}/performance" for concept in CONCEPTS]
        return self._newest_ms("/v1/windows") >= end_ms - LAST_MS and all(
            self._newest_ms(path) >= end_ms - LAST_MEASURED_MS for path in measured
        )

    def _newest_ms(self, path: str) -> int:
        """The end of the newest window of a list; 0 while there is none."""
        newest = self._child.page(path, limit="1")["items"]
        return _ms(newest[0]["end"]) if newest else 0


class Parts(NamedTuple):
    """Who plays."""

    publisher: Publisher
    child: Child
    retrainer: Retrainer


@contextmanager
def staged(folder: Path, port: int) -> Iterator[Parts]:
    """A broker, a publisher, a service that is ready, and a retrainer; they go with the end of the block."""
    with EmbeddedBroker() as broker:
        for topic in (TOPIC, LABELS, TRIGGERS, CONTROL):
            broker.create(topic)
        with Child(folder, broker.bootstrap, port) as child:
            child.wait_until_ready()
            yield Parts(Publisher(broker.bootstrap), child, Retrainer(broker.bootstrap, child.settings))


def told(
    world: World, child: Child, retrained: Retrained | None
) -> tuple[Outcome, tuple[dict[str, Any], ...], Recovery | None]:
    """What the service says about a world, judged; its triggers, the oldest first; and how a new version does."""
    findings = [
        Told(row["model"], _ms(row["end"]), _ms(row["start"]), row["feature"], row["detector"], row["words"])
        for row in child.rows("/v1/findings")
    ]
    accuracies = [
        Measured(
            row["model"], _ms(row["start"]), _ms(row["end"]), row["value"], row["low"], row["high"], row["version"]
        )
        for concept in CONCEPTS
        for row in child.rows(f"/v1/models/{concept.model}/performance", metric="accuracy", segment="")
        if row["status"] != "provisional"
    ]
    triggers = tuple(reversed(child.rows("/v1/triggers")))
    incidents = child.page("/v1/incidents")["items"]
    claims = [incident(row) for row in incidents]
    claims += [Told(row["model"], _ms(row["at"]), words="retraining was asked for") for row in triggers]
    outcome = judge(world, findings, accuracies, claims)
    if retrained is None:
        return outcome, triggers, None
    mine = (retrained.model, retrained.version)
    left = sum(row["model"] == retrained.model and row["closed"] is None for row in incidents)
    asked = sum((row["model"], row["version"]) == mine for row in triggers)
    return outcome, triggers, recovery(retrained, outcome.falls, accuracies, left, asked)


def incident(row: dict[str, Any]) -> Told:
    """An incident of the API."""
    return Told(row["model"], _ms(row["opened"]), 0, row["feature"], row["detector"], "an incident was opened")


def _ms(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000)
