"""Broken pipelines and changed worlds are told apart on planted changes."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors import codes
from detectors.cause import BOTH, PIPELINE, WORLD, carried, causes, special
from detectors.distances import DISTANCES
from detectors.grids import Grid, build

Values = NDArray[np.float64]
Change = Callable[[Values], Values]

NUMBER, CATEGORY = np.array([True]), np.array([False])


def counted(grid: Grid, values: Values) -> NDArray[np.int64]:
    """Counts of a number in its cells without the absent one, (1, cells)."""
    place = ((values - grid.centers[0]).view(np.int64) >> 48) + codes.MAGNITUDES
    return np.bincount(grid.lut[0][place], minlength=int(grid.widths[0]))[None, :-1]


def some(share: float, becomes: Change) -> Change:
    """A change of so many of the values."""

    def changed(values: Values) -> Values:
        hit = np.random.default_rng(4).random(len(values)) < share
        return np.where(hit, becomes(values), values)

    return changed


def always(value: float) -> Change:
    """A change into one value."""
    return lambda values: np.full_like(values, value)


PLANTED: dict[str, tuple[Change, str]] = {
    "2 % missing": (some(0.02, always(codes.MISSING)), PIPELINE),
    "31 % missing": (some(0.31, always(codes.MISSING)), PIPELINE),
    "all of another type": (always(codes.WRONG_TYPE), PIPELINE),
    "5 % infinite": (some(0.05, always(np.inf)), PIPELINE),
    "a default of -999": (some(0.03, always(-999.0)), PIPELINE),
    "5 % in another unit": (some(0.05, lambda values: 100 * values + 50), PIPELINE),
    "a little greater": (lambda values: values + 0.3, WORLD),
    "greater": (lambda values: values + 1.0, WORLD),
    "much greater": (lambda values: values + 2.0, WORLD),
    "spread out": (lambda values: 1.5 * values, WORLD),
    "spread far out": (lambda values: 2.0 * values, WORLD),
    "drawn together": (lambda values: 0.5 * values, WORLD),
    "one value for many": (some(0.2, always(0.4)), WORLD),
    "greater, and 20 % missing": (
        lambda values: some(0.2, always(codes.MISSING))(values + 1.0),
        BOTH,
    ),
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("size", [1_000, 20_000])
@pytest.mark.parametrize("exponential", [False, True])
def test_planted_changes_of_numbers_are_told_apart(name: str, size: int, exponential: bool) -> None:
    """Normal and skewed values, references of two sizes, windows of 2,000 events."""
    rng = np.random.default_rng(3)
    draw = (lambda n: rng.exponential(1.0, n)) if exponential else (lambda n: rng.normal(0.0, 1.0, n))
    reference = draw(size)
    grid = build({"x": reference}, {})
    becomes, cause = PLANTED[name]
    assert [cause] == causes(counted(grid, reference), counted(grid, becomes(draw(2_000))), grid.regular, NUMBER)


@pytest.mark.parametrize(
    ("now", "cause"),
    [
        ([500, 300, 200, 0, 0, 0], WORLD),
        ([200, 300, 500, 0, 0, 0], WORLD),
        ([450, 270, 180, 100, 0, 0], PIPELINE),
        ([450, 270, 180, 0, 0, 100], PIPELINE),
        ([240, 240, 320, 0, 200, 0], BOTH),
        ([0, 0, 0, 0, 0, 0], ""),
    ],
)
def test_planted_changes_of_categories_are_told_apart(now: list[int], cause: str) -> None:
    """Three categories, unseen ones, missing and wrong type; an empty window has no cause."""
    before = np.array([[5_000, 3_000, 2_000, 0, 0, 0]])
    expected = before if now != [500, 300, 200, 0, 0, 0] else np.array([[4_000, 4_000, 2_000, 0, 0, 0]])
    assert [cause] == causes(expected, np.array([now]), np.array([3]), CATEGORY)


def test_a_cell_that_is_missing_no_more_is_the_pipeline_too() -> None:
    """It was broken when the reference was taken."""
    before, now = np.array([[3_500, 2_100, 1_400, 0, 3_000, 0]]), np.array([[500, 300, 200, 0, 0, 0]])
    assert [PIPELINE] == causes(before, now, np.array([3]), CATEGORY)


def test_what_special_cells_carry_and_the_rest_add_up_to_the_divergence() -> None:
    """The chain rule: what is left is the divergence among ordinary cells, weighted by how many events are there."""
    rng = np.random.default_rng(9)
    expected, observed = rng.integers(10_000, 90_000, (20, 9)), rng.integers(10_000, 90_000, (20, 9))
    whole = DISTANCES["jensen_shannon_divergence_natural"](expected, observed)
    apart = np.arange(9) >= 6
    a, b = (each / each.sum(axis=1, keepdims=True) for each in (expected, observed))
    middle = (a + b) / 2
    ordinary = middle[:, :6].sum(axis=1)
    inner = sum(
        side[:, :6] / 2 * np.log(side[:, :6] / middle[:, :6] / (side[:, :6].sum(axis=1) / ordinary)[:, None])
        for side in (a, b)
    ).sum(axis=1)
    assert np.array_equal(
        np.broadcast_to(apart, (20, 9)), special(expected, observed, np.full(20, 6), np.zeros(20, bool))
    )
    part = carried(10**6 * expected, 10**6 * observed, np.full(20, 6), np.zeros(20, bool))  # so many: no chance is left
    assert np.allclose(1 - part, inner / whole, rtol=1e-6)


def test_each_series_is_judged_alone_whatever_stands_beside_it() -> None:
    """Numbers and categories in one rectangle, padded with empty cells."""
    rng = np.random.default_rng(2)
    expected, observed = rng.integers(0, 500, (6, 12)), rng.integers(0, 500, (6, 12))
    regular, numeric = np.array([9, 7, 5, 3, 2, 9]), np.array([True, True, False, True, False, False])
    for counts in (expected, observed):
        counts[np.arange(12) >= regular[:, None] + 3] = 0
    together = carried(expected, observed, regular, numeric)
    alone = [
        carried(*(np.pad(c[i : i + 1, : regular[i] + 3], ((0, 0), (0, 20))) for c in (expected, observed)),
                regular[i : i + 1], numeric[i : i + 1])[0]
        for i in range(6)
    ]  # fmt: skip
    assert np.allclose(together, alone, rtol=1e-12)


def test_no_change_has_no_cause() -> None:
    """Nothing is divided by nothing."""
    same = np.array([[10, 20, 30, 0, 0, 0]])
    assert [""] == causes(same, same, np.array([3]), CATEGORY)
