"""How much a service is asked, against what was usual: earlier windows say how much, and how far that is to be trusted.

Traffic has a rhythm, and varies by more than chance: events come because of other events. So what is usual is the less
of what came lately and of what came at this time of the day before, and how far windows were off what came before them
is learned from windows. Nothing is assumed of a rhythm that was not seen yet.
"""

import scipy
from msgspec import Struct
from msgspec.structs import replace
from scipy.special import betainc, gammaincc, gammaincinv

RECENT = 0.3  # of the newest window in what came lately
MEMORY = 500  # windows that the variation is learned from; older ones fade
LEAST = 12  # windows before anything is said
DOUBT = 0.01  # the chance that the variation is larger than it is taken for
POISSON = 1e-9  # a variation below it is none: beta functions of so large numbers lose their digits
PRECISION = 1e-9  # of a number of events: whole ones are compared with it


class Usual(Struct, frozen=True, array_like=True):
    """What earlier windows had. `excess` is their relative variance beyond that of rare events.

    `slots`: the least that a window had in each part of the day, the last time that it was over; -1 where it never was.
    `slot` and `least`: the part that is under way.
    """

    level: float = 0.0
    excess: float = 0.0
    windows: int = 0
    slots: tuple[float, ...] = ()
    slot: int = -1
    least: float = 0.0

    def expected(self, slot: int) -> float:
        """How many events a window of this part of the day usually has."""
        known = self.slots[slot] if slot < len(self.slots) else -1.0
        return min(self.level, known) if known >= 0 else self.level

    def step(self, events: int, slot: int, n_slots: int) -> "Usual":
        """After one more window."""
        windows = self.windows + 1
        # A surge says no more than that a window may be twice as large: one would hide all that follows.
        off = min(events / self.level - 1, 1.0) if self.level > 0 else 0.0
        found = off**2 - 1 / max(self.level, 1.0) if self.windows else 0.0
        weight = max(1 / windows, 1 / MEMORY)
        return replace(
            self.turned(slot, n_slots, float(events)),
            level=self.level + max(1 / windows, RECENT) * (events - self.level),
            excess=self.excess + weight * (found - self.excess),
            windows=windows,
        )

    def turned(self, slot: int, n_slots: int, events: float) -> "Usual":
        """With the least of a part of the day; the part before it is over where another begins."""
        if slot == self.slot:
            return replace(self, least=min(self.least, events))
        slots = list(self.slots or [-1.0] * n_slots)
        if self.slot >= 0:
            slots[self.slot] = self.least
        return replace(self, slots=tuple(slots), slot=slot, least=events)

    def limit(self, slot: int, chance: float, tolerate: float) -> float:
        """How many events are surely too few; nan where none at all would not be, or nothing is known yet.

        A window of unchanged traffic, or of less by a share `tolerate`, has so few with this chance: by the negative
        binomial law, of events whose rate itself varies (Greenwood and Yule 1920, An inquiry into the nature of
        frequency distributions). The variation is taken as large as its windows can be doubted.
        """
        mean = self.expected(slot) * (1 - tolerate)
        if self.windows < LEAST or mean <= 0:
            return float("nan")
        windows = min(self.windows, MEMORY)
        least = 2 * float(gammaincinv(windows / 2, DOUBT))  # the quantile of chi-squared
        doubted = (self.excess + 1 / mean) * windows / least
        return fewest(mean, max(0.0, doubted - 1 / mean), chance)


def fewest(mean: float, variation: float, chance: float) -> float:
    """The number that so many events or fewer come with this chance, between two whole ones; nan where 0 is likelier.

    `variation` is the relative variance of the rate.
    """

    def below(n: float) -> float:
        if variation < POISSON:
            return float(gammaincc(n + 1, mean))
        return float(betainc(1 / variation, n + 1, 1 / (1 + mean * variation)))

    if below(0.0) > chance:
        return float("nan")
    return float(scipy.optimize.brentq(lambda n: below(n) - chance, 0.0, mean, xtol=PRECISION))


def interval(events: int, level: float = 0.95) -> tuple[float, float]:
    """The ends of an interval that holds how many events there would be on average, at the rate of that moment.

    Garwood 1936, Fiducial limits for the Poisson distribution.
    """
    tail = (1 - level) / 2
    low = float(gammaincinv(events, tail)) if events else 0.0
    return low, float(gammaincinv(events + 1, 1 - tail))
