"""Grids: whatever the reference holds, its cells are sensible, exact and portable."""

import gc
import json
import weakref

import numpy as np
import pytest

from detectors import codes, grids, parts
from detectors.grids import ABSENT, MISSING, NOT_FINITE, WRONG_TYPE, Grid

RNG = np.random.default_rng(11)
N = 4_000
SHAPES = {
    "normal": RNG.normal(100, 15, N),
    "lognormal": RNG.lognormal(0, 1.5, N),
    "uniform": RNG.uniform(-1, 1, N),
    "digits": RNG.integers(0, 10, N).astype(float),
    "zero inflated": np.where(RNG.random(N) < 0.9, 0.0, RNG.lognormal(0, 1, N)),
    "constant": np.full(N, 5.0),
    "empty": np.empty(0),
    "nothing finite": np.array([np.nan, np.inf, -np.inf, ABSENT]),
    "one value": np.array([-0.0]),
    "outliers": np.concatenate((RNG.normal(0, 1, N), [1e300, -1e300])),
    "extremes": np.array([np.finfo(float).max, np.finfo(float).min, 0.0]),
    "largest": np.full(10, np.finfo(float).max),
    "subnormals": RNG.integers(-50, 50, N) * 5e-324,
    "epoch seconds": 1.7e9 + RNG.integers(0, 86_400, N),
    "signs": RNG.choice([-1.0, 1.0], N),
}
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES)


def grid_of(values: np.ndarray) -> Grid:
    """A grid of one numeric column."""
    return grids.build({"x": values}, {})


def counts_of(grid: Grid, values: np.ndarray) -> np.ndarray:
    """Counts of one numeric column."""
    n = len(values)
    return parts.of(grid, values[:, None], np.zeros((n, 0), np.uint16), np.zeros((n, 0), np.int64), 1).counts[0]


@EVERY_SHAPE
def test_the_reference_is_within_its_own_range(shape: str) -> None:
    """No finite value of the reference falls below or above its grid, and each finite one falls into a regular cell."""
    values = SHAPES[shape]
    grid = grid_of(values)
    counts = counts_of(grid, values)
    regular = counts[: grid.regular[0]]
    assert np.isfinite(values).sum() == regular.sum()
    if len(regular) > 1:
        assert [0, 0] == [regular[0], regular[-1]]


@EVERY_SHAPE
def test_no_mass_hides_in_a_great_cell(shape: str) -> None:
    """A regular cell beyond twice its share holds values of a single code, and there are at most about 34 cells."""
    values = SHAPES[shape][np.isfinite(SHAPES[shape])]
    grid = grid_of(values)
    cells = np.searchsorted(grid.boundaries[0], codes.ordered(values - grid.centers[0]), side="right")
    great = np.flatnonzero(np.bincount(cells, minlength=1) > max(1, 2 * len(values) / 32))
    for cell in great:
        assert len(np.unique(codes.ordered(values[cells == cell] - grid.centers[0]))) == 1
    assert grid.regular[0] <= 36


@EVERY_SHAPE
def test_the_reference_is_never_clamped(shape: str) -> None:
    """The fixed-point unit reaches all of the reference, and its mean and deviation are those of the floats."""
    values = SHAPES[shape]
    finite = values[np.isfinite(values)]
    grid = grid_of(values)
    n = len(values)
    summary = parts.of(grid, values[:, None], np.zeros((n, 0), np.uint16), np.zeros((n, 0), np.int64), 1)
    assert 0 == summary.moments[0, 0, 4]
    if 0 < np.abs(finite).max(initial=0) < 1e150:
        scale = max(np.abs(finite - grid.centers[0]).max() / 1000, finite.std(), 2.0**-992)
        np.testing.assert_allclose(summary.mean()[0, 0], finite.mean(), atol=scale * 2e-9, rtol=1e-15)
        np.testing.assert_allclose(summary.deviation()[0, 0], finite.std(), atol=scale * 2e-9, rtol=1e-9)


@EVERY_SHAPE
def test_a_grid_survives_json(shape: str) -> None:
    """A loaded grid describes itself as the first one did, and counts alike."""
    grid = grids.build({"x": SHAPES[shape]}, {"c": ["a", "b", "a"]})
    loaded = Grid.load(json.loads(json.dumps(grid.document())))
    assert grid.document() == loaded.document()
    assert np.array_equal(grid.lut, loaded.lut)


