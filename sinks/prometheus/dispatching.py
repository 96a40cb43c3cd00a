"""What /metrics of a dispatcher says: its own names, because it is a process of its own."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from sinks.prometheus.exposition import Exposition, Sample, label
from sinks.prometheus.families import BUILD, Declared


class OfTarget(Struct, frozen=True):
    """One target, since the start."""

    name: str
    outcomes: Mapping[str, int] = {}
    attempts: Mapping[str, int] = {}
    repeats: int = 0
    dead_letters: int = 0
    start_seconds: float = 0.0
    waiting: int = 0
    following: int = 0
    broken: bool = False


class Counts(Struct, frozen=True):
    """A dispatcher."""

    ready: bool
    memory_bytes: int
    targets: tuple[OfTarget, ...] = ()


def _gauge(name: str, labels: str, doc: str) -> Declared:
    return Declared(f"driftline_dispatch_{name}", "gauge", tuple(labels.split()), doc)


def _counter(name: str, labels: str, doc: str) -> Declared:
    return Declared(f"driftline_dispatch_{name}_total", "counter", tuple(labels.split()), doc)


READY = _gauge("ready", "", "1: triggers are read and settled.")
MEMORY_BYTES = _gauge("memory_bytes", "", "Memory of the process.")
OUTCOMES = _counter("outcomes", "target state", "Outcomes told: accepted, started, succeeded, failed, superseded.")
ATTEMPTS = _counter("attempts", "target answer", "Calls that start a run, by answer: started, again, refused.")
REPEATS = _counter("repeats", "target", "Triggers that came again, and were known.")
DEAD_LETTERS = _counter("dead_letters", "target", "Triggers given up, and records that are no trigger.")
START_SECONDS = _counter("start_seconds", "target", "Sum of the times from accepted to started.")
WAITING = _gauge("waiting", "target", "Triggers whose fate is open.")
FOLLOWING = _gauge("following", "target", "Runs whose end is waited for.")
BROKEN = _gauge("broken", "target", "1: the target does not answer, and is asked seldom.")
FAMILIES: Mapping[str, Declared] = {
    family.name: family
    for family in (
        *(READY, MEMORY_BYTES, OUTCOMES, ATTEMPTS, REPEATS, DEAD_LETTERS, START_SECONDS, WAITING, FOLLOWING, BROKEN),
        BUILD,
    )
}


def exposition(counts: Callable[[], Counts], version: str) -> Exposition:
    """Asks for the counts at each scrape."""
    return Exposition(lambda: _samples(counts()), version, FAMILIES)


def _samples(counts: Counts) -> Iterator[Sample]:
    yield READY, (), counts.ready
    yield MEMORY_BYTES, (), counts.memory_bytes
    for each in counts.targets:
        name = label(each.name)
        for state, n in sorted(each.outcomes.items()):
            yield OUTCOMES, (name, state), n
        for answer, n in sorted(each.attempts.items()):
            yield ATTEMPTS, (name, answer), n
        yield REPEATS, (name,), each.repeats
        yield DEAD_LETTERS, (name,), each.dead_letters
        yield START_SECONDS, (name,), each.start_seconds
        yield WAITING, (name,), each.waiting
        yield FOLLOWING, (name,), each.following
        yield BROKEN, (name,), each.broken
