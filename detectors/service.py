"""How a model's service answered: latencies in buckets, answers that failed, and the sum of latencies; integers only.

A bucket is the exponent and five bits of a latency in ms, so no event needs a logarithm or a search. It is at most 1/32
of a latency wide, and so far from the truth can a quantile be (after Masson, Rim and Lee 2019, DDSketch: a fast and
fully-mergeable quantile sketch with relative-error guarantees; here with a fixed number of buckets).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers

WIDTH: Final = 1 / 32  # of a bucket, in latencies of its lower end
SHORTEST, LONGEST = 2.0**-7, 2.0**22  # ms: 8 microseconds, 70 minutes; what lies outside is in an end bucket
_SHIFT = 47  # leaves sign, exponent and five bits of a double
_FIRST = int(np.float64(SHORTEST).view(np.int64)) >> _SHIFT
_LAST = int(np.float64(LONGEST).view(np.int64)) >> _SHIFT
BUCKETS: Final = _LAST - _FIRST + 2
EDGES: Final = (np.arange(_FIRST, _LAST + 1) << _SHIFT).view(np.float64)  # where the second and later buckets begin
GOOD, FAILED, UNKNOWN = 0, 1, 2  # what a status says
QUANTUM: Final = 2.0**-10  # ms, of the sum; LONGEST at most: two thousand million answers fit 63 bits
_SUM = BUCKETS + 2


@dataclass(frozen=True, eq=False)
class Service:
    """Counts of latencies by bucket, then of good and failed answers, then the sum of latencies in QUANTUM."""

    numbers: Integers  # (BUCKETS + 3,)

    def __add__(self, other: "Service") -> "Service":
        if not other:
            return self
        return Service(self.numbers + other.numbers) if self else other

    def __sub__(self, other: "Service") -> "Service":
        if not other:
            return self
        numbers = self.numbers - other.numbers
        return Service(numbers) if numbers.any() else NOTHING

    def __bool__(self) -> bool:
        return self is not NOTHING

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Service) and np.array_equal(self.numbers, other.numbers)

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    @property
    def latencies(self) -> Integers:
        """How many answers took how long, (BUCKETS,)."""
        return self.numbers[:BUCKETS]

    @property
    def answers(self) -> int:
        """How many have a latency."""
        return int(self.latencies.sum())

    @property
    def good(self) -> int:
        """How many have a status that says so."""
        return int(self.numbers[BUCKETS + GOOD])

    @property
    def failed(self) -> int:
        """How many have another status."""
        return int(self.numbers[BUCKETS + FAILED])

    @property
    def total(self) -> int:
        """The sum of latencies, in QUANTUM."""
        return int(self.numbers[_SUM])

    @property
    def nbytes(self) -> int:
        """Bytes of the array; nothing known takes none of its own."""
        return self.numbers.nbytes if self else 0


def _nothing() -> Integers:
    numbers = np.zeros(BUCKETS + 3, np.int64)
    numbers.flags.writeable = False
    return numbers


NOTHING: Final = Service(_nothing())  # the one object without answers


def of(latency: Floats, status: NDArray[np.integer]) -> Service:
    """The service's part of events: `latency` in ms, negative or nan where not known; `status` GOOD, FAILED, UNKNOWN.

    Both (n,).
    """
    known = latency >= 0
    n_known = int(np.count_nonzero(known))
    statuses = np.bincount(status, minlength=UNKNOWN + 1)[:UNKNOWN]
    if not n_known and not statuses.any():
        return NOTHING
    numbers = np.zeros(BUCKETS + 3, np.int64)
    numbers[BUCKETS:_SUM] = statuses
    if n_known:
        some = np.ascontiguousarray(latency if n_known == len(latency) else latency[known])
        # A double's upper bits are in the order of the numbers; -0.0 is below all of them, as 0.0 is.
        places = np.clip((some.view(np.int64) >> _SHIFT) - (_FIRST - 1), 0, BUCKETS - 1)
        numbers[:BUCKETS] = np.bincount(places, minlength=BUCKETS)
        numbers[_SUM] = np.rint(np.minimum(some, LONGEST) / QUANTUM).astype(np.int64).sum()
    return Service(numbers)


def pack(service: Service) -> bytes:
    """The part as bytes, equal ones for equal parts; none where nothing is known.

    Little-endian: the first bucket with a count and how many follow, 2 uint16; how many bytes a count takes, uint8; the
    counts; then good, failed and the sum, 3 int64.
    """
    if not service:
        return b""
    filled = np.flatnonzero(service.latencies)
    first, end = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, 0)
    counts = service.latencies[first:end]
    largest = int(counts.max(initial=0))
    width = next(width for width in (1, 2, 4, 8) if largest < 1 << 8 * width)
    head = np.array([first, end - first], "<u2").tobytes() + bytes((width,))
    return head + counts.astype(f"<u{width}").tobytes() + service.numbers[BUCKETS:].astype("<i8").tobytes()


def unpack(packed: bytes) -> Service:
    """The part that `pack` made bytes of."""
    if not packed:
        return NOTHING
    first, n = np.frombuffer(packed, "<u2", 2).tolist()
    width = packed[4]
    numbers = np.zeros(BUCKETS + 3, np.int64)
    numbers[first : first + n] = np.frombuffer(packed, f"<u{width}", n, 5)
    numbers[BUCKETS:] = np.frombuffer(packed, "<i8", 3, 5 + n * width)
    return Service(numbers)
