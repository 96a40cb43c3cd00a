"""Pairs are laid out block by block, where a row takes much more as a matrix than it does as bytes."""

from collections.abc import Callable
from typing import Final

import numpy as np

from detectors.codes import Floats, Integers
from stream.answers.kind import Rows

BLOCK: Final = 8_192  # rows: 70 MB of lists where each is as long as it may be


def by_blocks(rows: Rows, of: Callable[[Rows], tuple[Integers, Floats]]) -> tuple[Integers, Floats]:
    """What pairs add to the cells, as `cells.of` takes it; each row by itself."""
    n = len(rows["several"])
    found = [of({name: column[i : i + BLOCK] for name, column in rows.items()}) for i in range(0, max(1, n), BLOCK)]
    counted, values = (np.concatenate(each) for each in zip(*found, strict=True))
    return counted, values
