"""Intervals of a binary classifier's metrics hold the truth as often as they say; tests/honesty has the long table."""

import numpy as np
import pytest
from scipy.stats import binom

from detectors.performance.classes.binary_metrics import measure
from tests.detectors.performance.answers import SETTINGS, Answers
from tests.honesty import binary, binary_worlds

RUNS = 400


@pytest.mark.parametrize("n", [100, 1_000])
def test_intervals_hold_the_truth(n: int) -> None:
    """Between 93 and 97 %, within what 400 runs leave to chance once in 100,000 times: 26 metrics are looked at."""
    rng = np.random.default_rng(5)
    held = binary.coverage(rng, binary_worlds.drawn(rng, RUNS), n)
    least, greatest = binom.ppf(1e-5, RUNS, binary.LEAST), binom.isf(1e-5, RUNS, binary.GREATEST)
    assert {} == {name: share for name, share in held.items() if not least <= share * RUNS <= greatest}


def test_errors_are_the_deviations_of_many_samples() -> None:
    """Within a tenth, at 1,000 pairs of one world; within 15 % where the truth is small beside its excess."""
    rng = np.random.default_rng(8)
    one = binary_worlds.drawn(rng, 1)
    world = binary_worlds.World(*(np.repeat(column, 1_000, axis=0) for column in one))
    seen = binary_worlds.outcomes(binary_worlds.sample(rng, world, 1_000), world.yes)
    for name, found in measure(seen).items():
        within = 0.15 if name == "reliability" else 0.1
        assert np.sqrt((found.error**2).mean()) == pytest.approx(found.value.std(), rel=within), name


def test_worlds_say_what_their_cells_would() -> None:
    """The shortcut of the honesty tables, from counts to outcomes, is that of cells."""
    rng = np.random.default_rng(6)
    world = binary_worlds.drawn(rng, 1)
    counts = binary_worlds.sample(rng, world, 3_000)
    ends = binary_worlds.edges(binary_worlds.FINE)
    label, place = (np.repeat(one.ravel(), counts.astype(int).ravel()) for one in np.indices(counts.shape[1:]))
    score = ((ends[1:] + ends[:-1]) / 2)[place]
    decided = (place >= world.yes[0]).astype(np.int8)
    answers = Answers(score, decided, label == 1, np.ones((len(label), 2), np.int64) * [1, 3])
    told = binary_worlds.outcomes(counts, world.yes, SETTINGS)
    for mine, other in zip(answers.seen()[1:], told[1:], strict=True):
        np.testing.assert_allclose(mine[:1], other, rtol=1e-6, atol=1e-9)
