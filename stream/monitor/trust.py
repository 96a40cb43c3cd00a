"""What is remembered of labels between Commits: pairs to learn from, and estimates beside the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats


class Tracks(msgspec.Struct, frozen=True, array_like=True):
    """The last windows of a version that were reconciled, estimated on one basis.

    `series`, by metric: value, chance, shared, low, high and truth of each window, the newest last.
    """

    basis: str
    series: Mapping[str, tuple[tuple[float, ...], ...]]


@dataclass(frozen=True, eq=False)
class Lesson:
    """Pairs that are not enough yet: the score of each, and whether it meant what it scores; `right` answers of them.

    `answers` says what was counted as right.
    """

    answers: str
    score: Floats
    positive: NDArray[np.bool_]
    right: int

    def add(self, score: Floats, positive: NDArray[np.bool_], right: int) -> "Lesson":
        """With more pairs."""
        joined = np.concatenate((self.score, score)), np.concatenate((self.positive, positive))
        return Lesson(self.answers, *joined, self.right + right)

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """The pairs as plain data."""
        return self.answers, self.score.astype("<f8").tobytes(), self.positive.tobytes(), self.right

    @classmethod
    def unpack(cls, packed: Any) -> "Lesson":  # noqa: ANN401 - what `pack` gave
        """The pairs that `pack` gave."""
        answers, score, positive, right = packed
        return cls(answers, np.frombuffer(score, "<f8").astype(np.float64), np.frombuffer(positive, np.bool_), right)
