"""The number that speaks for a model: its main metric in the newest window that has enough labels."""

from collections.abc import Iterable, Sequence

from sinks.commit import PERFORMANCE, Store, Where
from stream.config.units import duration
from stream.web.answers import Performance
from stream.web.performance.revisions import newest_revisions, performances
from stream.web.times import nanoseconds

SPEAKING = ("accuracy", "mae", "ndcg_at_10")  # of classes, of numbers, of lists
ENOUGH = ("mature", "final")
NEWEST = 1_000  # rows that are looked through for all models at once


def matured(store: Store, names: Sequence[str]) -> dict[str, Performance]:
    """By model, the number that speaks for it; the shortest window of those that end last.

    A fixed number of questions, one for each end that is found, and one for each model that others have crowded out.
    """
    only = {"model": names[0]} if len(names) == 1 else {}
    found, all_seen = _told(store, only)
    if not all_seen:
        for name in sorted({*names} - found.keys()):
            found |= _told(store, {"model": name})[0]
    # A label that is taken back may leave a window with too few: only its newest revision can say.
    ends = sorted({(point.metric, nanoseconds(point.end)) for point in found.values()})
    still = [point for metric, end in ends for point in _revisions(store, {**only, "metric": metric, "end": end})]
    return _newest(point for point in still if point.status in ENOUGH)


def _told(store: Store, only: Where) -> tuple[dict[str, Performance], bool]:
    """The newest numbers that had enough labels once, by model, and whether no others were left out."""
    pages = [
        store.select(
            PERFORMANCE,
            where={**only, "segment": "", "metric": metric, "status": status},
            order=("end",),
            descending=True,
            limit=NEWEST,
        )
        for metric in SPEAKING
        for status in ENOUGH
    ]
    told = _newest(point for page in pages for point in performances(page))
    return told, bool(only) or all(len(page["end"]) < NEWEST for page in pages)


def _revisions(store: Store, where: Where) -> list[Performance]:
    found = store.select(PERFORMANCE, where={**where, "segment": ""}, order=("end",), descending=True)
    return performances(newest_revisions(found))


def _newest(points: Iterable[Performance]) -> dict[str, Performance]:
    """By model the point that ends last."""
    ordered = sorted(points, key=lambda point: (point.end, -duration(point.length), point.version))
    return {point.model: point for point in ordered}
