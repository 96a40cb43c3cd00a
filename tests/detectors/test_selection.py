"""Selected labels: those that come for a part are noticed and named, those that come by chance seldom are."""

import numpy as np
import pytest

from detectors.selection import selection
from tests.honesty.selection import ALPHA, CASES, CELLS, ORDERED, found


def test_labels_for_the_accepted_only_are_noticed() -> None:
    """Scores above the threshold have labels ten times as often; the segment field has nothing to do with it."""
    everyone = np.full((2, CELLS), 500)
    labelled = np.stack((np.where(np.arange(CELLS) >= 12, 250, 25), np.full(CELLS, 115)))
    said = selection(labelled, everyone - labelled, ORDERED)
    assert [True, False] == said.differ.tolist()
    assert [False, False] == said.unknown.tolist()
    assert said.coverage[0, [0, 19]].tolist() == [0.05, 0.5]
    assert (said.cell[0] >= 12) == said.favoured[0]
    assert [-1, False] == [said.cell[1], said.favoured[1]]


def test_a_segment_without_labels_is_named() -> None:
    """One value of a field lacks labels: that cell, and that it is not favoured."""
    everyone = np.full((2, CELLS), 500)
    labelled = np.full((2, CELLS), 100)
    labelled[1, 7] = 5
    said = selection(labelled, everyone - labelled, ORDERED)
    assert [False, True] == said.differ.tolist()
    assert [7, False] == [said.cell[1], said.favoured[1]]


def test_few_labels_are_unknown() -> None:
    """Below fifty nothing is said; where nobody has a label yet, or everybody has, neither."""
    everyone, none = np.full((2, CELLS), 500), np.zeros((2, CELLS), np.int64)
    few = none.copy()
    few[:, 0] = 40
    for labelled in (few, none, everyone):
        said = selection(labelled, everyone - labelled, ORDERED)
        assert [True, True] == said.unknown.tolist()
        assert not said.differ.any()


def test_what_is_tolerated_is_no_difference() -> None:
    """A tenth of the labels moved from end to end is found, unless so much is tolerated."""
    labelled, unlabelled = np.full((2, CELLS), 1_000), np.full((2, CELLS), 5_000)
    labelled[0, :2], labelled[0, -2:] = 500, 1_500
    assert selection(labelled, unlabelled, ORDERED).differ[0]
    assert not selection(labelled, unlabelled, ORDERED, tolerate=0.06).differ[0]


@pytest.mark.parametrize(("n", "share"), CASES)
def test_labels_by_chance_are_called_selected_as_seldom_as_promised(n: int, share: float) -> None:
    """In scores or in a segment field; 240 windows, of which 12 are promised at most, and 18 are 1.7 errors more."""
    assert np.mean([one.differ.any() for one in found(n, share, 1.0, 240)]) <= 1.5 * ALPHA
