"""What a dispatcher shows of itself at a moment."""

from collections.abc import Sequence

from sinks.dispatch.desk import Desk
from sinks.prometheus.dispatching import Counts, OfTarget
from stream.resident import memory_bytes


def counts(desks: Sequence[Desk], ready: bool) -> Counts:
    """The numbers of every target."""
    return Counts(ready, memory_bytes(), tuple(map(_of_target, desks)))


def _of_target(desk: Desk) -> OfTarget:
    numbers = desk.numbers
    return OfTarget(
        name=desk.target.name,
        outcomes=dict(numbers.outcomes),
        attempts=dict(numbers.attempts),
        repeats=numbers.repeats,
        dead_letters=numbers.dead_letters,
        start_seconds=numbers.start_seconds,
        waiting=desk.waiting,
        following=len(desk.follower),
        broken=desk.breaker.open,
    )
