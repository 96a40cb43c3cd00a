"""Detectors that a user chose for a model, by name: their states, and what they do at a step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Bools
from detectors.sequential import SEQUENTIAL, fold
from detectors.sequential.fold import Rows, pack, unpack

States = Mapping[str, Rows]


def stepped(names: Iterable[str], known: States, steps: NDArray[Any]) -> tuple[dict[str, Rows], dict[str, Bools]]:
    """The states after steps (series, steps), and where each detector alarmed; one that is not chosen any more goes."""
    states, alarms = {}, {}
    for name in sorted(set(names)):
        detector = SEQUENTIAL[name]()
        states[name], alarms[name] = fold(detector, known.get(name, detector.start(len(steps))), steps)
    return states, alarms


def packed(states: States) -> dict[str, Any]:
    """States as plain data for msgpack."""
    return {name: pack(state) for name, state in states.items()}


def unpacked(found: Mapping[str, Any]) -> dict[str, Rows]:
    """The states that `packed` gave, of detectors that there still are."""
    return {name: unpack(SEQUENTIAL[name](), state) for name, state in found.items() if name in SEQUENTIAL}


@dataclass(frozen=True)
class Ringing:
    """A detector of errors alarmed among the pairs of a step: the share of errors in it, and since the last alarm."""

    detector: str
    rate: float
    n: int
    before: float


@dataclass(frozen=True)
class Watched:
    """The detectors of errors of one version, with the errors and pairs that each has seen since its last alarm."""

    states: States = field(default_factory=dict)
    seen: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def step(self, names: Iterable[str], errors: NDArray[np.bool_]) -> tuple["Watched", list[Ringing]]:
        """After the pairs of one step, in their order. A detector that alarms in it is told once."""
        states, alarms = stepped(names, self.states, errors[None, :])
        seen, told = {}, []
        for name, (rang,) in alarms.items():
            wrong, n = self.seen.get(name, (0, 0))
            if rang.any():
                told.append(Ringing(name, float(errors.mean()), len(errors), wrong / max(1, n)))
                wrong, n, errors_after = 0, 0, errors[len(errors) - int(rang[::-1].argmax()) :]
            else:
                errors_after = errors
            seen[name] = wrong + int(errors_after.sum()), n + len(errors_after)
        return Watched(states, seen), told

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """All of it as plain data."""
        return packed(self.states), dict(self.seen)

    @classmethod
    def unpack(cls, found: Any) -> "Watched":  # noqa: ANN401 - what `pack` gave
        """What `pack` gave."""
        states, seen = found
        return cls(unpacked(states), {name: (wrong, n) for name, (wrong, n) in seen.items()})
