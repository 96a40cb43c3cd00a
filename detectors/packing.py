"""Summaries as bytes: only what is not zero, in no more bytes than it takes. Half the size of plain integers.

Little-endian, one after the other:

1. how many rows, uint32; PAIRED is added where sums of pairs follow on 5
2. a bit per row: whether it has events
3. a bit per cell of each such row: whether its count is above zero
4. how many bytes a count takes, uint8; the counts above zero, unsigned, row by row
5. how many bytes each of the five moments takes, 5 uint8; then moment by moment its numbers, signed, of each such row
   and numeric feature
6. of PAIRED, how many sums of pairs, uint32, and how many bytes each takes, uint8; the sums, signed
7. how the service answered, if anything is known of it, as `detectors/service.py` lays it out

Bits begin with the highest of a byte, and those of 2 and 3 end at a whole byte.
"""

import numpy as np
from numpy.typing import NDArray

from detectors import service
from detectors.codes import Integers
from detectors.grids import Grid
from detectors.parts import MOMENTS, NO_PAIRS, Summary

Bytes = NDArray[np.uint8]
WIDTHS = (1, 2, 4, 8)  # of counts: what NumPy has integers of
PAIRED = 1 << 31


def pack(summary: Summary) -> bytes:
    """The summary as bytes, equal ones for equal summaries."""
    filled = np.asarray(summary.counts.any(axis=1))
    counts, moments = summary.counts[filled], summary.moments[filled]
    above = counts > 0
    largest = int(counts.max(initial=0))
    width = next(width for width in WIDTHS if largest < 1 << 8 * width)
    planes = np.ascontiguousarray(moments.transpose(2, 0, 1), "<i8")
    widths = _widths(planes)
    low = planes.view(np.uint8).reshape(*planes.shape, 8)
    return b"".join(
        (
            (len(filled) + PAIRED * bool(len(summary.pairs))).to_bytes(4, "little"),
            np.packbits(filled).tobytes(),
            np.packbits(above).tobytes(),
            bytes((width,)),
            counts.astype(f"<u{width}").ravel().take(np.flatnonzero(above)).tobytes(),  # twice as fast as by mask
            bytes(widths),
            *(plane[..., :width].tobytes() for plane, width in zip(low, widths, strict=True)),
            _paired(summary.pairs),
            service.pack(summary.service),
        )
    )


def total(grid: Grid, packed: bytes) -> Integers:
    """The counts of all events, which are the first row of what `pack` made bytes of, (cells,); no other is read."""
    cells = int(grid.offsets[-1])
    n_rows = int.from_bytes(packed[:4], "little") % PAIRED
    at = 4 + -(-n_rows // 8)
    filled = np.unpackbits(np.frombuffer(packed, np.uint8, at - 4, 4), count=n_rows)
    bits = -(-int(filled.sum()) * cells // 8)
    counts = np.zeros(cells, np.int64)
    if filled[:1].any():
        above = np.unpackbits(np.frombuffer(packed, np.uint8, -(-cells // 8), at), count=cells).view(np.bool_)
        width = packed[at + bits]
        counts[above] = np.frombuffer(packed, f"<u{width}", int(above.sum()), at + bits + 1)
    return counts


def unpack(grid: Grid, packed: bytes) -> Summary:
    """The summary that `pack` made bytes of, in the same grid."""
    taken = 0

    def take(n: int) -> Bytes:
        """The next n bytes."""
        nonlocal taken
        taken += n
        return np.frombuffer(packed, np.uint8, n, taken - n)

    def bits(n: int) -> NDArray[np.bool_]:
        """The next n bits."""
        return np.unpackbits(take(-(-n // 8)), count=n).view(np.bool_)

    cells, features = int(grid.offsets[-1]), len(grid.numeric)
    n_rows = int(take(4).view("<u4")[0])
    paired, filled = n_rows >= PAIRED, bits(n_rows % PAIRED)
    n_rows = int(filled.sum())
    above = bits(n_rows * cells).reshape(n_rows, cells)
    width = int(take(1)[0])
    some = np.zeros((n_rows, cells), np.int64)
    some[above] = take(int(above.sum()) * width).view(f"<u{width}")
    counts = np.zeros((len(filled), cells), np.int64)
    counts[filled] = some
    moments = np.zeros((len(filled), features, MOMENTS), np.int64)
    for i, width in enumerate(take(MOMENTS).tolist()):
        moments[filled, :, i] = _wide(take(n_rows * features * width).reshape(n_rows, features, width))
    pairs = NO_PAIRS
    if paired:
        n, width = int(take(4).view("<u4")[0]), int(take(1)[0])
        pairs = take(n * width).view(f"<i{width}").astype(np.int64)
    return Summary(grid, counts, moments, service.unpack(packed[taken:]), pairs)


def _paired(pairs: Integers) -> bytes:
    if not len(pairs):
        return b""
    largest = int(np.abs(pairs).max())
    width = next(width for width in WIDTHS if largest < 1 << (8 * width - 1))
    return len(pairs).to_bytes(4, "little") + bytes((width,)) + pairs.astype(f"<i{width}").tobytes()


def _widths(planes: Integers) -> list[int]:
    """How many bytes hold all numbers of each plane, and a sign."""
    most, least = planes.max(axis=(1, 2), initial=0), planes.min(axis=(1, 2), initial=0)
    return [n.bit_length() // 8 + 1 for n in np.maximum(most, -1 - least).tolist()]


def _wide(low: Bytes) -> Integers:
    """Numbers from their low bytes, (..., width)."""
    whole = np.zeros((*low.shape[:-1], 8), np.uint8)
    whole[..., : low.shape[-1]] = low
    whole[low[..., -1] >= 128, low.shape[-1] :] = 255
    return whole.view("<i8")[..., 0].astype(np.int64)
