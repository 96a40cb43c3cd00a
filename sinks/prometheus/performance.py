"""How good models were in their newest windows: rows of a Commit, read for /metrics."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit import Columns, to_ns
from sinks.prometheus.windows import KEY, Key

# Of two classes, of several, of numbers, of lists; the others are in the store.
MAIN = (
    *("accuracy", "recall", "precision", "roc_auc", "macro_f1"),
    *("mae", "rmse", "large_errors", "interval_coverage", "pinball", "ndcg_at_10", "mrr"),
)
VERDICTS = {"worse": 1.0, "well": 0.0, "unknown": -1.0}


class Performance(Struct, frozen=True):
    """What was told last of the newest window of one key; `told` has value, low, high, limit and verdict by metric."""

    end_ns: int
    step_ns: int
    coverage: float  # nan where nothing was predicted
    repeats: float
    told: Mapping[str, tuple[float, ...]]


UNTOLD = Performance(0, 0, np.nan, np.nan, {})


def with_told(known: Mapping[Key, Performance], rows: Columns | None) -> dict[Key, Performance]:
    """What was told last of the last window of each key, over all events, with these rows."""
    return dict(known) if rows is None else _with(known, rows, rows["segment"] == "")


def with_estimated(known: Mapping[Key, Performance], rows: Columns | None) -> dict[Key, Performance]:
    """What was estimated of the last window of each key, also of segments: told once, and of no labels."""
    if rows is None:
        return dict(known)
    n = np.zeros(len(rows["metric"]), np.int64)
    judged = {"limit": np.full(len(n), np.nan), "verdict": np.full(len(n), "", np.object_)}
    told = {**rows, **judged, "step": rows["end"], "labelled": n, "predicted": n, "repeats": n}
    return _with(known, told, np.ones(len(n), np.bool_))


def _with(known: Mapping[Key, Performance], rows: Columns, some: NDArray[np.bool_]) -> dict[Key, Performance]:
    """With some of these rows."""
    found = dict(known)
    whole = np.flatnonzero(some & np.isin(rows["metric"].astype(str), MAIN))
    keys = zip(*(rows[name][whole].tolist() for name in KEY), strict=True)
    moments = zip(*(to_ns(rows[name][whole]).tolist() for name in ("end", "step")), strict=True)
    names = ("metric", "labelled", "predicted", "repeats", "value", "low", "high", "limit", "verdict")
    columns = (rows[name][whole].tolist() for name in names)
    for key, (end, step), metric, labelled, predicted, repeats, *numbers, verdict in zip(
        keys, moments, *columns, strict=True
    ):
        says = (*numbers, VERDICTS.get(verdict, np.nan))
        coverage, again = (labelled / predicted, repeats) if predicted > 0 else (np.nan, np.nan)
        told = Performance(end, step, coverage, again, {metric: says})
        found[key] = _later(found[key], told) if key in found else told
    return found


def _later(known: Performance, told: Performance) -> Performance:
    """The one of the later window, or that was told later; of the same step both, as they are parts of it."""
    at, since = (known.end_ns, known.step_ns), (told.end_ns, told.step_ns)
    if at == since:
        return Performance(*at, told.coverage, told.repeats, {**known.told, **told.told})
    return known if at > since else told
