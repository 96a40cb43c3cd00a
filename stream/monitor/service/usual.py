"""What is usual for a service: how much it is asked, by window length, and how it answers where no reference says."""

from functools import lru_cache

import msgspec
from msgspec.structs import replace

from detectors import service
from detectors.performance.service.traffic import LEAST, Usual
from detectors.service import NOTHING, Service
from stream.config.settings import DAY, HOUR

ENOUGH = 1_000  # answers of a base: their 99th percentile has ten beyond it
HOURS, WEEKDAYS = 24, 7


class Traffic(msgspec.Struct, frozen=True, array_like=True):
    """Windows of one model and length. `seen`: the end of the last one with events; `silent`: the next one had none."""

    seen: int
    usual: Usual = Usual()
    silent: bool = False

    @property
    def awaited(self) -> bool:
        """Whether a window without events would be news."""
        return not self.silent and self.usual.windows >= LEAST

    def step(self, events: int, end: int, length: int, *, learned: bool) -> "Traffic":
        """After a window with events; what lies between it and the last one had none."""
        usual = self.usual
        for missed in range(max(self.seen + length, end - max(DAY, WEEKDAYS * length)), end, length):
            usual = usual.turned(*slot(missed, length), 0.0)
        return Traffic(end, usual.step(events, *slot(end, length)) if learned else usual)

    def stopped(self) -> "Traffic":
        """After the first window without events. Those that follow say nothing new."""
        return replace(self, silent=True)


def slot(end: int, length: int) -> tuple[int, int]:
    """The part of the day that a window is in, or of the week where it is a day or longer, and how many there are."""
    start = end - length
    if length >= DAY:
        return start // DAY % WEEKDAYS, WEEKDAYS
    return start % DAY // HOUR, HOURS


class Base(msgspec.Struct, frozen=True, array_like=True):
    """The answers of a model's first windows, packed."""

    packed: bytes = b""

    def add(self, part: Service) -> "Base":
        """With the answers of one more window, until there are enough."""
        return self if self.settled else Base(service.pack(self.service + part))

    @property
    def service(self) -> Service:
        """The answers so far."""
        return _unpacked(self.packed)

    @property
    def settled(self) -> bool:
        """Whether there are enough."""
        found = self.service
        return max(found.answers, found.good + found.failed) >= ENOUGH


@lru_cache(maxsize=512)
def _unpacked(packed: bytes) -> Service:
    return service.unpack(packed)


def basis(base: Base, reference: Service) -> tuple[Service, Service]:
    """What latencies and statuses are compared with: the reference where it has them, else a base that is settled."""
    learned = base.service if base.settled else NOTHING
    return (
        reference if reference.answers else learned,
        reference if reference.good + reference.failed else learned,
    )
