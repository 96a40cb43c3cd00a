"""Any other detector of River, through one door: a Python object per series, kept as the bytes that it pickles to.

River is installed apart from driftline. A step costs a Python call for each series, and a series some hundred bytes to
kilobytes: for detectors that this folder does not have. Bytes are trusted, as the store is that they are kept in.
"""

import pickle
from operator import attrgetter
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from river import drift

from detectors.codes import Floats, Integers
from detectors.sequential.fold import Rows


class State(Rows, frozen=True):
    """How long each detector is as bytes, (series,), and those, (series, longest)."""

    lengths: Integers
    pickled: NDArray[np.uint8]


class River(Struct, frozen=True):
    """A detector by its name in `river.drift`, such as "binary.FHDDM", and its parameters."""

    name: str
    parameters: dict[str, Any] = {}

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        return _packed([attrgetter(self.name)(drift)(**self.parameters) for _ in range(series)])

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        at, after = lengths.copy(), _unpacked(state)
        for row, (detector, length) in enumerate(zip(after, lengths.tolist(), strict=True)):
            for column, step in enumerate(values[row, :length].tolist()):
                detector.update(step)
                if detector.drift_detected:
                    at[row] = column
                    break
        return at, _packed(after)


def _packed(detectors: list[Any]) -> State:
    pickled = [pickle.dumps(detector) for detector in detectors]
    lengths = np.array([len(each) for each in pickled], np.int64)
    rows = np.zeros((len(pickled), int(lengths.max(initial=0))), np.uint8)
    for row, each in zip(rows, pickled, strict=True):
        row[: len(each)] = np.frombuffer(each, np.uint8)
    return State(lengths, rows)


def _unpacked(state: State) -> list[Any]:
    pairs = zip(state.pickled, state.lengths.tolist(), strict=True)
    return [pickle.loads(row[:length].tobytes()) for row, length in pairs]  # noqa: S301 - our own store's
