"""What was estimated of a window, as rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from detectors.estimation.estimate import Estimate
from sinks.commit import Texts
from stream.ledger import moment
from stream.monitor.labels.called import Key

Told = tuple[str, Mapping[str, Estimate]]  # what an estimate stands on, and each metric, a row each


def told_rows(key: Key, about: str, told: Mapping[str, Estimate], n: int, segment: str = "") -> dict[str, Any]:
    """Rows of `estimates`: a window, or one of its segments, of `n` predictions."""
    model, version, length, end = key
    same = np.zeros(len(told), np.int64)
    columns = {
        name: np.array([getattr(each, name)[0] for each in told.values()])
        for name in ("value", "chance", "shared", "low", "high")
    }
    return columns | {
        "model": Texts((model,), same),
        "version": Texts((version,), same),
        "segment": Texts((segment,), same),
        "metric": Texts.of(list(told)),
        "length": length,
        "start": moment(end - length),
        "end": moment(end),
        "basis": Texts((about,), same),
        "n": np.full(len(told), n, np.int64),
    }
