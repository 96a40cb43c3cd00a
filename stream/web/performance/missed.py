"""How far estimates can be trusted, in words: how often the truth was outside their interval lately."""

from typing import Final

import numpy as np

from sinks.commit import RECONCILED, Store, Where
from stream.monitor.estimates.truths import LAST

_NAMES: Final = {"first": "the estimate", "second": "the second opinion"}


def missed(store: Store, key: Where, metrics: tuple[str, ...]) -> str:
    """What became of the estimates of the first of these metrics that was reconciled; empty where none was."""
    for metric in metrics:
        told = {
            name: _outside(store, {**key, "metric": metric, "opinion": opinion}) for opinion, name in _NAMES.items()
        }
        known = [f"{k} of {n} times outside the interval of {name}" for name, (k, n) in told.items() if n]
        if known:
            return f"Lately {metric} was {', '.join(known)}, as labels showed."
    return ""


def _outside(store: Store, where: Where) -> tuple[int, int]:
    """In how many of how many windows the truth was outside; the newest row of a window counts."""
    rows = store.select(RECONCILED, where=where, order=("end", "step"), descending=True, limit=2 * LAST)
    newest = np.unique(rows["end"], return_index=True)[1][-LAST:]
    return int(rows["outside"][newest].sum()), len(newest)
