"""What is remembered of labels between Commits: pairs to learn from, and estimates beside the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from detectors.codes import Floats


class Tracks(msgspec.Struct, frozen=True, array_like=True):
    """The last windows of a version that were reconciled, estimated on one basis.

    `series`, by metric: value, chance, shared, low, high and truth of each window, the newest last.
    """

    basis: str
    series: Mapping[str, tuple[tuple[float, ...], ...]]


@dataclass(frozen=True, eq=False)
class Lesson:
    """Pairs that are not enough yet: what each said, and what that was worth; `right` answers of them.

    Of a score: whether it was true what it scores, 1 or 0. Of a number: its error. `answers` says what was counted.
    """

    answers: str
    said: Floats
    worth: Floats
    right: int

    def add(self, said: Floats, worth: Floats, right: int) -> "Lesson":
        """With more pairs."""
        joined = np.concatenate((self.said, said)), np.concatenate((self.worth, worth))
        return Lesson(self.answers, *joined, self.right + right)

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """The pairs as plain data."""
        return self.answers, self.said.astype("<f8").tobytes(), self.worth.astype("<f8").tobytes(), self.right

    @classmethod
    def unpack(cls, packed: Any) -> "Lesson":  # noqa: ANN401 - what `pack` gave
        """The pairs that `pack` gave."""
        answers, said, worth, right = packed
        kind = "<f8" if len(worth) == len(said) else np.bool_  # a byte each, before numbers taught too
        numbers = np.frombuffer(said, "<f8").astype(np.float64), np.frombuffer(worth, kind).astype(np.float64)
        return cls(answers, *numbers, right)
