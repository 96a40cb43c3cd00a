"""Scopes: the topics whose slowest clock closes a model's panes.

Two watermarks per model: of its events, and of its labels.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from stream.config.settings import Model, Settings
from stream.counting.clocks import Limits, Mark
from stream.counting.windows import watermark
from stream.events import NEVER, Partition

Scope = tuple[str, ...]  # topics, sorted


@dataclass(frozen=True)
class Marks:
    """The watermarks of all scopes and topics. A topic's own is that of the kind it is declared for."""

    events: Mapping[Scope, int]
    labels: Mapping[Scope, int]
    topics: Mapping[str, int]


def event_scope(model: Model, settings: Settings) -> Scope:
    """The prediction topics of a model."""
    return _scope(settings.events.predictions, model.topics)


def label_scope(model: Model, settings: Settings) -> Scope:
    """The label topics of a model."""
    return _scope(settings.events.labels, model.topics)


@lru_cache(maxsize=4_096)  # asked for every model at every round
def _scope(declared: tuple[str, ...], mine: tuple[str, ...]) -> Scope:
    return tuple(sorted(topic for topic in declared if not mine or topic in mine))


def topics(settings: Settings) -> tuple[str, ...]:
    """All that are read, each once."""
    return tuple(dict.fromkeys((*settings.events.predictions, *settings.events.labels)))


def event_scopes(settings: Settings) -> set[Scope]:
    """The scopes of all models."""
    return {event_scope(model, settings) for _, model in settings.patterns}


def label_scopes(settings: Settings) -> set[Scope]:
    """The label scopes of all models that have one."""
    return {scope for _, model in settings.patterns if (scope := label_scope(model, settings))}


def marks(clocks: Mapping[Partition, Mark], settings: Settings) -> Marks:
    """The watermarks at these clocks of all partitions."""

    def least(topics: Iterable[str], *, labels: bool) -> int:
        return watermark(
            mark.label_clock if labels else mark.clock for (topic, _), mark in clocks.items() if topic in topics
        )

    return Marks(
        {scope: least(scope, labels=False) for scope in event_scopes(settings)},
        {scope: least(scope, labels=True) for scope in label_scopes(settings)},
        {topic: least((topic,), labels=topic not in settings.events.predictions) for topic in topics(settings)},
    )


def limits(topic: str, at: Marks, max_ahead: int) -> Limits:
    """How far a topic may be read: `max_ahead` past the watermark of every scope that it belongs to."""

    def reach(scopes: Mapping[Scope, int]) -> int:
        least = min((mark for scope, mark in scopes.items() if topic in scope), default=NEVER)
        return NEVER if least == NEVER else least + max_ahead

    return Limits(reach(at.events), reach(at.labels))


def reached(watermarks: Mapping[Scope, int], topic: str) -> int:
    """The greatest watermark of the scopes that a topic belongs to; NEVER where none has one."""
    return max((mark for scope, mark in watermarks.items() if topic in scope), default=NEVER)


def carried(closed: Mapping[Scope, int], present: Iterable[Scope], known: Collection[Scope]) -> dict[Scope, int]:
    """The newest closed ends of the present scopes. Where topics came or went, nothing that was closed opens again.

    `known` are the scopes that there were before; one of them that has closed nothing yet still has closed nothing.
    """
    kept = {scope: closed[scope] for scope in present if scope in closed}
    for scope in set(present) - kept.keys() - set(known):
        ends = [end for old, end in closed.items() if set(old) & set(scope)]
        if ends:
            kept[scope] = max(ends)
    return kept
