"""Windows that have enough labels for the first time: what the truth is, as far as it is known then."""

from collections.abc import Mapping
from typing import NamedTuple

from stream.config.settings import Settings
from stream.monitor.labels.called import Called, Key
from stream.monitor.state import State

LEAST = 30  # labels: of fewer nothing is said


class Matured(NamedTuple):
    """A window at the step with which it ceased to be provisional; `truth` are its metrics of all events, by name."""

    key: Key
    at: int
    status: str
    predicted: int
    labelled: int
    truth: Mapping[str, float]


def telling(settings: Settings, state: State, matured: list[Matured]) -> list[Matured]:
    """Those that say something of a whole window: of the shortest length, with enough labels, in their order.

    Windows that are final with few labels say nothing: their labels may be chosen, and no estimate is of these.
    """
    called, chosen = Called(settings, state), []
    for one in sorted(matured, key=lambda one: (one.at, one.key[3], one.key)):
        entry = state.roster.get(one.key[0])
        if entry is None or one.key[2] != min(called.lengths(one.key[0])):
            continue
        if one.labelled >= max(LEAST, entry.settings.labels.coverage * one.predicted):
            chosen.append(one)
    return chosen
