"""Golden: what the peer NannyML 0.13.1 printed for seeded data of which half were its reference, in chunks of 2,000.

Its confidence-based estimates of seven metrics, its limits and alerts, and what it says of labels. Nobody has captured
what its direct loss estimation prints: a boosted tree's leaves, which are no definition.
"""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import expit

from detectors.codes import Floats
from detectors.estimation.basis import Basis, of_cells
from detectors.estimation.binary import METRICS, estimate
from detectors.performance.cells import of as cells_of
from detectors.performance.classes import binary, binary_metrics
from tests.detectors.estimation.rows import of_rows
from tests.honesty.estimation import Events, truth

CHUNK = 2_000
REFERENCE = 10_000
BINARY = binary.Binary()


class Peer(NamedTuple):
    """What it says of a metric."""

    estimated: tuple[float, ...]  # per chunk of the second half
    limits: tuple[float, float]
    alert: bool  # in every chunk
    realised: tuple[float, ...]  # by the labels of these chunks


PEER = {
    "roc_auc": Peer(
        (0.827656, 0.828166, 0.825249, 0.829583, 0.824846),
        (0.800737281251491, 0.8427917381327616),
        False,
        (0.806401, 0.816932, 0.801051, 0.818676, 0.79073),
    ),
    "f1": Peer(
        (0.797634, 0.792556, 0.792025, 0.796629, 0.796963),
        (0.6723521400102117, 0.7194589113341374),
        True,
        (0.769988, 0.781134, 0.780508, 0.785506, 0.774557),
    ),
    "precision": Peer(
        (0.749626, 0.749917, 0.746854, 0.755945, 0.749025),
        (0.6810032590231041, 0.7075260265054513),
        True,
        (0.712984, 0.738654, 0.739907, 0.731575, 0.72934),
    ),
    "recall": Peer(
        (0.852213, 0.840335, 0.843012, 0.84194, 0.851456),
        (0.66170937672972, 0.7335130637298382),
        True,
        (0.836898, 0.828797, 0.825823, 0.848022, 0.825751),
    ),
    "specificity": Peer(
        (0.608166, 0.628153, 0.620391, 0.626673, 0.605758),
        (0.7736471681451214, 0.7903728558693466),
        True,
        (0.569476, 0.612079, 0.604019, 0.61036, 0.572455),
    ),
    "accuracy": Peer(
        (0.749526, 0.749149, 0.747406, 0.751242, 0.748303),
        (0.7351889881889824, 0.7588110118110178),
        False,
        (0.7195, 0.7355, 0.732, 0.7425, 0.72),
    ),
    "average_precision": Peer(
        (0.868229, 0.865153, 0.861201, 0.868509, 0.865321),
        (0.7417117802571062, 0.7967511326332443),
        True,
        (0.83835, 0.851531, 0.835779, 0.841699, 0.83777),
    ),
}


def seeded() -> Events:
    """The data: an input that shifts by 0.6 after half of it, and scores that say too little."""
    rng = np.random.default_rng(7)
    rng.normal(size=8_000)  # what other conventions were tried on comes first
    rng.random(8_000)
    rng.normal(size=3_000)
    x = rng.normal(0, 1, 2 * REFERENCE) + np.where(np.arange(2 * REFERENCE) >= REFERENCE, 0.6, 0.0)
    label = rng.random(2 * REFERENCE) < 1 / (1 + np.exp(-(1.5 * x - 0.5)))
    score = expit(x - 0.2)
    return Events(score, score >= 0.5, label)


SEEN = seeded()
BASIS = Basis.of(SEEN.score[:REFERENCE], SEEN.label[:REFERENCE], 42)
CHUNKS = [Events(*(column[i : i + CHUNK] for column in SEEN)) for i in range(0, 2 * REFERENCE, CHUNK)]


def test_the_data_are_the_peers() -> None:
    """Their checksums."""
    assert 5832.606306292584 == pytest.approx(np.log(SEEN.score / (1 - SEEN.score)).sum() + 0.2 * 2 * REFERENCE)
    assert [9_843, 10_662] == [SEEN.label.sum(), SEEN.decided.sum()]
    assert 10375.015046358394 == pytest.approx(SEEN.score.sum(), rel=1e-12)
    assert BASIS.calibrator.learned


@pytest.mark.parametrize("name", PEER)
def test_estimates_are_the_peers(name: str) -> None:
    """From rows as far as it was printed, and from cells within 1e-4."""
    for chunk, expected in zip(CHUNKS[5:], PEER[name].estimated, strict=True):
        rows = estimate(BASIS, of_rows(BASIS, chunk.score, chunk.decided), 0.95)[name]
        pairs = BASIS.pairs(chunk.score, chunk.decided)
        cells = cells_of(BASIS.layout, *pairs, np.empty((CHUNK, 0), np.int64), 1)
        assert rows.plain[0] == pytest.approx(expected, abs=1e-6)
        assert estimate(BASIS, of_cells(BASIS, cells), 0.95)[name].plain[0] == pytest.approx(expected, abs=1e-4)


def test_what_windows_are_told_is_nearer_to_what_labels_say() -> None:
    """Steps that follow the labels flatter every metric: without that, estimates stand in `estimates`."""
    ours, theirs = dict[str, float](), dict[str, float]()
    for name, peer in PEER.items():
        found = [estimate(BASIS, of_rows(BASIS, chunk.score, chunk.decided), 0.95)[name] for chunk in CHUNKS[5:]]
        ours[name] = float(np.abs([one.value[0] for one in found] - np.array(peer.realised)).mean())
        theirs[name] = float(np.abs(np.array(peer.estimated) - peer.realised).mean())
    assert all(ours[name] <= theirs[name] + 1e-4 for name in PEER), (ours, theirs)
    assert ours["roc_auc"] < 0.9 * theirs["roc_auc"]


@pytest.mark.parametrize("name", PEER)
def test_labels_say_what_they_say_to_the_peer(name: str) -> None:
    """Realised metrics of the same chunks, and of rows from bins within 1e-3."""
    for chunk, expected in zip(CHUNKS[5:], PEER[name].realised, strict=True):
        assert truth(BASIS, chunk)[name] == pytest.approx(expected, abs=1e-6)
        counted, values = binary.pairs(BINARY, chunk.score, chunk.decided.astype(np.int8), chunk.label)
        made = cells_of(binary.layout(BINARY), counted, values, np.empty((CHUNK, 0), np.int64), 1)
        found = binary_metrics.measure(binary.read(BINARY, made))
        assert found[name].value[0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("name", PEER)
def test_limits_and_alerts_are_the_peers(name: str) -> None:
    """Three deviations around the mean of the realised metric of the reference's chunks."""
    realised: Floats = np.array([truth(BASIS, chunk)[name] for chunk in CHUNKS[:5]])
    (low, high), (least, most) = realised.mean() + 3 * realised.std() * np.array([-1, 1]), METRICS[name][1]
    low, high = max(low, least), min(high, most)
    assert PEER[name].limits == pytest.approx((low, high), abs=1e-9)
    for chunk in CHUNKS[5:]:
        plain = estimate(BASIS, of_rows(BASIS, chunk.score, chunk.decided), 0.95)[name].plain[0]
        assert PEER[name].alert == (not low <= plain <= high)
