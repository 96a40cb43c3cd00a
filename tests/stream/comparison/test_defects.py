"""What other tools are known to do to a verdict, ours does not: one odd event, rows that are alike, broken columns.

Named after the tool that does it; what each says of such columns: tests/detectors/conventions/test_defects.py.
"""

import numpy as np
import pytest

from detectors.conventions import Score
from stream.comparison.own import VERDICT, own
from stream.comparison.pairs import Side, paired
from stream.reference import ReferenceProblem, from_columns
from stream.reference.columns import Values, column

N = 2_000
ODD = [1e300, -1e300, np.nan, np.inf, -np.inf, "seven", None, True, 10**400]


def judged(reference: list[object] | Values, current: list[object] | Values) -> Score:
    """The verdict on one column."""
    both = [column(values) if isinstance(values, list) else values for values in (reference, current)]
    sides = [Side(name, from_columns({"x": values}), None) for name, values in zip("ab", both, strict=True)]
    return own(paired(*sides)).judged.features["x"][VERDICT]


def numbers(shift: float = 0.0, n: int = N, seed: int = 1) -> list[float]:
    """A column of numbers."""
    return np.random.default_rng(seed).normal(shift, 1, n).tolist()


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_evidently_one_value_decides(shift: float, odd: object) -> None:
    """Bins over both samples are empty but for two; ours are the reference's, and one event is one event."""
    reference, current = numbers(seed=2), numbers(shift)
    plain = judged(reference, current)
    assert (shift > 0) == plain.drifted
    assert plain.drifted == judged(reference, [*current[1:], odd]).drifted
    assert plain.drifted == judged([*reference[1:], odd], current).drifted


def test_evidently_changes_what_it_is_given() -> None:
    """Missing values were dropped from the caller's own column; NumPy's chance was seeded anew."""
    reference, current = (np.array([*numbers(seed=seed), np.nan, np.inf]) for seed in (1, 2))
    before = reference.copy(), current.copy(), np.random.get_state()[1].copy()  # noqa: NPY002 - theirs to be left alone
    judged(reference, current)
    after = reference, current, np.random.get_state()[1]  # noqa: NPY002
    for was, now in zip(before, after, strict=True):
        np.testing.assert_array_equal(was, now)


def test_evidently_cannot_divide_by_nothing() -> None:
    """A window of which all values are missing has changed: that is what it has."""
    assert judged(numbers(), [None] * N).drifted
    assert judged([*numbers(n=1900), *[None] * 100], [*numbers(n=1900, seed=3), *[None] * 100]).drifted is False
    with pytest.raises(ReferenceProblem, match="no column to compare"):
        judged([None] * N, numbers())


def test_whylogs_says_something_else_each_time() -> None:
    """Its sketches are random: p of the same values was anything from 3e-7 to 0.74. Order and runs do not matter."""
    reference, current = numbers(seed=4), numbers(0.05, seed=5)
    told = {judged(reference, current).value, judged(reference, current).value}
    shuffled = np.random.default_rng(0).permutation(current).tolist()
    assert told == {judged(reference, shuffled).value, judged(reference[::-1], current[::-1]).value}


@pytest.mark.parametrize("times", [1, 3, 10])
def test_whylogs_finds_drift_in_equal_shares(times: int) -> None:
    """A file beside itself, some times over."""
    texts = np.random.default_rng(1).choice(["a", "b", "c"], 400, p=[0.7, 0.2, 0.1]).tolist()
    assert judged(texts * times, texts).drifted is False
    assert judged(texts, texts * times).drifted is False
    assert judged(numbers() * times, numbers()).drifted is False


@pytest.mark.parametrize("side", [0, 1])
def test_whylogs_one_new_category_is_drift(side: int) -> None:
    """Expected never, so infinitely surprising."""
    columns = [np.random.default_rng(seed).choice(["a", "b", "c"], N).tolist() for seed in (1, 2)]
    columns[side].append("new")
    assert judged(*columns).drifted is False


def test_nannyml_finds_drift_in_nearly_every_window_of_fifty_features() -> None:
    """92 to 100 % of them; ours promises 1 in 100 of files, whatever the number of features."""
    rng = np.random.default_rng(11)
    reference = {f"x{i}": rng.normal(0, 1, 1_000) for i in range(50)}
    found = []
    for _ in range(3):
        current = {name: rng.normal(0, 1, 500) for name in reference}
        sides = [Side(name, from_columns(columns), None) for name, columns in (("a", reference), ("b", current))]
        found.append(own(paired(*sides)).judged.dataset.drifted)
    assert 0 == sum(found)


def test_mlrun_one_broken_feature_of_fifty_is_lost_in_the_mean() -> None:
    """Of distances over all features."""
    rng = np.random.default_rng(12)
    reference = {f"x{i}": rng.normal(0, 1, 1_000) for i in range(50)}
    current = {name: rng.normal(0, 1, 500) for name in reference} | {"x7": np.zeros(500)}
    sides = [Side(name, from_columns(columns), None) for name, columns in (("a", reference), ("b", current))]
    assert ("x7",) == own(paired(*sides)).judged.dataset.drifted_features


def test_deepchecks_throws_away_what_is_large() -> None:
    """A reference of 50,000 is made as small as a window of 300, so what was rare is gone. Ours counts all of it."""
    rng = np.random.default_rng(13)
    reference = rng.choice(["a", "b", "rare"], 50_000, p=[0.6, 0.398, 0.002]).tolist()
    usual, broken = ([*["a"] * 180, *["b"] * (120 - n), *["rare"] * n] for n in (1, 60))
    assert judged(reference, usual).drifted is False
    assert judged(reference, broken).drifted


def test_scouter_takes_missing_values_for_drift() -> None:
    """Of which both sides have as many."""
    reference, current = numbers(seed=6), numbers(seed=7)
    missing = [None if i % 4 == 0 else value for i, value in enumerate(reference)]
    assert judged(missing, [None if i % 4 == 1 else value for i, value in enumerate(current)]).drifted is False
    assert judged(reference, missing).drifted


def test_tfdv_says_nothing_of_numbers() -> None:
    """By the measure that it has for categories: drift was 0, whatever the numbers."""
    assert judged(numbers(), numbers(5)).drifted


@pytest.mark.parametrize("n", [1, 2, 49])
def test_few_rows_are_unknown_on_either_side(n: int) -> None:
    """A window of one row, or a reference of one, has no verdict, however far it lies."""
    few = [1e9] * n
    for pair in ((numbers(), few), (few, numbers()), (["a"] * N, ["b"] * n)):
        assert judged(*pair).drifted is None


def test_constants_are_compared() -> None:
    """The same one is no drift, nor is one odd value among it; another one is."""
    assert judged([3.5] * N, [3.5] * N).drifted is False
    assert judged([3.5] * N, [*[3.5] * N, 1e300]).drifted is False
    assert judged([*[3.5] * N, -1e300], [3.5] * N).drifted is False
    assert judged([3.5] * N, [3.6] * N).drifted


def test_an_integer_that_turns_to_text_is_drift_and_one_is_not() -> None:
    """A wrong type is a cell of its own."""
    codes = np.random.default_rng(3).integers(0, 40, N).tolist()
    assert judged(codes, [str(code) for code in codes]).drifted
    assert judged(codes, [*codes[1:], "12"]).drifted is False
