"""Rows of values with the smallest hashes, below a bound: a uniform sample that says what it knows, and adds up.

The law of this file: merging is commutative and associative, so a window's sample is the same however its events were
cut, read again, or shared by workers. All events whose hash is below `bound` are in it; the bound is the (k+1)th
smallest hash of all events, or EVERY while there are no more than k. Samples of different k merge too: what both know
is below the lesser bound.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np

from stream.events import Floats, Ints

Key = TypeVar("Key", bound=Hashable)
EVERY: Final = 2**63 - 1  # a bound above all hashes: every event is there


@dataclass(frozen=True, eq=False)
class Drawn:
    """At most `k` rows. `hashes` (n,) ascend, all below `bound`; `values` (n, columns), nan for what is no number."""

    k: int
    bound: int
    hashes: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.hashes)

    def __eq__(self, other: object) -> bool:
        return self.pack() == other.pack() if isinstance(other, Drawn) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    @classmethod
    def of(cls, hashes: Ints, values: Floats, k: int, bound: int = EVERY) -> "Drawn":
        """Of events in any order: all that there are below a bound."""
        hashes = np.minimum(hashes, EVERY - 1)
        if len(hashes) > k:
            bound = min(bound, int(np.partition(hashes, k)[k]))
        mine = np.flatnonzero(hashes < bound)
        order = mine[np.argsort(hashes[mine], kind="stable")]
        ranked, rows = hashes[order], _finite(values[order])
        if (ranked[1:] == ranked[:-1]).any():  # two positions with one hash: rare, and then the values decide
            again = np.lexsort((*rows.view(np.int64).T[::-1], ranked))
            ranked, rows = ranked[again], rows[again]
        return cls(k, bound, ranked, rows)

    def __add__(self, other: "Drawn") -> "Drawn":
        hashes = np.concatenate((self.hashes, other.hashes))
        values = np.concatenate((self.values, other.values))
        bound = min(self.bound, other.bound)
        known = hashes < bound
        return Drawn.of(hashes[known], values[known], min(self.k, other.k), bound)

    def below(self, bound: int) -> "Drawn":
        """What it knows below a bound."""
        n = int(np.searchsorted(self.hashes, bound))
        return Drawn(self.k, bound, self.hashes[:n], self.values[:n]) if bound < self.bound else self

    def halves(self) -> "tuple[Drawn, Drawn]":
        """Two that add up to it."""
        n, about = len(self) // 2, (self.k, self.bound)
        return Drawn(*about, self.hashes[:n], self.values[:n]), Drawn(*about, self.hashes[n:], self.values[n:])

    def pack(self) -> tuple[int, int, bytes, bytes]:
        """`k`, `bound`, and hashes and values as bytes."""
        return self.k, self.bound, self.hashes.astype("<i8").tobytes(), self.values.astype("<f8").tobytes()

    @classmethod
    def unpack(cls, packed: tuple[int, int, bytes, bytes], columns: int) -> "Drawn":
        """What `pack` made of rows with so many columns. ValueError where it is none."""
        k, bound, hashes, values = packed
        found = np.frombuffer(hashes, "<i8").astype(np.int64)
        return cls(k, bound, found, np.frombuffer(values, "<f8").astype(np.float64).reshape(len(found), columns))


def add(known: dict[Key, Drawn], key: Key, drawn: Drawn) -> None:
    """Add a sample to that of its key."""
    before = known.get(key)
    known[key] = drawn if before is None else before + drawn


class Thinned(Generic[Key]):
    """What one reader has drawn so far, by key: what lies beyond that need not be handed on in its next pieces."""

    def __init__(self) -> None:
        self._known: dict[Key, Drawn] = {}

    def thin(self, key: Key, drawn: Drawn) -> Drawn:
        """One more piece, as far as the sum of all pieces can have it: after k events, ever fewer of as many."""
        add(self._known, key, Drawn(drawn.k, drawn.bound, drawn.hashes, np.empty((len(drawn), 0))))
        return drawn.below(self._known[key].bound)

    def keep(self, wanted: Callable[[Key], bool]) -> None:
        """Forget the others. It does no harm: more is handed on."""
        self._known = {key: one for key, one in self._known.items() if wanted(key)}


def halved(drawn: Mapping[Key, Drawn], first: Collection[object]) -> tuple[dict[Key, Drawn], dict[Key, Drawn]]:
    """Samples in two parts that add up to them: by key, or where no key is `first`, half of the rows of each."""
    if first:
        mine = {key: one for key, one in drawn.items() if key in first}
        return mine, {key: one for key, one in drawn.items() if key not in first}
    pairs = {key: one.halves() for key, one in drawn.items()}
    return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}


def _finite(values: Floats) -> Floats:
    """One nan for all that is no number: why it is none is in the cells of a summary."""
    return np.where(np.isfinite(values), values, np.nan)
