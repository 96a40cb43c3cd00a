"""Runs that targets have started, by what their dispatchers have told so far."""

from collections.abc import Mapping
from typing import Final

from sinks.commit import Columns

ENDS: Final = ("succeeded", "failed", "superseded", "promoted")
RUNNING_MAX: Final = 10_000  # that are told apart: ends that were lost leave runs that never end
TARGETS_MAX: Final = 50  # that are shown: whoever may write to the topic of outcomes may invent names
OTHERS: Final = "(other)"
Runs = Mapping[tuple[str, str], bool]  # by trigger and target: whether it has ended; the newest last


def with_outcomes(known: Runs, rows: Columns | None) -> Runs:
    """The runs after some more steps, in whatever order these come."""
    if rows is None:
        return known
    made = dict(known)
    for trigger, target, state in zip(*(rows[name].tolist() for name in ("trigger", "target", "state")), strict=True):
        if state == "started" or state in ENDS:
            ended = made.pop((trigger, target), False)
            made[trigger, target] = ended or state in ENDS
    return dict(list(made.items())[-RUNNING_MAX:]) if len(made) > RUNNING_MAX else made


def running(known: Runs) -> Mapping[str, int]:
    """How many run at each target that was ever heard of."""
    found: dict[str, int] = {}
    for (_, target), ended in known.items():
        name = target if target in found or len(found) < TARGETS_MAX else OTHERS
        found[name] = found.get(name, 0) + (not ended)
    return found
