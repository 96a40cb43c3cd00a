"""The k events with the smallest hash of their position: a uniform sample that merges and replays exactly."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stream.events import Ints, Records

GOLDEN, _FIRST, _SECOND = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def position_hashes(seed: int, partition: int, offsets: Ints) -> Ints:
    """63-bit hashes of positions: splitmix64 (Steele, Lea and Flood 2014) of the topic's seed, partition and offset."""
    with np.errstate(over="ignore"):
        stream = _mixed(np.array([seed], np.uint64) + np.uint64(partition) * GOLDEN)
        return (_mixed(offsets.astype(np.uint64) * GOLDEN + stream) >> np.uint64(1)).astype(np.int64)


def hashes_of(records: Records, at: Ints) -> Ints:
    """The hashes of the positions of events, by their places among records, (n,)."""
    return position_hashes(topic_seed(records.topic), records.partition, records.numbers[at])


@cache
def topic_seed(topic: str) -> int:
    """What tells the positions of one topic from those of another."""
    return int.from_bytes(hashlib.blake2b(topic.encode(), digest_size=8).digest(), "little")


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))


@dataclass(frozen=True)
class Sample:
    """Events by ascending hash. `versions` and `payloads` go with `hashes` (n,)."""

    hashes: Ints
    versions: tuple[str, ...] = ()
    payloads: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, hashes: Ints, versions: Sequence[str], payloads: Sequence[bytes], k: int) -> "Sample":
        """The k smallest of these events."""
        order = hashes.argsort(kind="stable")
        ranked = hashes[order]
        if (ranked[1:] == ranked[:-1]).any():  # two positions with one hash: rare, and then the payload decides
            order = np.array(sorted(order.tolist(), key=lambda i: (hashes[i], payloads[i])), np.int64)
            ranked = hashes[order]
        places = order[:k].tolist()
        return cls(ranked[:k], tuple(map(versions.__getitem__, places)), tuple(map(payloads.__getitem__, places)))

    def merge(self, other: "Sample", k: int) -> "Sample":
        """The k smallest of both."""
        if not len(self.hashes):
            return other if len(other.hashes) <= k else other.first(k)
        if not len(other.hashes):
            return self if len(self.hashes) <= k else self.first(k)
        hashes = np.concatenate((self.hashes, other.hashes))
        return Sample.of(hashes, self.versions + other.versions, self.payloads + other.payloads, k)

    def first(self, k: int) -> "Sample":
        """The k smallest."""
        return Sample(self.hashes[:k], self.versions[:k], self.payloads[:k])

    def below(self, bound: int) -> "Sample":
        """Those whose hash is below a bound."""
        return self.first(int(np.searchsorted(self.hashes, bound)))

    def bound(self, k: int) -> int:
        """The hash from which on nothing enters a sample of k."""
        return int(self.hashes[k - 1]) if len(self.hashes) >= k else 2**63 - 1


NOTHING = Sample(np.empty(0, np.int64))


class Pool:
    """The k smallest of what comes bit by bit: sorted out each time that 2 k wait, not at each bit."""

    def __init__(self, k: int) -> None:
        self.bound = 2**63 - 1  # from which on nothing enters, as far as that is known
        self._k, self._n = k, 0
        self._hashes: list[Ints] = []
        self._versions: list[str] = []
        self._payloads: list[bytes] = []

    def add(self, hashes: Ints, version: str, payloads: Sequence[bytes]) -> None:
        """Events of one version."""
        if not payloads:
            return
        self._hashes.append(hashes)
        self._versions += [version] * len(payloads)
        self._payloads += payloads
        self._n += len(payloads)
        if self._n >= 2 * self._k:
            found = self.sample()
            self.bound, self._n, self._hashes = found.bound(self._k), len(found.hashes), [found.hashes]
            self._versions, self._payloads = list(found.versions), list(found.payloads)

    def sample(self) -> Sample:
        """The k smallest so far."""
        hashes = np.concatenate((NOTHING.hashes, *self._hashes))
        return Sample.of(hashes, self._versions, self._payloads, self._k)
