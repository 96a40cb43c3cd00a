"""A summary as bytes comes back as it was, and the bytes are laid out as the file says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors import grids, packing, parts
from detectors.grids import Grid
from detectors.parts import MOMENTS, Summary

GRID = grids.build({"a": np.arange(50.0), "b": np.arange(9.0)}, {"c": ["x", "y"]})
CELLS = int(GRID.offsets[-1])
COUNT = st.one_of(st.just(0), st.integers(0, 300), st.integers(0, 2**62))
MOMENT = st.one_of(st.integers(-300, 300), st.sampled_from([127, 128, -128, -129]), st.integers(-(2**63), 2**63 - 1))


@st.composite
def summaries(draw: st.DrawFn) -> Summary:
    """Any integers, in rows with events; rows without are all zeros."""
    n = draw(st.integers(0, 6))
    counts = draw(arrays(np.int64, (n, CELLS), elements=COUNT, fill=st.just(0)))
    moments = draw(arrays(np.int64, (n, 2, MOMENTS), elements=MOMENT, fill=st.just(0)))
    return Summary(GRID, counts, moments * counts.any(axis=1)[:, None, None])


@given(summaries())
def test_a_summary_survives_its_bytes(some: Summary) -> None:
    """Whatever the numbers; equal summaries have equal bytes."""
    packed = packing.pack(some)
    again = packing.unpack(GRID, packed)
    assert some == again
    assert packed == packing.pack(again)


@given(summaries())
def test_the_counts_of_all_events_are_read_without_the_others(some: Summary) -> None:
    """As if all had been; zeros where there is none."""
    every = some.counts[0] if len(some.counts) else np.zeros(CELLS, np.int64)
    assert every.tolist() == packing.total(GRID, packing.pack(some)).tolist()


def by_hand(grid: Grid, packed: bytes) -> tuple[list[list[int]], list[list[list[int]]]]:
    """Counts and moments of the rows with events, read as the file's first lines say, with Python's integers."""
    at = 4

    def take(n: int) -> bytes:
        nonlocal at
        at += n
        return packed[at - n : at]

    def bits(n: int) -> list[int]:
        read = take((n + 7) // 8)
        return [read[i // 8] >> (7 - i % 8) & 1 for i in range(n)]

    cells, features = int(grid.offsets[-1]), len(grid.numeric)
    rows = sum(bits(int.from_bytes(packed[:4], "little")))
    above = bits(rows * cells)
    (width,) = take(1)
    flat = [int.from_bytes(take(width), "little") if bit else 0 for bit in above]
    moments = [[[0] * MOMENTS for _ in range(features)] for _ in range(rows)]
    for moment, width in enumerate(take(MOMENTS)):
        for row in range(rows):
            for feature in range(features):
                moments[row][feature][moment] = int.from_bytes(take(width), "little", signed=True)
    assert at == len(packed)
    return [flat[i * cells : (i + 1) * cells] for i in range(rows)], moments


@given(summaries())
def test_the_layout_is_the_documented_one(some: Summary) -> None:
    """Another program can read it by the description alone."""
    filled = some.counts.any(axis=1)
    counts, moments = by_hand(GRID, packing.pack(some))
    assert (some.counts[filled].tolist(), some.moments[filled].tolist()) == (counts, moments)


@pytest.mark.parametrize(("largest", "width"), [(255, 1), (256, 2), (65_536, 4), (2**32, 8)])
def test_what_is_zero_takes_no_bytes(largest: int, width: int) -> None:
    """Header, a bit per row, a bit per cell of one row, one count; moments of zero take a byte each."""
    some = parts.empty(GRID, 9)
    some.counts[4, 3] = largest
    assert 4 + 2 + -(-CELLS // 8) + 1 + width + MOMENTS + 2 * MOMENTS == len(packing.pack(some))


def test_a_model_without_numbers_or_without_events_is_packed_too() -> None:
    """Nothing is a summary as well."""
    texts = grids.build({}, {"c": ["x"]})
    for some in (parts.empty(texts, 1), parts.empty(texts, 0), parts.empty(GRID, 3)):
        assert some == packing.unpack(some.grid, packing.pack(some))
