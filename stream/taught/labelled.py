"""Labelled events as JSON has them: what they are weighted by, and what became of their answers."""

import base64
from typing import Any, Final

import numpy as np

from detectors.importance import Labelled

_ARRAYS: Final = {"codes": "<u1", "outcome": "<f8", "mean": "<f8", "effects": "<f8"}


def document(one: Labelled) -> dict[str, Any]:
    """As JSON has it."""
    packed = {
        name: base64.b64encode(getattr(one, name).astype(kind).tobytes()).decode() for name, kind in _ARRAYS.items()
    }
    return {"kind": one.kind, "groups": one.groups.tolist(), "widths": one.widths.tolist(), **packed}


def load(packed: dict[str, Any]) -> Labelled:
    """What `document` made JSON of."""
    codes, *numbers = (np.frombuffer(base64.b64decode(packed[name]), kind) for name, kind in _ARRAYS.items())
    outcome, mean, effects = (each.astype(np.float64) for each in numbers)
    groups, widths = (np.array(packed[name], np.int64) for name in ("groups", "widths"))
    return Labelled(
        packed["kind"], groups, widths, codes.reshape(len(widths), -1), outcome, mean, effects.reshape(-1, len(mean))
    )
