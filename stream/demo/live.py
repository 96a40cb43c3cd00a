"""A publisher without an end, for a broker that is there already: the days before now, then what happens now."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from stream.demo.publisher import LABELS, TOPIC, Publisher
from stream.demo.world import HOUR_MS, Block, Ints, World

HISTORY_H = 60  # hours that a fresh topic begins with: a day to learn from, three changes; the fourth comes in 2 hours
LOOK_S = 0.5  # how often it looks whether something is due


def publish_for_ever(bootstrap: str, seed: int, speed: float | None, say: Callable[[str], None]) -> None:
    """Play the story again and again. PublishFailed where the broker takes nothing.

    The past comes `speed` times as fast as it happened, or as fast as it goes; the present as it happens.
    """
    publisher = Publisher(bootstrap)
    partitions, begun_ms = publisher.partitions(), _now_ms()
    publisher.labels = publisher.labelled()
    fresh = publisher.fresh(partitions)
    world = World(seed, start_ms(begun_ms, fresh=fresh))
    since_ms = world.start_ms if fresh else begun_ms  # an earlier publisher may have sent this hour's first part
    since = datetime.fromtimestamp(since_ms / 1_000, UTC)
    topics = f"{TOPIC} and {LABELS}" if publisher.labels else f"{TOPIC} (there is no topic {LABELS})"
    say(f"publishing to {topics} at {bootstrap}, from {since:%Y-%m-%d %H:%M} UTC on; Ctrl-C ends it")
    for block in world.blocks(None):
        due = due_ms(block.arrivals_ms, world.start_ms, begun_ms, speed)
        sent = int(np.searchsorted(block.arrivals_ms, since_ms))
        while sent < len(block):
            upto = max(sent, int(np.searchsorted(due, _now_ms(), side="right")))
            publisher.send(_between(block, sent, upto), partitions)
            sent = upto
            time.sleep(LOOK_S if sent < len(block) else 0.0)


def start_ms(now_ms: int, *, fresh: bool) -> int:
    """When the story begins: in the past of a topic that holds nothing yet, so that there is something to see."""
    hour = now_ms // HOUR_MS * HOUR_MS
    return hour - HISTORY_H * HOUR_MS if fresh else hour


def due_ms(arrivals_ms: Ints, start_ms: int, begun_ms: int, speed: float | None) -> Ints:
    """When records are sent: never before they happen, nor before the past has been played up to them, (n,)."""
    played = begun_ms + (arrivals_ms - start_ms) / speed if speed else np.zeros(len(arrivals_ms))
    return np.maximum(arrivals_ms, played.astype(np.int64))


def _between(block: Block, first: int, last: int) -> Block:
    return block.take(np.arange(first, last))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
