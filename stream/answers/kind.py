"""What every kind of answers can do."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance.cells import Cells, Layout
from detectors.performance.measured import Measured
from detectors.performance.shares import Judged

Rows = Mapping[str, NDArray[Any]]  # columns of `pairs`
NOTHING: Mapping[str, Floats] = {}  # is known exactly


class Answers(Protocol):
    """One kind of answers; equal ones are measured alike."""

    def __hash__(self) -> int: ...

    @property
    def family(self) -> Hashable:
        """What answers have in common whose cells can be measured together."""

    @property
    def layout(self) -> Layout:
        """The cells of such answers."""

    def pairs(self, rows: Rows) -> tuple[Integers, Floats]:
        """What pairs add to the cells, as `cells.of` takes it."""

    def measure(
        self, made: Cells, names: Collection[str] | None = None, exact: Mapping[str, Floats] = NOTHING
    ) -> dict[str, Measured]:
        """All metrics of each row, or those with these names. `exact` values stand for those by bins, (rows,) each."""

    def constant(self, made: Cells) -> Mapping[str, Floats]:
        """What the best answer that never looks at its inputs would have had, by metric; (rows,) each."""

    def tallied(self, made: Cells) -> tuple[str, Integers] | None:
        """What versions are compared by that means are not enough for: what the cells are, and (rows, cells)."""

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""

    def judged(self, made: Cells, before: Cells) -> Mapping[str, Judged]:
        """These, of rows and of as many rows of references."""

    def wrong(self, rows: Rows) -> NDArray[np.bool_] | None:
        """Which pairs are errors, (n,); None where answers are not right or wrong."""

    @property
    def about(self) -> str:
        """What is counted as what: pairs that were counted otherwise say something else."""

    def scored(self, rows: Rows) -> tuple[Floats, NDArray[np.bool_]] | None:
        """The score of each pair, and whether that was true which it scores, (n,); None where scores say no such."""

    def decided(self, rows: Rows) -> NDArray[np.bool_]:
        """Which predictions say that it is true, (n,)."""
