"""How well orders of attributions agree with the reference's in the newest windows: rows of a Commit, for /metrics."""

from collections.abc import Mapping
from math import isfinite

from msgspec import Struct

from sinks.commit import Columns, to_ns
from sinks.prometheus.windows import UNKNOWN, VERDICTS, Key


class Order(Struct, frozen=True):
    """The agreement in the newest window of one key; nan where it is not known."""

    end_ns: int
    ndcg: float
    verdict: int

    @property
    def series(self) -> int:
        """How many series it is."""
        return 1 + isfinite(self.ndcg)


def with_orders(known: Mapping[Key, Order], rows: Columns | None) -> dict[Key, Order]:
    """What was told of the last window of each key, with these rows."""
    found = dict(known)
    if rows is None:
        return found
    ends = to_ns(rows["end"]).tolist()
    told = zip(*(rows[name].tolist() for name in ("model", "version", "length", "ndcg", "verdict")), strict=True)
    for end, (model, version, length, ndcg, verdict) in zip(ends, told, strict=True):
        key = (model, version, "", length)
        if key not in found or end >= found[key].end_ns:
            found[key] = Order(end, ndcg, VERDICTS.get(verdict, UNKNOWN))
    return found
