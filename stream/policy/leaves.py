"""One condition on findings of a kind: how long which series have lasted, and since when they are over.

A window that slides is nearly the one before it, and would confirm what that found by mere chance. So windows are
counted a whole length apart: there is one place for each length and each remainder of their ends. Of most series there
is nothing to remember.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import msgspec

from stream.events import NEVER
from stream.policy.sightings import Seen, Series, Sighting

Remembered = tuple[str, str, int, bool]  # segment, feature, its last verdicts (the newest is bit 0), whether it holds
Place = tuple[int, int, tuple[Remembered, ...]]  # length, remainder of the ends


@dataclass(frozen=True)
class Leaf:
    """What is asked: findings of a kind, of some features, segments and windows, in `k` of `n` windows.

    A series holds from `opens` times its limit on, until it falls below `closes`.
    """

    kind: str
    feature: str = "*"
    segment: str = "*"
    window: int | None = None
    k: int = 1
    n: int = 1
    opens: float = 1.0
    closes: float = 1.0
    quorum: float = 0.0
    alarms: bool = True

    @cached_property
    def key(self) -> str:
        """Its name in a state: a changed condition begins anew, the others go on."""
        asked = (self.kind, self.feature, self.segment, self.window, self.k, self.n, self.opens, self.closes)
        return msgspec.json.encode((*asked, self.quorum, self.alarms)).decode()

    def asks(self, one: Sighting) -> bool:
        """Whether a sighting is one of those that it asks for."""
        return (
            self.kind in one.kinds
            and self.window in {None, one.length}
            and fnmatchcase(one.feature, self.feature)
            and fnmatchcase(one.segment, self.segment)
        )


class Memory(msgspec.Struct, frozen=True, array_like=True):
    """What a leaf remembers: by length when it last saw anything, and what has not lasted long enough, or holds."""

    places: tuple[Place, ...] = ()
    last: dict[int, int] = {}
    features: tuple[str, ...] = ()  # all that were looked at; only where there is a quorum

    def step(self, leaf: Leaf, seen: Seen) -> tuple["Memory", tuple[Sighting, ...]]:
        """After one more window: what is remembered, and what lasts in this very window."""
        if leaf.kind not in seen.kinds:
            return self, ()
        asked = [one for one in seen.sightings if leaf.asks(one)]
        alarms = [one for one in asked if one.alarm and leaf.alarms and one.strength >= leaf.opens]
        windows = [one for one in asked if not one.alarm]
        if not asked and not self.places and not leaf.quorum:
            return self, ()
        here = (seen.length, seen.end % seen.length)
        before = {(segment, feature): (bits, held) for segment, feature, bits, held in self._at(here)}
        after, lasting = _stepped(leaf, before, {one.series: one for one in windows}, seen)
        last = self.last
        if any(one.strength >= leaf.closes for one in windows):
            last = {**last, seen.length: seen.at}
        others = tuple(place for place in self.places if place[:2] != here)
        places = tuple(sorted((*others, (*here, after)))) if after else others
        features = seen.features if leaf.quorum and seen.features else self.features
        return Memory(places, last, features), (*alarms, *lasting)

    def holds(self, leaf: Leaf, now: Sequence[Sighting], weights: Mapping[str, float]) -> bool:
        """Whether enough lasts, by the newest window of each length, or by what was seen just `now`."""
        lasting = {feature for *_, place in self.places for _, feature, _, held in place if held}
        lasting |= {one.feature for one in now}
        if not leaf.quorum:
            return bool(lasting)
        all_of_them = {*self.features, *lasting}
        whole = sum(weights.get(name, 1.0) for name in sorted(all_of_them) if fnmatchcase(name, leaf.feature))
        return bool(lasting) and sum(weights.get(name, 1.0) for name in sorted(lasting)) >= leaf.quorum * whole

    def begun_anew(self) -> "Memory":
        """Under another plan series are others: what lasted under the former one counts no more."""
        return Memory((), self.last, ())

    def last_seen(self, length: int) -> int:
        """When a window of this length last had anything."""
        return self.last.get(length, NEVER)

    def _at(self, here: tuple[int, int]) -> tuple[Remembered, ...]:
        return next((place[2] for place in self.places if place[:2] == here), ())


def _stepped(
    leaf: Leaf, before: Mapping[Series, tuple[int, bool]], found: Mapping[Series, Sighting], seen: Seen
) -> tuple[tuple[Remembered, ...], list[Sighting]]:
    """Every series with something to remember after one more window, and those of this window that last."""
    after: list[Remembered] = []
    lasting: list[Sighting] = []
    for series in sorted({*before, *found}):
        bits, held = before.get(series, (0, False))
        if seen.known(series):
            strength = found[series].strength if series in found else 0.0
            hit = strength >= leaf.opens
            bits = ((bits << 1) | hit) & ((1 << leaf.n) - 1)
            held = (hit and bits.bit_count() >= leaf.k) or (held and strength >= leaf.closes)
            if held:
                lasting.append(found[series])
        if bits or held:
            after.append((*series, bits, held))
    return tuple(after), lasting
