"""The weights of a contrast are those that it was judged by."""

import numpy as np

from detectors.verdict import judge, scores
from detectors.verdict.contrasts import weights
from detectors.verdict.judge import EVERYTHING
from detectors.verdict.sets import Sets

RNG = np.random.default_rng(6)


def test_weights_of_every_set_count_what_lies_in_it() -> None:
    """On a line, and of categories."""
    for on_line in (14, 0):
        counts = RNG.integers(1, 50, 16)
        line = np.arange(16) < on_line
        inside = Sets.of(np.array([on_line]), np.array([16])).counts(counts[None])[0]
        for i, n in enumerate(inside.tolist()):
            found = weights(counts, line, len(scores.NAMES) + i)
            assert found is not None
            assert n == counts @ found


def test_weights_of_a_score_are_that_score() -> None:
    """Mean 0 over the reference's values on the line."""
    counts, line = RNG.integers(1, 50, 16), np.arange(16) < 13
    for i in range(len(scores.NAMES)):
        found = weights(counts, line, i)
        assert found is not None
        assert np.array_equal(found, scores.scores(counts[None], line[None])[0, i])
        assert abs(counts @ found) < 1e-9


def test_the_contrast_of_all_cells_has_no_weights() -> None:
    """Many categories that change a little."""
    before = np.full((1, 40), 500)
    now = before + np.where(np.arange(40) % 2, 70, -70)
    judged = judge(before, now, np.zeros((1, 40), np.bool_), 0.0)
    assert EVERYTHING == judged.contrast[0]
    assert weights(before[0], np.zeros(40, np.bool_), EVERYTHING) is None
