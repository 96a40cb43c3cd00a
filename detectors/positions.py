"""Where on the number line the values of each cell are taken to lie, for distances that know how far apart values are.

Cells are intervals: a value is known to about a thirtieth of the reference's values. What a number is worth beyond the
reference's range is not known at all, and not believed: it stands at the end of the range.
"""

import numpy as np

from detectors import codes
from detectors.codes import Floats
from detectors.grids import Grid


def positions(grid: Grid) -> list[Floats]:
    """Of each numeric column the positions of its regular cells, finite and ascending, in the feature's unit."""
    edges = (codes.least(boundaries) + center for boundaries, center in zip(grid.boundaries, grid.centers, strict=True))
    return [
        _positions(np.clip(each, -codes.LARGEST, codes.LARGEST)) if len(each) else np.array([center])
        for each, center in zip(edges, grid.centers, strict=True)
    ]


def placed(grid: Grid, width: int) -> Floats:
    """The same of all columns, (columns, width): cells without numbers with the last one that has, categories at 0."""
    found = np.zeros((len(grid.columns), width))
    for row, each in zip(found, positions(grid), strict=False):
        row[: len(each)], row[len(each) :] = each, each[-1]
    return found


def _positions(edges: Floats) -> Floats:
    """Middles of the cells between the edges; the first and the last of these are tails, or ends.

    A tail is wider than its neighbour. Its events stand a third of the way out, as if they grew fewer along a straight
    line; and it is taken to be at most twice as wide as all cells between the tails, for one value of 1e300 in the
    reference stretches it to itself. An end that is narrower is half of the way to the next value: its events lie at
    the end.
    """
    if len(edges) == 1:
        return np.repeat(edges, 2)
    middles, widths = edges[:-1] / 2 + edges[1:] / 2, np.diff(edges)
    low, high = edges[0], edges[-1]
    if len(widths) > 2:
        most = 2 * (edges[-2] - edges[1])
        low, high = max(low, edges[1] - most), min(high, edges[-2] + most)
        middles[0] = edges[1] - (edges[1] - low) / 3 if widths[0] > widths[1] else low
        middles[-1] = edges[-2] + (high - edges[-2]) / 3 if widths[-1] > widths[-2] else high
    elif len(widths) == 2:  # two values, each at its end
        middles[:] = low, high
    return np.concatenate(([low], middles, [high]))
