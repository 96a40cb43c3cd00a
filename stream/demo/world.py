"""The demo's world: a seed becomes the logs of four models, in order of arrival, with all that real logs have.

A day has a rhythm in how many events come, never in how they are distributed. Events arrive a few seconds after their
time, so they are slightly out of order; one in 5,000 is late, and one in 10,000 is broken. What was true of a ticket is
known some minutes later, and comes on a topic of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream.demo.cast import CAST, CLASSES, Floats, Player, Truth, Values
from stream.demo.changes import CHANGES, CONCEPTS, FAULTS, GAPS, STORY_H, Change, Concept, Fault, Gap
from stream.demo.head import Rollouts

Ints = NDArray[np.int64]

SECOND_MS = 1_000
HOUR_MS = 3_600 * SECOND_MS
START_MS = 1_767_571_200_000  # Monday, 2026-01-05: a fixed day, so that a seed gives the same log on every day

RHYTHM = 0.6  # so much more than the mean in hour 16 of a day, so much less in hour 4
DELAY_MS, DELAY_MS_MAX = 3 * SECOND_MS, 60 * SECOND_MS  # mean, and less than the lateness: out of order is not late
LATE_SHARE, LATE_MS = 2e-4, 15 * 60 * SECOND_MS  # beyond a pane and the lateness
BROKEN_SHARE = 1e-4
LATENCY_MS, TIMEOUT_SHARE = 12.0, 0.005
LABEL_DELAYS_MAX = 6  # a truth is known after so many mean delays at the latest


@dataclass(frozen=True)
class Block:
    """Records in order of arrival: what they hold, when they arrive, what they are spread by, whether they are broken.

    All (n,). A record's partition is its `keys`, a random number, modulo the number of partitions. `labels` says which
    are for the topic of labels.
    """

    values: NDArray[np.object_]
    arrivals_ms: Ints
    keys: Ints
    broken: NDArray[np.bool_]
    labels: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.values)

    def __add__(self, other: "Block") -> "Block":
        return Block(
            np.concatenate((self.values, other.values)),
            np.concatenate((self.arrivals_ms, other.arrivals_ms)),
            np.concatenate((self.keys, other.keys)),
            np.concatenate((self.broken, other.broken)),
            np.concatenate((self.labels, other.labels)),
        )

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Block":
        """Some of the records."""
        broken, labels = self.broken[rows], self.labels[rows]
        return Block(self.values[rows], self.arrivals_ms[rows], self.keys[rows], broken, labels)


NOTHING = Block(np.empty(0, np.object_), *np.empty((2, 0), np.int64), *np.empty((2, 0), np.bool_))


class World(msgspec.Struct, frozen=True):
    """A seed, and the scale in which the story is told.

    An hour of the story takes `hour_ms` of event time; `rate` multiplies the traffic of all models.
    """

    seed: int = 1
    start_ms: int = START_MS
    hour_ms: int = HOUR_MS
    rate: float = 1.0

    def blocks(self, hours: int | None = STORY_H, rollouts: Rollouts | None = None) -> Iterator[Block]:
        """The log, a block for each hour of the story; without an end where `hours` is None.

        What a retrainer puts into `rollouts` meanwhile answers from the hour on that it says.
        """
        on_the_way = NOTHING
        rollouts = rollouts or Rollouts()
        hour = 0
        while hour != hours:
            hour += 1
            block = on_the_way + self._hour(hour - 1, rollouts)
            block = block.take(np.argsort(block.arrivals_ms, kind="stable"))
            arrived = (block.arrivals_ms < self.start_ms + hour * self.hour_ms) | (hour == hours)
            on_the_way = block.take(~arrived)
            yield block.take(arrived)

    def span_ms(self, change: Change | Concept | Fault | Gap) -> tuple[int, int]:
        """When a change begins and ends."""
        begin, end = (self.start_ms + round(hour * self.hour_ms) for hour in (change.begin_h, change.end_h))
        return begin, end

    def _hour(self, hour: int, rollouts: Rollouts) -> Block:
        """The events whose time lies in one hour of the story."""
        random = np.random.default_rng((self.seed, hour))
        busy = self.rate * (1 + RHYTHM * np.sin(2 * np.pi * (hour + 0.5 - 10) / 24))
        values: list[bytes] = []
        times: list[Ints] = []
        said = NOTHING
        for player in CAST:
            n = int(random.poisson(player.per_hour * busy))
            times.append(np.sort(random.integers(0, self.hour_ms, n)) + self.start_ms + hour * self.hour_ms)
            events, answers, features = self._events(player, hour, times[-1], random, rollouts)
            values += events
            if player.truth is not None:
                said += self._labels(player, player.truth, hour, times[-1], answers, features)
        n = len(values)
        delays_ms = np.minimum(random.exponential(DELAY_MS, n), DELAY_MS_MAX)
        delays_ms[random.random(n) < LATE_SHARE] = LATE_MS
        broken = random.random(n) < BROKEN_SHARE
        for i in np.flatnonzero(broken).tolist():
            values[i] = _broken(values[i], int(random.integers(4)))
        arrivals_ms = np.concatenate(times) + delays_ms.astype(np.int64)
        keys, none = random.integers(0, 2**32, n), np.zeros(n, np.bool_)
        return Block(np.array(values, np.object_), arrivals_ms, keys, broken, none) + said

    def _events(
        self, player: Player, hour: int, times_ms: Ints, random: np.random.Generator, rollouts: Rollouts
    ) -> tuple[list[bytes], Sequence[object], dict[str, Values]]:
        """The events of one model at these times, as their publisher writes them.

        And what its first version says of them, on which the truth rests, whoever answers; and what it sees.
        """
        n = len(times_ms)
        story_h = (times_ms - self.start_ms) / self.hour_ms
        features = player.features(n, random)
        for change in CHANGES:
            if change.model == player.name:
                features[change.feature] = change.apply(features[change.feature], story_h % STORY_H, random)
        opinion = player.opinion(features, random)
        told: dict[str, Sequence[object]] = {}
        if player.group is not None:
            groups = player.group.values(np.random.default_rng((self.seed, hour, 2)).standard_normal(n))
            for gap in GAPS:
                if (gap.model, gap.feature) == (player.name, player.group.name):
                    opinion = gap.apply(opinion, groups, story_h % STORY_H)
            told = {"segments": [{player.group.name: group} for group in groups.tolist()]}
        first = answers = player.answers(opinion)
        written, versions = _written(player, features), _versions(player, story_h, random)
        if (rollout := rollouts.of(player.name, hour)) is not None:
            answers, versions = rollout.head.answers(first, written), [rollout.version] * n
        columns = {
            "id": [f"{player.name}-{hour}-{i}" for i in range(n)],
            "kind": ["prediction"] * n,
            "model": [player.name] * n,
            "version": versions,
            "time": np.datetime_as_string(times_ms.view("datetime64[ms]"), timezone="UTC").tolist(),
            "features": [dict(zip(written, row, strict=True)) for row in zip(*written.values(), strict=True)],
            **answers,
            **told,
            "latency_ms": _latencies(player, story_h % STORY_H, random),
            "status": np.where(random.random(n) < TIMEOUT_SHARE, "timeout", "ok").tolist(),
        }
        return _documents(columns), first.get("prediction", ()), features

    def _labels(  # noqa: PLR0913, PLR0917 - what was, and what was said of it
        self,
        player: Player,
        truth: Truth,
        hour: int,
        times_ms: Ints,
        answers: Sequence[object],
        features: Mapping[str, Values],
    ) -> Block:
        """What was true of one model's events at these times: known later, and sent at once."""
        n = len(times_ms)
        random = np.random.default_rng((self.seed, hour, 1))  # the events are those of a world without labels
        shift = np.where(random.random(n) < truth.right, 0, random.integers(1, len(CLASSES), n))
        places = [CLASSES.index(str(answer)) for answer in answers]
        truths = np.array(CLASSES)[(np.array(places, np.int64) + shift) % len(CLASSES)]
        story_h = (times_ms - self.start_ms) / self.hour_ms % STORY_H
        for concept in CONCEPTS:
            if concept.model == player.name:
                truths = concept.apply(truths, CLASSES, story_h, features)
        delays_h = np.minimum(random.exponential(truth.delay_h, n), LABEL_DELAYS_MAX * truth.delay_h)
        known_ms = times_ms + (delays_h * self.hour_ms).astype(np.int64)
        columns = {
            "id": [f"{player.name}-{hour}-{i}" for i in range(n)],
            "kind": ["label"] * n,
            "model": [player.name] * n,
            "time": known_ms.tolist(),
            "label": truths.tolist(),
        }
        values, whole = np.array(_documents(columns), np.object_), np.zeros(n, np.bool_)
        return Block(values, known_ms, random.integers(0, 2**32, n), whole, ~whole)


