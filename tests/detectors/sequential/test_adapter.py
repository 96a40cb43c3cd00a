"""River's own detectors behind the adapter: the alarms of the bare detector, resumed anywhere from plain bytes."""

import msgspec
import numpy as np
import pytest
from river import drift

from detectors.sequential import fold
from detectors.sequential.fold import pack, unpack
from detectors.sequential.river import River

STEPS = (np.random.default_rng(6).random((3, 600)) < np.repeat([0.9, 0.2, 0.7], 200)).astype(float)


def bare(steps: np.ndarray) -> list[int]:
    """Where River's detector alarms by itself."""
    detector, found = drift.binary.FHDDM(sliding_window_size=50, confidence_level=0.001), []
    for i, step in enumerate(steps.tolist()):
        detector.update(step)
        if detector.drift_detected:
            found.append(i)
    return found


@pytest.mark.parametrize("cuts", [[], [1, 100, 333], [250]])
def test_the_alarms_are_those_of_the_bare_detector(cuts: list[int]) -> None:
    """FHDDM, which driftline has no version of: the same steps, however they are cut."""
    detector = River("binary.FHDDM", {"sliding_window_size": 50, "confidence_level": 0.001})
    state, pieces = detector.start(3), []
    for part in np.split(STEPS, cuts, axis=1):
        state = unpack(detector, msgspec.msgpack.decode(msgspec.msgpack.encode(pack(state))))
        state, found = fold(detector, state, part)
        pieces.append(found)
    alarms = np.concatenate(pieces, axis=1)
    assert alarms.any(axis=1).all()
    assert [bare(row) for row in STEPS] == [np.flatnonzero(row).tolist() for row in alarms]
