"""Summaries form a commutative monoid of integers, equal to what Python's own integers say."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import grids, parts
from detectors.grids import ABSENT, MISSING, NOT_FINITE, WRONG_TYPE, Grid
from detectors.parts import Summary

RNG = np.random.default_rng(7)
GRID = grids.build(
    {
        "amount": RNG.lognormal(0, 1.5, 2_000),
        "count": RNG.integers(0, 10, 2_000).astype(float),
        "flat": np.full(50, -3.5),
    },
    {"country": ["FR", "DE", "FR", None], "site": ["paris"]},
)
ODDITIES = [
    MISSING,
    -MISSING,
    NOT_FINITE,
    WRONG_TYPE,
    ABSENT,
    np.inf,
    -np.inf,
    1e300,
    -1e300,
    -0.0,
    0.0,
    5e-324,
    -5e-324,
]
NUMBERS = st.one_of(st.floats(-1e6, 1e6), st.sampled_from(ODDITIES), st.floats())
EVENT = st.tuples(
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.tuples(st.integers(0, GRID.widths[3] - 1), st.integers(0, GRID.widths[4] - 1)),
    st.tuples(st.integers(1, 3), st.integers(4, 6)),
)
EVENTS = st.lists(EVENT, max_size=20)
FIELDS = pytest.mark.parametrize("fields", [0, 1, 2])
ROWS = 7


def summary(events: list[tuple], fields: int = 2, grid: Grid = GRID) -> Summary:
    """Summarise a list of (values, cells, rows)."""
    values = np.array([event[0] for event in events], float).reshape(-1, len(grid.numeric))
    cells = np.array([event[1] for event in events], np.uint16).reshape(-1, len(grid.categorical))
    rows = np.array([event[2] for event in events], np.int64).reshape(-1, 2)[:, :fields]
    return parts.of(grid, values, cells, rows, ROWS)


def exact(x: float, feature: int) -> int | None:
    """The whole quanta of a value by exact fractions; None where it is not finite."""
    if not np.isfinite(x):
        return None
    distance = Fraction(x - float(GRID.centers[feature]))  # the one rounding that is part of the definition
    return round(distance / Fraction(2) ** int(GRID.exponents[feature]))  # half to even, as rint


def clamped(quanta: int) -> int:
    """What enters the sums."""
    return max(-(2**40), min(2**40, quanta))


def oracle(events: list[tuple], fields: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts, and (sum, sum of squares, clamped), event by event in Python's integers."""
    counts = np.zeros((ROWS, GRID.offsets[-1]), np.int64)
    moments = np.zeros((ROWS, 3, 3), object)
    for values, cells, rows in events:
        for row in (0, *rows[:fields]):
            for column, cell in enumerate((*(grid_cell(x, f) for f, x in enumerate(values)), *cells)):
                counts[row, GRID.offsets[column] + cell] += 1
            for feature, x in enumerate(values):
                q = exact(x, feature)
                if q is not None:
                    near = clamped(q)
                    moments[row, feature] += np.array([near, near**2, int(near != q)], object)  # never rounded by NumPy
    return counts, moments


def grid_cell(x: float, feature: int) -> int:
    """The cell of a value by comparison with the edges."""
    regular = int(GRID.regular[feature])
    if np.isinf(x):
        return regular
    if np.isnan(x):
        bits = int(np.float64(x).view(np.uint64)) >> 48 & 0x7FFF
        return regular + {0x7FF9: 0, 0x7FFA: 2, 0x7FFB: 3}.get(bits, 1)
    distance = np.array([x - GRID.centers[feature]])
    return int(np.searchsorted(GRID.boundaries[feature], grids.codes.ordered(distance)[0], side="right"))


@FIELDS
@settings(max_examples=40)
@given(events=EVENTS)
def test_a_summary_equals_what_python_integers_say(events: list[tuple], fields: int) -> None:
    """Counts and limbs hold exactly the oracle's integers."""
    found = summary(events, fields)
    counts, moments = oracle(events, fields)
    np.testing.assert_array_equal(counts, found.counts)
    limbs = found.moments.astype(object)
    whole = np.stack(
        [limbs[..., 0] * 2**32 + limbs[..., 1], limbs[..., 2] * 2**60 + limbs[..., 3], limbs[..., 4]], axis=2
    )
    np.testing.assert_array_equal(moments, whole)


@FIELDS
@settings(max_examples=40)
@given(one=EVENTS, other=EVENTS)
def test_a_summary_of_all_is_the_sum_of_summaries(one: list[tuple], other: list[tuple], fields: int) -> None:
    """The one law, of(a ++ b) == of(a) + of(b), and either order of the sum."""
    both = summary(one + other, fields)
    assert both == summary(one, fields) + summary(other, fields)
    assert both == summary(other, fields) + summary(one, fields)


@settings(max_examples=40)
@given(one=EVENTS, two=EVENTS, three=EVENTS)
def test_sums_are_associative_and_leave_their_operands(one: list[tuple], two: list[tuple], three: list[tuple]) -> None:
    """Brackets do not matter, and adding changes neither side."""
    a, b, c = summary(one), summary(two), summary(three)
    assert (a + b) + c == a + (b + c)
    assert [summary(one), summary(two), summary(three)] == [a, b, c]


