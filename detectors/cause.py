"""Whether the world changed, or what brings it here: which part of a change the special cells carry.

Special cells hold what is no ordinary value: missing, not finite, an unseen category, another type; and numbers outside
the reference's range, where these became more than the cells beside them did. For a world that moves comes by there;
another unit, or a default of -999, does not.

What a cell says about the side that an event comes from, which is the Jensen-Shannon divergence, is what "which special
cell, or none" says, and what the ordinary cells say beside that: the chain rule of information (Cover and Thomas 2006,
Elements of information theory, theorem 2.5.2). So both parts add up to the whole change. What chance alone does on
average is taken off each of them; and a part that chance alone might well do is none.
"""

from typing import Final

import numpy as np
from scipy.special import chdtri

from detectors.codes import Bools, Floats, Integers
from detectors.distances import DISTANCES, Counts
from detectors.distances.shares import known, shares
from detectors.grids import SPECIAL

PIPELINE: Final = "broken pipeline"
WORLD: Final = "changed world"
BOTH: Final = "both"
CHANCE = 0.01  # of a part that great without any change: less than that is no part
MOSTLY = 0.8  # of the change: a part that carries that much is said to be the cause
ENDED = 3  # cells: with fewer, a number line has no ends beyond the reference's range


def causes(expected: Counts, observed: Counts, regular: Integers, numeric: Bools) -> list[str]:
    """What changed each series: PIPELINE, WORLD or BOTH; nothing where either side is empty. See `carried`."""
    part = carried(expected, observed, regular, numeric)
    words = np.select([np.isnan(part), part >= MOSTLY, part <= 1 - MOSTLY], ["", PIPELINE, WORLD], BOTH)
    return [str(word) for word in words]


def carried(expected: Counts, observed: Counts, regular: Integers, numeric: Bools) -> Floats:
    """The part of the change that special cells carry, 0 to 1, (series,); nan where there is no change at all.

    Counts are (series, cells): `regular` cells of values, then odd, missing and wrong type. Of a `numeric` series the
    first and the last regular cell lie outside the reference's range.
    """
    apart = special(expected, observed, regular, numeric)
    coarse = tuple(_lumped(counts, apart) for counts in (expected, observed))
    divergence = DISTANCES["jensen_shannon_divergence_natural"]
    whole, outer = divergence(expected, observed), divergence(*coarse)
    inner = np.maximum(whole - outer, 0.0)
    m, n = (np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0) for counts in (expected, observed))
    freedom, unit = _freedom(*coarse), (m + n) / (8 * m * n)
    surely = _beyond_chance(outer, freedom, unit)
    total = surely + _beyond_chance(inner, np.maximum(_freedom(expected, observed) - freedom, 0.0), unit)
    parts = np.where(total > 0, surely, outer), np.where(total > 0, total, outer + inner)
    changed = known(expected, observed)[..., 0] & (parts[1] > 0)
    return np.asarray(np.divide(parts[0], parts[1], out=np.full(parts[1].shape, np.nan), where=changed))


def special(expected: Counts, observed: Counts, regular: Integers, numeric: Bools) -> Bools:
    """Which cells are special, (series, cells)."""
    cells = np.arange(expected.shape[1])
    found = (cells >= regular[:, None]) & (cells < regular[:, None] + len(SPECIAL) - 1)
    rise = shares(observed) - shares(expected)
    ended = np.flatnonzero(numeric & (regular >= ENDED))
    for end, beside in ((np.zeros_like(regular), np.ones_like(regular)), (regular - 1, regular - 2)):
        there, near = (rise[ended, at[ended]] for at in (end, beside))
        found[ended, end[ended]] = np.abs(there) > np.maximum(np.sign(there) * near, 0.0)
    return found


def _lumped(counts: Counts, apart: Bools) -> Floats:
    """Counts with all ordinary cells as one more cell, (series, cells + 1)."""
    ordinary = np.where(apart, 0, counts).sum(axis=1, keepdims=True)
    return np.concatenate((np.where(apart, counts, 0), ordinary), axis=1).astype(np.float64)


def _freedom(expected: Counts, observed: Counts) -> Floats:
    """How many shares may vary by themselves, (series,); one that expects less than a value varies that much less."""
    m, n = (np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0) for counts in (expected, observed))
    expects = (expected + observed) * (np.minimum(m, n) / (m + n))[:, None]
    return np.asarray(np.maximum(np.minimum(expects, 1.0).sum(axis=1) - 1, 0.0))


def _beyond_chance(divergence: Floats, freedom: Floats, unit: Floats) -> Floats:
    """What is left of a divergence, which without any change is nearly a chi-square times the unit, (series,)."""
    likely = unit * np.where(freedom > 0, chdtri(np.maximum(freedom, 1e-3), CHANCE), 0.0)
    return np.where(divergence > likely, np.maximum(divergence - unit * freedom, 0.0), 0.0)
