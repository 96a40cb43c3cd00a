"""How models' services answered in their newest windows: rows of a Commit, read for /metrics."""

from collections.abc import Mapping
from math import isfinite

from msgspec import Struct

from sinks.commit import Columns, to_ns

ServedKey = tuple[str, str, int, str]  # model, version, length in ns, metric
_VERDICTS = {"well": 0, "worse": 1, "unknown": -1}
SERVED_SHARE = 4  # a part of all series is theirs at most


class Served(Struct, frozen=True):
    """One number of the newest window; `limit` is nan where there is none, and `verdict` None."""

    end_ns: int
    value: float
    limit: float
    verdict: int | None

    @property
    def series(self) -> int:
        """The value, and the verdict and the limit where there are such."""
        return 1 + (self.verdict is not None) + isfinite(self.limit)


def with_served(known: Mapping[ServedKey, Served], rows: Columns | None) -> dict[ServedKey, Served]:
    """The last window of each key, with these rows."""
    found = dict(known)
    if rows is None:
        return found
    columns = (rows[name].tolist() for name in ("model", "version", "length", "metric", "value", "limit", "verdict"))
    ends = to_ns(rows["end"]).tolist()
    for end, model, version, length, metric, value, limit, verdict in zip(ends, *columns, strict=True):
        key = (model, version, length, metric)
        if key not in found or end >= found[key].end_ns:
            found[key] = Served(end, value, limit, _VERDICTS.get(verdict))
    return found
