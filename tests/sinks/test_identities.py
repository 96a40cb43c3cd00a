"""Ids by two halves of a hash, of which the first one is seldom the same by chance: against NumPy on both at once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sinks.commit import among, identities, numbered


def drawn(seed: int, n: int, halves: tuple[int, int]) -> NDArray[np.void]:
    """Ids, of which many have one half in common, or both."""
    generator = np.random.default_rng(seed)
    key, check = (generator.integers(-(2**62), 2**62, many)[generator.integers(0, many, n)] for many in halves)
    return identities({"key": key, "check": check})


@pytest.mark.parametrize("halves", [(4, 3), (200, 2), (3, 100), (10_000, 10_000)])
@pytest.mark.parametrize("seed", range(5))
def test_numbers_of_ids_rise_with_both_halves(seed: int, halves: tuple[int, int]) -> None:
    """And are equal for equal ids."""
    ids = drawn(seed, 100, halves)
    known, expected = np.unique(ids, return_inverse=True)
    number, n = numbered(ids)
    assert len(known) == n
    np.testing.assert_array_equal(expected, number)


@pytest.mark.parametrize("halves", [(4, 3), (200, 2), (3, 100), (10_000, 10_000)])
@pytest.mark.parametrize("seed", range(5))
def test_ids_are_among_others_by_both_halves(seed: int, halves: tuple[int, int]) -> None:
    """One half is not enough."""
    every = drawn(seed, 120, halves)
    ids, some = every[:100], every[60:]
    np.testing.assert_array_equal(np.isin(ids, some), among(ids, some))


def test_there_may_be_no_ids() -> None:
    """Of either kind."""
    ids, none = drawn(1, 5, (4, 4)), drawn(1, 0, (4, 4))
    assert not among(ids, none).any()
    assert not len(among(none, ids))
    assert (0, 0) == (len(numbered(none)[0]), numbered(none)[1])
