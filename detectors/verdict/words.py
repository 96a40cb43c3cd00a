"""The contrast that won, in words: which values went from which share to which."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.distances import Counts
from detectors.verdict import scores
from detectors.verdict.judge import EVERYTHING
from detectors.verdict.sets import runs

MOVED = {
    "location": ("values moved up", "values moved down"),
    "scale": ("values spread out", "values drew together"),
    "skewness": ("high values moved away from the middle", "low values moved away from the middle"),
    "bimodality": ("the middle and the ends gained", "what lies between middle and ends gained"),
}


def explanation(  # noqa: PLR0913 - one sentence with six parts
    expected: Counts, observed: Counts, on_line: int, names: Sequence[str], contrast: int, *, up: bool
) -> str:
    """What changed in a series, (cells,) each, by the `contrast` of a `Judged`; `names` are those of its cells.

    The first `on_line` cells lie on a number line, and are named "low to high".
    """
    if contrast == EVERYTHING:
        return "many categories changed a little"
    cells = cells_of(contrast, on_line, len(expected))
    if cells is None:
        name = scores.NAMES[contrast]
        return MOVED[name][0 if up else 1] + (_ranks(expected, observed, on_line) if name == "location" else "")
    before, now = (counts[cells].sum() / max(counts.sum(), 1) for counts in (expected, observed))
    return f"{_named(names, cells.start, cells.stop, on_line)} went from {_share(before)} to {_share(now)}"


def cells_of(contrast: int, on_line: int, cells: int) -> slice | None:
    """The neighbours whose share a contrast is; None where it is about the whole series."""
    if contrast == EVERYTHING or contrast < len(scores.NAMES):
        return None
    return slice(*runs(on_line, cells)[contrast - len(scores.NAMES)].tolist())


def _ranks(expected: Counts, observed: Counts, on_line: int) -> str:
    """How far the values moved among those of the reference."""
    line: NDArray[np.float64] = expected[:on_line] / max(expected[:on_line].sum(), 1)
    rank = np.cumsum(line) - line / 2
    now = float((observed[:on_line] * rank).sum() / max(observed[:on_line].sum(), 1))
    return f": on average from the middle of the reference to where {now:.0%} of it lies below"


def _named(names: Sequence[str], begin: int, end: int, on_line: int) -> str:
    """A run of cells as one range."""
    if end - begin == 1:
        return names[begin] if begin >= on_line else f"values {names[begin]}"
    low, high = names[begin].split(" to ")[0], names[end - 1].rsplit(" to ", maxsplit=1)[-1]
    return f"values below {high}" if begin == 0 else f"values {low} to {high}"


def _share(share: float) -> str:
    """A share as people write it: 2 %, 0.3 %, 0 %."""
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"