def _documents(columns: Mapping[str, Sequence[object]]) -> list[bytes]:
    """The rows as JSON."""
    encode = msgspec.json.Encoder().encode
    return [encode(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _written(player: Player, features: dict[str, Values]) -> dict[str, Sequence[object]]:
    """Features as they are written: rounded, and what is missing (not a number) becomes null in JSON."""
    numeric = {each.name: np.asarray(features[each.name], np.float64).round(each.decimals) for each in player.numeric}
    return {name: values.tolist() for name, values in (features | numeric).items()}


def _versions(player: Player, story_h: Floats, random: np.random.Generator) -> list[str]:
    """The version that answers each event: of the roll-outs that have begun, the last one that takes it."""
    versions = np.full(len(story_h), player.rollouts[0].version)
    for rollout in player.rollouts[1:]:
        versions[(story_h >= rollout.from_h) & (random.random(len(story_h)) < rollout.share)] = rollout.version
    return list(versions.tolist())


def _latencies(player: Player, story_h: Floats, random: np.random.Generator) -> list[float]:
    """How long each answer takes, in ms."""
    latencies = LATENCY_MS * np.exp(0.4 * random.standard_normal(len(story_h)))
    for fault in FAULTS:
        if fault.model == player.name:
            latencies = fault.apply(latencies, story_h)
    return list(latencies.round(1).tolist())


def _broken(value: bytes, how: int) -> bytes:
    """The event as a publisher with a defect writes it."""
    return (
        value[: len(value) // 2],  # cut off
        value.replace(b'"model":', b'"modle":'),  # a field misspelt
        value.replace(b'"time":"', b'"time":"around '),  # no time
        b"[" + value + b"]",  # no object
    )[how]
