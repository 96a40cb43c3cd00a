"""Numbers as 16-bit codes: sign, exponent and four bits of the distance from a centre, in the order of the numbers.

A double without its last 48 bits is a code of 16 bits. As a signed integer it is its own place in a table of 65,536
cells (`detectors.grids`); as sign times magnitude it sorts like the number. So edges that lie between two codes make a
table look-up exact, not an approximation, and no number is out of range. The two zeros share the code 0.
"""

import struct

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

CODES = 65_536  # places of a table
MAGNITUDES = 32_768  # magnitudes of either sign; also the place of +0.0
INFINITY = 0x7FF0  # the magnitude of an infinity; every greater one is a NaN
LARGEST = 2.0**969  # a smaller centre cannot make `value - centre` overflow: half of the last place of the largest


def _nan(magnitude: int) -> float:
    """The quiet NaN with these upper 16 bits; arithmetic keeps them."""
    number: float = struct.unpack("<d", (magnitude << 48).to_bytes(8, "little"))[0]
    return number


MISSING = _nan(0x7FF8)  # the ordinary nan: the cheapest default of a decoder, so the commonest meaning
NOT_FINITE = _nan(0x7FF9)
WRONG_TYPE = _nan(0x7FFA)
ABSENT = _nan(0x7FFB)
# What a NaN means by its magnitude; any other NaN is a missing value.
NAN_MAGNITUDES = {0x7FF9: NOT_FINITE, 0x7FFA: WRONG_TYPE, 0x7FFB: ABSENT}


def ordered(distances: Floats) -> Integers:
    """Codes that sort like the numbers, -32,767 to 32,767. Any shape."""
    raw = distances.view(np.int64) >> 48
    magnitudes = raw & (MAGNITUDES - 1)
    return np.where(raw < 0, -magnitudes, magnitudes)


def least(codes: Integers) -> Floats:
    """The lower edge of each code: the least number of a positive one, the greatest number below any other."""
    magnitudes = np.where(codes > 0, codes, 1 - codes)
    edges = (np.minimum(magnitudes, INFINITY) << 48).view(np.float64)
    return np.where(codes > 0, edges, -edges)


def by_place(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cells per ordered code (65,535) as cells per place, which is the signed upper 16 bits plus 32,768."""
    zero = MAGNITUDES - 1  # the index of the ordered code 0
    return np.concatenate((cells[zero::-1], cells[zero:]))
