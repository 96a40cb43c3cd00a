"""How far apart groups were treated in the newest windows that say so: rows of a Commit, read for /metrics."""

from collections.abc import Mapping
from math import isfinite

import numpy as np
from msgspec import Struct

from sinks.commit import Columns, to_ns
from sinks.prometheus.performance import VERDICTS

GapKey = tuple[str, str, int, str, str]  # model, version, length in ns, field, metric
# What gaps are called; their segment is the field alone.
GAPS = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "predictive_parity_difference",
)
GAPS_SHARE = 8  # a part of all series is theirs at most


class Apart(Struct, frozen=True):
    """One gap of the newest window; `numbers` are its value, low, high, limit and verdict, nan where there is none."""

    end_ns: int
    step_ns: int
    numbers: tuple[float, ...]

    @property
    def series(self) -> int:
        """How many series it is."""
        return sum(map(isfinite, self.numbers))


def with_gaps(known: Mapping[GapKey, Apart], rows: Columns | None) -> dict[GapKey, Apart]:
    """What was told last of the last window of each key, with these rows."""
    found = dict(known)
    if rows is None:
        return found
    mine = np.flatnonzero((rows["segment"] != "") & np.isin(rows["metric"].astype(str), GAPS))
    keys = zip(
        *(rows[name][mine].tolist() for name in ("model", "version", "length", "segment", "metric")), strict=True
    )
    ends, steps = (to_ns(rows[name][mine]).tolist() for name in ("end", "step"))
    numbers = (rows[name][mine].tolist() for name in ("value", "low", "high", "limit", "verdict"))
    for key, end, step, *told, verdict in zip(keys, ends, steps, *numbers, strict=True):
        if key not in found or (end, step) >= (found[key].end_ns, found[key].step_ns):
            found[key] = Apart(end, step, (*told, VERDICTS.get(verdict, np.nan)))
    return found
