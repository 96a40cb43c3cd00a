"""Incidents as moving references remember them: which closed windows were part of one."""

from collections.abc import Iterable

import msgspec

from stream.policy import Incident

INCIDENTS_MAX = 64  # of a version that are told apart; the oldest two become one that lasts from the first to the last


class Disturbed(msgspec.Struct, frozen=True, array_like=True):
    """An incident, for windows that may be chosen; times in ns.

    From `begun`, where the window that opened it begins, until `upto` no window is; and none in which anything had
    drifted and that ended after `since`: it was one of the k of n that opened it.
    """

    opened: int
    since: int
    begun: int
    upto: int

    @classmethod
    def by(cls, incident: Incident, of: int, upto: int) -> "Disturbed":
        """By an incident that was open until now; `of`: in how many windows k must have drifted."""
        opened, length = incident.opened, incident.length
        return cls(opened, opened - of * length, opened - length, upto)

    def touches(self, start: int, end: int, *, drifted: bool) -> bool:
        """Whether a window is part of it."""
        inside = start < self.upto and end > self.begun
        return inside or (drifted and self.since < end <= self.upto)


def noted(known: Iterable[Disturbed], lasting: Disturbed | None, oldest: int) -> tuple[Disturbed, ...]:
    """With an incident that lasts until now, if there is one, and without those that ended by `oldest`."""
    kept = [one for one in known if one.upto > oldest and (lasting is None or one.opened != lasting.opened)]
    kept += [] if lasting is None else [lasting]
    if len(kept) > INCIDENTS_MAX:
        first, second, *rest = kept
        kept = [msgspec.structs.replace(first, upto=second.upto), *rest]
    return tuple(kept)