def test_grids_with_the_same_boundaries_share_a_table_while_one_is_there() -> None:
    """However they were made; nobody can write to it, and it goes with the last of them."""
    first = grid_of(SHAPES["lognormal"])
    second = Grid.load(first.document())
    assert first.lut is second.lut
    assert not first.lut.flags.writeable
    assert first.lut is not grid_of(SHAPES["normal"]).lut
    table = weakref.ref(first.lut)
    del first, second
    gc.collect()
    assert table() is None


@EVERY_SHAPE
def test_the_table_agrees_with_the_edges(shape: str) -> None:
    """The cell of every finite code is the number of boundaries at or below it."""
    grid = grid_of(SHAPES[shape])
    raw = np.arange(-32_768, 32_768)
    numbers = (raw << 48).view(np.float64)
    finite = np.isfinite(numbers)
    cells = np.searchsorted(grid.boundaries[0], codes.ordered(numbers[finite]), side="right")
    np.testing.assert_array_equal(cells, grid.lut[0, raw[finite] + 32_768])


@EVERY_SHAPE
def test_each_cell_has_a_name_of_its_own(shape: str) -> None:
    """There are as many names as cells, and no two cells are called the same."""
    grid = grid_of(SHAPES[shape])
    names = grid.cell_names("x")
    assert grid.widths[0] == len(names)
    assert len(names) == len(set(names)) or shape in {"epoch seconds", "largest", "outliers", "extremes"}


def test_digits_have_a_cell_each_cut_at_halves() -> None:
    """Integers lie in the middle of their cells, so a person reads the name and knows the number."""
    grid = grid_of(SHAPES["digits"])
    counts = counts_of(grid, np.arange(10.0))
    assert [0, *[1] * 10, 0, 0, 0, 0, 0] == counts.tolist()
    assert ["1.5 to 2.5", "2.5 to 3.5"] == grid.cell_names("x")[3:5]


def test_quantile_cells_hold_about_equal_shares() -> None:
    """On smooth data 32 inner cells hold between half and one and a half times their share."""
    for shape in ("normal", "lognormal", "uniform"):
        grid = grid_of(SHAPES[shape])
        inner = counts_of(grid, SHAPES[shape])[1 : grid.regular[0] - 1]
        assert len(inner) == 32
        assert 0.4 < inner.min() * 32 / N <= inner.max() * 32 / N < 1.7


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_no_number_has_its_own_cell(sign: int) -> None:
    """Infinities and unusual NaNs are odd, the ordinary nan is missing, whichever sign they carry."""
    grid = grid_of(SHAPES["normal"])
    values = sign * np.array([np.inf, NOT_FINITE, MISSING, float("nan"), WRONG_TYPE, ABSENT])
    assert [2, 2, 1, 1] == counts_of(grid, values)[grid.regular[0] :].tolist()


def test_the_two_zeros_share_a_cell() -> None:
    """-0.0 counts like 0.0 beside any centre, zero included."""
    grid = grid_of(np.concatenate((np.zeros(100), RNG.normal(0, 1, 100))))
    assert np.array_equal(counts_of(grid, np.array([0.0])), counts_of(grid, np.array([-0.0])))


def test_a_value_outside_the_reference_is_below_or_above() -> None:
    """The open ends have cells of their own."""
    grid = grid_of(SHAPES["uniform"])
    counts = counts_of(grid, np.array([-7.0, 9.0, 1e308, -1e308]))
    assert [2, 2] == [counts[0], counts[grid.regular[0] - 1]]


def test_the_order_of_the_reference_does_not_matter() -> None:
    """A shuffled reference makes the same grid."""
    values, texts = SHAPES["lognormal"], RNG.choice(["x", "y", "z"], 100).tolist()
    one = grids.build({"a": values}, {"b": texts})
    other = grids.build({"a": RNG.permutation(values)}, {"b": texts[::-1]})
    assert one.document() == other.document()


def test_the_vocabulary_has_the_most_frequent_first() -> None:
    """Ties are broken by the text, rarer categories are left out, and what is no text does not count."""
    texts = ["c", "b", "a", "b", None, 7, "d", "a"]
    grid = grids.build({}, {"x": np.array(texts, object)}, vocabulary=3)
    assert (("a", "b", "c"),) == grid.vocabularies
    assert ["category a", "category b", "category c", "unseen category", "missing", "wrong type", "absent"] == (
        grid.cell_names("x")
    )


def test_cells_lie_side_by_side() -> None:
    """Widths and offsets follow the columns, numeric ones first."""
    grid = grids.build({"n": np.array([1.0])}, {"c": ["a", "b"]})
    assert ("n", "c") == grid.columns
    assert [7, 6] == grid.widths.tolist()
    assert [0, 7, 13] == grid.offsets.tolist()
