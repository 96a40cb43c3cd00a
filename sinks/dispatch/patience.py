"""How long to wait before a target is asked again, and when to stop asking. Pure: time and chance are passed in."""

from msgspec import Struct

JITTER = 0.5  # of a rest is left to chance, so that those that failed together do not come back together
PROBE_S = 1.0  # how often the others look whether the one that tries has come through


class Patience(Struct, frozen=True):
    """The dials of one target, seconds."""

    first_s: float = 1.0
    most_s: float = 60.0
    budget_s: float = 3600.0  # for one trigger, from when it was accepted
    busy_s: float = 86_400.0  # the same where the target answers, and says itself when to come again

    def rest_s(self, attempts: int, asked_s: float | None, chance: float) -> float:
        """The rest after so many failed attempts; never less than the target asked for. `chance`: 0 to below 1."""
        doubled = min(self.first_s * 2.0 ** min(attempts - 1, 60), self.most_s)
        drawn = doubled * (1 - JITTER * chance)
        return drawn if asked_s is None else max(drawn, asked_s * (1 + JITTER * chance / 5))


class Breaker:
    """Stands between everybody and a target that answers nobody: after `limit` failures in a row it opens.

    Then nothing is asked until a rest is over, then one trigger tries; its failure doubles the rest.
    """

    def __init__(self, limit: int = 5, rest_s: float = 10.0, rest_s_max: float = 300.0) -> None:
        self._limit, self._rest_s, self._rest_s_max = limit, rest_s, rest_s_max
        self._failures = 0  # in a row
        self._rest = rest_s
        self._until: float | None = None  # None: closed
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether the target counts as dead."""
        return self._until is not None

    def wait_s(self, now: float) -> float:
        """How long to wait before the next look; 0: ask now, and say so with `asked`."""
        if self._until is None:
            return 0.0
        if now < self._until:
            return self._until - now
        return PROBE_S if self._probing else 0.0

    def asked(self) -> None:
        """Somebody asks the target now."""
        self._probing = self._until is not None

    def answered(self) -> None:
        """It has answered, be it no."""
        self._failures, self._rest, self._until, self._probing = 0, self._rest_s, None, False

    def failed(self, now: float) -> None:
        """It has not answered: after `limit` such in a row it is left alone for a while, twice as long each time."""
        self._failures += 1
        if self._probing or (self._until is None and self._failures >= self._limit):
            self._until = now + self._rest
            self._rest = min(2 * self._rest, self._rest_s_max)
        self._probing = False

    def forgot(self) -> None:
        """Whoever asked was called off before there was an answer."""
        self._probing = False
