"""What is remembered of labels between Commits: pairs to learn from, and estimates beside the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from detectors.codes import Floats, Integers


class Tracks(msgspec.Struct, frozen=True, array_like=True):
    """The last windows of a version that were reconciled, estimated on one basis.

    `series`, by metric: value, chance, shared, low, high and truth of each window, the newest last.
    """

    basis: str
    series: Mapping[str, tuple[tuple[float, ...], ...]]


@dataclass(frozen=True, eq=False)
class Several:
    """Pairs with a score for each class: by `names`, and one for what is beyond them; what was decided and true."""

    names: tuple[str, ...]
    scores: Floats  # (n, classes + 1)
    decided: Integers  # (n,)
    label: Integers  # (n,)

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.label)

    def add(self, more: "Several") -> "Several":
        """With more pairs; those of other classes than these have are forgotten."""
        if not more.n or not self.n or more.names != self.names:
            return more if more.n else self
        both = ((getattr(self, name), getattr(more, name)) for name in ("scores", "decided", "label"))
        return Several(self.names, *map(np.concatenate, both))

    def pack(self) -> tuple[Any, ...]:
        """The pairs as plain data; scores have the precision with which they wait."""
        places = np.stack((self.decided, self.label)).astype("<i2")
        return list(self.names), self.scores.astype("<f4").tobytes(), places.tobytes()

    @classmethod
    def unpack(cls, names: Sequence[str], scores: bytes, places: bytes) -> "Several":
        """The pairs that `pack` gave."""
        decided, label = np.frombuffer(places, "<i2").reshape(2, -1).astype(np.int64)
        told = np.frombuffer(scores, "<f4").reshape(len(label), -1).astype(np.float64)
        return cls(tuple(names), told, decided, label)


NOTHING: Final = Several((), np.empty((0, 0)), np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class Lesson:
    """Pairs that are not enough yet: what each said, and what that was worth; `right` answers of them.

    Of a score: whether it was true what it scores, 1 or 0. Of a number: its error. `answers` says what was counted.
    `several` are pairs with a score for each class, whether they have a single one or not.
    """

    answers: str
    said: Floats
    worth: Floats
    right: int
    several: Several = NOTHING

    def add(self, said: Floats, worth: Floats, right: int, several: Several = NOTHING) -> "Lesson":
        """With more pairs."""
        joined = np.concatenate((self.said, said)), np.concatenate((self.worth, worth))
        return Lesson(self.answers, *joined, self.right + right, self.several.add(several))

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """The pairs as plain data."""
        pairs = self.answers, self.said.astype("<f8").tobytes(), self.worth.astype("<f8").tobytes(), self.right
        return (*pairs, *self.several.pack()) if self.several.n else pairs

    @classmethod
    def unpack(cls, packed: Any) -> "Lesson":  # noqa: ANN401 - what `pack` gave
        """The pairs that `pack` gave."""
        answers, said, worth, right, *several = packed
        kind = "<f8" if len(worth) == len(said) else np.bool_  # a byte each, before numbers taught too
        numbers = np.frombuffer(said, "<f8").astype(np.float64), np.frombuffer(worth, kind).astype(np.float64)
        return cls(answers, *numbers, right, Several.unpack(*several) if several else NOTHING)
