"""What panes teach about how much windows vary: robustly, and kept to the last bit."""

import numpy as np
import pytest

from detectors.verdict import Spread
from detectors.verdict.spread import PANES_MIN

LINE = np.broadcast_to(np.arange(12) < 10, (3, 12))


def _panes(seed: int, each: int) -> np.ndarray:
    """Counts of panes, (panes, series, cells): so many draws fall together."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.multinomial(300 // each, np.full(12, 1 / 12), (80, 3)) * each)


@pytest.mark.parametrize("each", [1, 5])
def test_what_was_learned_comes_back_from_bytes_to_the_last_bit(each: int) -> None:
    """The bytes are the same for the same panes, and few where nothing was learned."""
    learned = Spread.learn(_panes(1, each), LINE)
    back = Spread.unpack(learned.pack())
    assert learned.panes == back.panes == 80
    for name in ("inflation", "freedom", "slow"):
        assert np.array_equal(getattr(learned, name), getattr(back, name))
    assert learned.pack() == back.pack() == Spread.learn(_panes(1, each), LINE).pack()
    assert (len(learned.pack()) < 10) == (each == 1)


def test_a_spread_needs_its_panes() -> None:
    """Else a promise would be a guess."""
    with pytest.raises(AssertionError):
        Spread.learn(np.ones((PANES_MIN - 1, 1, 4), np.int64), np.ones((1, 4), np.bool_))
