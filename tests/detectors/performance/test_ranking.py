"""Ranking: every metric is scikit-learn's or a plain loop's, over queries with short, long and barren lists."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from detectors.codes import Floats, Integers
from detectors.performance import cells
from detectors.performance.ranking import Ranking, layout, pairs
from detectors.performance.ranking_metrics import METRICS, PER_CUT, measure

SETTINGS = Ranking((1, 3, 10, 30))
PLACES = 12
MISSED = 2.0  # the relevance of what a list does not have
One = Callable[[list[float], int, int], float]  # relevances in order, how many answers are relevant, the cut


def average_precision(listed: list[float], total: int, cut: int) -> float:
    """By definition: the mean of the precisions at the relevant places that could be there."""
    hits, summed = 0, 0.0
    for place, gain in enumerate(listed[:cut], start=1):
        if gain > 0:
            hits += 1
            summed += hits / place
    return summed / min(total, cut) if total else 0.0


def reciprocal(listed: list[float], _: int, __: int) -> float:
    """One over the first relevant place."""
    return next((1 / place for place, gain in enumerate(listed, start=1) if gain > 0), 0.0)


def hits(listed: list[float], cut: int) -> int:
    """Relevant answers before the cut."""
    return sum(gain > 0 for gain in listed[:cut])


def judged(listed: list[float], total: int) -> tuple[list[list[float]], list[range]]:
    """What scikit-learn is told: relevances, those of MISSED behind all places, and scores that fall."""
    missed = [MISSED] * (total - hits(listed, len(listed)))
    every = [*listed, *[0.0] * (SETTINGS.cuts[-1] - len(listed)), *missed]
    return [every], [range(len(every), 0, -1)]


ORACLES: dict[str, One] = {
    "ndcg": lambda listed, total, cut: ndcg_score(*judged(listed, total), k=cut),
    "map": average_precision,
    "precision": lambda listed, _, cut: hits(listed, cut) / cut,
    "recall": lambda listed, total, cut: hits(listed, cut) / total if total else 0.0,
    "hit_rate": lambda listed, _, cut: float(hits(listed, cut) > 0),
    "mrr": reciprocal,
    "barren": lambda listed, _, __: float(hits(listed, len(listed)) == 0),
}


def listed(seed: int, n: int) -> Floats:
    """Graded relevances of lists of different lengths."""
    rng = np.random.default_rng(seed)
    gains = np.where(rng.random((n, PLACES)) < 0.25, rng.integers(1, 4, (n, PLACES)), 0).astype(np.float64)
    return np.where(np.arange(PLACES) < rng.integers(1, PLACES + 1, (n, 1)), gains, 0.0)


def of(gains: Floats, missed: Floats, segments: Integers | None = None, n_rows: int = 1) -> cells.Cells:
    """Their cells."""
    rows = np.empty((len(gains), 0), np.int64) if segments is None else segments
    return cells.of(layout(SETTINGS), *pairs(SETTINGS, gains, missed), rows, n_rows)


def test_every_metric_has_an_oracle() -> None:
    """No entry of the tables is left untested."""
    assert set(METRICS) | set(PER_CUT) == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("more", [0, 2])
def test_metrics_are_the_mean_over_queries(name: str, more: int) -> None:
    """Of all queries and of each segment's; also where relevant answers are known that the list does not have."""
    gains = listed(1, 150)
    totals = (gains > 0).sum(axis=1) + more
    segments = np.random.default_rng(2).integers(1, 3, (150, 1))
    missed = np.full((150, more), MISSED)
    found = measure(SETTINGS, of(gains, missed, segments, 3))[name].value.reshape(3, -1)
    for row in range(3):
        mine = np.flatnonzero(segments[:, 0] == row) if row else np.arange(150)
        for value, cut in zip(found[row], SETTINGS.cuts, strict=False):
            expected = [ORACLES[name](gains[i].tolist(), int(totals[i]), cut) for i in mine]
            assert value == pytest.approx(np.mean(expected), abs=2.0**-40), cut


@pytest.mark.parametrize("name", ORACLES)
def test_intervals_contain_their_values(name: str) -> None:
    """After few queries, after many, in a perfect list and in a barren one."""
    for gains in (listed(3, 2), listed(4, 2_000), np.eye(PLACES)[np.zeros(30, int)], np.zeros((30, PLACES))):
        value, error, low, high = (one[0] for one in measure(SETTINGS, of(gains, np.empty((len(gains), 0))))[name])
        assert ((low <= value) & (value <= high)).all()
        assert ((low >= 0) & (high <= 1)).all()
        assert ((high > low) & (error >= 0)).all()


def test_nothing_is_known_of_no_queries() -> None:
    """No value and no warning."""
    for found in measure(SETTINGS, cells.empty(layout(SETTINGS), 2)).values():
        assert np.isnan(found).all()


def test_unjudged_places_are_not_relevant_and_lists_may_be_empty() -> None:
    """A place without a relevance counts as a place."""
    gains = np.array([[np.nan, 2.0, -1.0]])
    found = measure(SETTINGS, of(gains, np.empty((1, 0))))
    assert found["mrr"].value[0] == 0.5
    assert found["precision"].value[0].tolist() == pytest.approx([0, 1 / 3, 1 / 10, 1 / 30])
    empty = measure(SETTINGS, of(np.empty((4, 0)), np.empty((4, 0))))
    assert empty["barren"].value[0] == 1.0
    assert empty["ndcg"].value[0].tolist() == [0.0] * 4
