"""Sets are what they say, of lines and of categories, however series are laid beside each other."""

import numpy as np

from detectors.verdict.sets import Sets, runs, slices

RNG = np.random.default_rng(5)


def test_what_lies_in_a_set_is_the_sum_of_its_cells() -> None:
    """Of a line of many cells, of categories, and of a short line, side by side."""
    on_line = np.array([14, 0, 3])
    counts = RNG.integers(0, 50, (3, 16))
    sets = Sets.of(on_line, np.full(3, 16))
    found = sets.counts(counts)
    for row, n in enumerate(on_line.tolist()):
        wanted = [counts[row, begin:end].sum() for begin, end in runs(n, 16).tolist()]
        assert found[row, : len(wanted)].tolist() == wanted
        assert not found[row, len(wanted) :].any()


def test_a_line_has_cells_cuts_central_ranges_and_blocks_and_categories_have_cells_alone() -> None:
    """What is off the line is nobody's neighbour."""
    line = {tuple(each) for each in runs(12, 14).tolist()}
    assert {(0, 1), (13, 14)} <= line, "each cell, also those off the line"
    assert {(0, 2), (0, 10), (2, 10), (5, 7), (4, 8)} <= line, "below a cut, between two, a block"
    assert not any(end > 12 for begin, end in line if end - begin > 1)
    assert runs(0, 5).tolist() == [[i, i + 1] for i in range(5)]


def test_slices_are_the_same_runs() -> None:
    """In the same order, whatever lies on a number line."""
    for cells in range(1, 40):
        for on_line in range(cells + 1):
            place = np.arange(cells + 1)
            pairs = [np.broadcast_arrays(place[begin], place[end]) for begin, end in slices(on_line, cells)]
            found = np.concatenate([np.stack(pair, axis=1) for pair in pairs])
            assert np.array_equal(runs(on_line, cells), found), (on_line, cells)
