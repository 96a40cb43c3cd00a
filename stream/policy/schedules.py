"""Schedules in event time: instants of cron expressions, and every so many events; a replay has the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from stream.config import cron
from stream.config.sections.policy import Scheduled


class Due(msgspec.Struct, frozen=True, array_like=True):
    """How far the schedules of a model are.

    `upto`: the time up to which instants were told. `counted`, by schedule, are the events since it last asked, and
    `waits` are schedules that would have asked while nothing might.
    """

    upto: int
    counted: dict[str, int] = {}
    waits: dict[str, int] = {}

    def count(self, schedules: Sequence[Scheduled], events: int) -> "Due":
        """After a window with so many events."""
        some = {one.name: self.counted.get(one.name, 0) + events for one in schedules if one.events}
        return replace(self, counted=some)


@dataclass(frozen=True)
class Asked:
    """A schedule asks for a retraining: its name, and the instant that it stands for."""

    name: str
    at: int
    targets: tuple[str, ...]


def due(known: Due, schedules: Sequence[Scheduled], end: int, suppressed: str = "") -> tuple[Due, tuple[Asked, ...]]:
    """What is due at the end of a window, each schedule once: of several instants that passed unseen the newest.

    While something suppresses it, it waits, and asks then.
    """
    waits, counted, asked = dict(known.waits), dict(known.counted), []
    for one in schedules:
        instant = None if one.cron is None else cron.read(one.cron).latest(known.upto, end)
        if one.events and counted.get(one.name, 0) >= one.events:
            counted[one.name] %= one.events
            instant = end
        instant = waits.get(one.name) if instant is None else instant
        if instant is None:
            continue
        if suppressed:
            waits[one.name] = instant
            continue
        asked.append(Asked(one.name, end if one.name in waits else instant, one.targets))
        waits.pop(one.name, None)
    names = {one.name for one in schedules}
    left = {name: n for name, n in counted.items() if name in names}
    return Due(end, left, {name: at for name, at in waits.items() if name in names}), tuple(asked)