@FIELDS
@given(one=EVENTS, other=EVENTS)
def test_what_was_added_can_be_taken_away(one: list[tuple], other: list[tuple], fields: int) -> None:
    """Bit for bit, and the operands stay: what is left is what nothing was added to."""
    first, second = summary(one, fields), summary(other, fields)
    both = first + second
    assert first == both - second
    assert second == both - first
    assert parts.empty(GRID, ROWS) == both - first - second
    assert both == summary(one + other, fields)


@given(events=EVENTS)
def test_the_empty_summary_changes_nothing(events: list[tuple]) -> None:
    """Empty is the identity from both sides, and the summary of no events."""
    some, none = summary(events), parts.empty(GRID, ROWS)
    assert summary([]) == none
    assert some == some + none == none + some


@pytest.mark.parametrize("fields", [0, 2])
def test_many_events_are_summed_as_exactly_as_few(fields: int) -> None:
    """Blocks, carries and clamped extremes agree with Python's integers over more rows than one block holds."""
    rng = np.random.default_rng(3)
    n = 2 * parts.ROWS_MAX + 17
    values = rng.choice([1e300, -1e300, 4.0, 1e3, -2.5e4], (n, 3))
    rows = np.stack((rng.integers(1, 4, n), rng.integers(4, 7, n)), axis=1)[:, :fields].astype(np.uint8)
    found = parts.of(GRID, values, np.zeros((n, 2), np.uint16), rows, ROWS)
    quanta = np.array([[clamped(exact(x, feature)) for feature, x in enumerate(event)] for event in values], object)
    limbs = found.moments[0].astype(object)
    assert (quanta.sum(axis=0) == limbs[:, 0] * 2**32 + limbs[:, 1]).all()
    assert ((quanta**2).sum(axis=0) == limbs[:, 2] * 2**60 + limbs[:, 3]).all()
    assert n * (1 + fields) == found.events().sum()


def test_a_feature_stuck_far_from_its_centre_has_no_deviation() -> None:
    """The variance is a difference of integers, so it does not drown in the square of the mean."""
    grid = grids.build({"x": np.random.default_rng(5).normal(0, 1, 1_000)}, {})
    stuck = parts.of(grid, np.full((999, 1), 700.1), np.zeros((999, 0), np.uint16), np.zeros((999, 0), np.int64), 1)
    assert 0.0 == stuck.deviation()[0, 0]
    assert abs(stuck.mean()[0, 0] - 700.1) < 1e-8


def test_readers_say_nan_where_nothing_was_read() -> None:
    """No finite value: no mean, no deviation, no share."""
    none = parts.empty(GRID, 2)
    assert all(np.isnan(read).all() for read in (none.mean(), none.deviation(), none.clamped()))


def test_the_clamped_share_is_of_finite_values() -> None:
    """One of two finite values is too large; infinity and nan are no values."""
    values = np.array([[1e300], [1.0], [np.inf], [MISSING]])
    grid = grids.build({"x": np.arange(100.0)}, {})
    some = parts.of(grid, values, np.zeros((4, 0), np.uint16), np.zeros((4, 0), np.int64), 1)
    assert 0.5 == some.clamped()[0, 0]
    assert 2 == some.values()[0, 0]


def test_absent_columns_are_not_comparable() -> None:
    """An event of a kind without the column does not count in its sample size."""
    values = np.array([[ABSENT], [1.0], [MISSING]])
    grid = grids.build({"x": np.arange(100.0)}, {})
    some = parts.of(grid, values, np.zeros((3, 0), np.uint16), np.zeros((3, 0), np.int64), 1)
    assert [[2]] == some.comparable().tolist()
    assert [3] == some.events().tolist()


def test_a_model_without_numbers_or_categories_is_counted_too() -> None:
    """Either kind of column may be missing altogether."""
    texts = grids.build({}, {"c": ["a", "b"]})
    some = parts.of(texts, np.zeros((3, 0)), np.array([[0], [1], [2]], np.uint16), np.zeros((3, 0), np.int64), 1)
    assert [1, 1, 1, 0, 0, 0] == some.counts[0].tolist()
    assert (1, 0, 5) == some.moments.shape


def test_rows_can_be_taken_apart() -> None:
    """A single row is a summary of its own."""
    some = summary([((1.0, 2.0, 3.0), (0, 1), (1, 4)), ((1.5, 2.0, 3.0), (2, 1), (2, 4))])
    row = some.take([2])
    assert [1] == row.events().tolist()
    assert row.counts.tolist() == [some.counts[2].tolist()]
    assert row.moments.tolist() == [some.moments[2].tolist()]


@FIELDS
@pytest.mark.parametrize("astray", [0, 1])
def test_a_cell_outside_its_column_is_noticed(astray: int, fields: int) -> None:
    """Whoever counts a cell that its column does not have made a mistake, and is told so."""
    cells = [0, 0]
    cells[astray] = int(GRID.widths[3 + astray])
    with pytest.raises(AssertionError):
        summary([((0.0, 0.0, 0.0), (0, 0), (1, 4)), ((0.0, 0.0, 0.0), tuple(cells), (1, 4))], fields)


@pytest.mark.parametrize("astray", [(0, 4), (1, 0), (1, ROWS), (ROWS, 4)])
def test_a_row_beyond_the_segments_is_noticed(astray: tuple[int, int]) -> None:
    """Row 0 is for all events, and rows that nobody declared do not exist."""
    with pytest.raises(AssertionError):
        summary([((0.0, 0.0, 0.0), (0, 0), astray)])
