"""When retention runs: once a minute, and in a catch-up, where a minute is days, as often as event time asks for."""

from dataclasses import dataclass

from stream.config.settings import HOUR

EVERY_S = 60.0
AHEAD = 6 * HOUR  # event time after which it runs sooner: what is to go must not fill the disk before
REST = 20  # times as long as it took last: a catch-up has nineteen twentieths of the time for itself


@dataclass
class Forgetting:
    """`begun`: wall time, s, like all times here but `upto`: the event time, ns, before which history may go."""

    begun: float
    _ended: float = 0.0
    _took: float = 0.0
    _upto: int | None = None

    def due(self, upto: int, now: float) -> bool:
        """Whether it should run now."""
        if self._upto is None:
            self._upto = upto
        passed = now - max(self.begun, self._ended)
        return passed >= EVERY_S or (upto - self._upto >= AHEAD and passed >= REST * self._took)

    def done(self, upto: int, begun: float, ended: float) -> None:
        """Note a run: up to which event time, ns, and between which wall times, s."""
        self._upto, self._ended, self._took = upto, ended, ended - begun
