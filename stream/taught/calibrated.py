"""What scores of several classes mean, as JSON has it."""

import base64
from typing import Any, Final

import numpy as np

from detectors.codes import Floats
from detectors.estimation.classes import Basis
from detectors.estimation.ranked_classes import NAMES
from detectors.estimation.softmax import Softmax

_COUNTS: Final = ("first", "events")


def document(one: Basis) -> dict[str, Any]:
    """As JSON has it: of covariances, which are symmetric, one half."""
    half = np.triu_indices(one.width)
    floats = {"biases": one.calibrator.biases, "edges": one.edges, "more": one.more}
    floats |= {"ranked": one.ranked} if one.ranked.size else {}
    floats["covariance"] = one.covariance[:, *half]
    packed = {name: base64.b64encode(values.astype("<f8").tobytes()).decode() for name, values in floats.items()}
    counts = {name: getattr(one, name).tolist() for name in _COUNTS}
    return {"names": list(one.names), "slope": one.calibrator.slope, **counts, **packed}


def load(packed: dict[str, Any]) -> Basis:
    """What `document` made JSON of."""
    names = tuple(packed["names"])
    width = len(names) + 1
    biases, edges, more, halves = (_floats(packed[name]) for name in ("biases", "edges", "more", "covariance"))
    first, events = (np.array(packed[name], np.int64) for name in _COUNTS)
    half = np.triu_indices(width)
    covariance = np.zeros((len(events), width, width))
    covariance[:, *half] = halves.reshape(len(events), -1)
    covariance[:, *half[::-1]] = covariance[:, *half]
    calibrator = Softmax(float(packed["slope"]), biases)
    ranked = _floats(packed.get("ranked", ""))  # of older references nobody knows
    ranked = ranked.reshape(-1, len(events), len(NAMES)) if len(ranked) else np.empty((3, 0, 0))
    return Basis(names, calibrator, first, edges, events, more.reshape(-1, width), covariance, ranked)


def _floats(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), "<f8").astype(np.float64)
