"""Two versions side by side by their labels in cells: averages over classes, and average precision."""

import zlib
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Integers
from detectors.performance.versions.tallied import Tallied
from detectors.tallies import Looks, Tallies, by_tallies
from sinks.commit import ABREAST, Store, Where, to_ns
from stream.web.answers import Found

LOOKS_MAX: Final = 30  # of a history: each goes over all windows before it
ROWS_MAX: Final = 50_000  # of a version: of 5 minutes, told six times each, a month
SCORES: Final = "scores"


class Abreast(NamedTuple):
    """The common windows up to each look, oldest first."""

    ends: NDArray[np.int64]  # of all windows, ns
    looks: Integers  # places of windows
    labels: tuple[int, int]
    said: Looks


def looked(store: Store, sides: tuple[Where, Where], metric: Tallied, since: int | None) -> Abreast | None:
    """Compare the windows that both versions have, by the same cells as the newest; None where there is none."""
    candidate, incumbent = (_newest(store, where, since) for where in sides)
    ends = np.intersect1d(to_ns(candidate["end"]), to_ns(incumbent["end"]))
    rows = [rows_at(one, ends) for one in (candidate, incumbent)]
    what = rows[0]["cells"][-1] if len(ends) else ""
    same = np.logical_and(*(one["cells"] == what for one in rows)) & ((what == SCORES) == (metric.cells == SCORES))
    if not same.any():
        return None
    counts = [np.stack([_unpacked(one) for one in side["counts"][same].tolist()]) for side in rows]
    n = int(same.sum())
    looks = np.unique(np.linspace(0, n - 1, LOOKS_MAX).round().astype(np.int64))
    with np.errstate(divide="ignore", invalid="ignore"):
        said = by_tallies(Tallies(*counts), metric, looks)
    return Abreast(ends[same], looks, (int(counts[0].sum()), int(counts[1].sum())), said)


def rows_at(rows: Found, ends: NDArray[np.int64]) -> Found:
    """The rows of windows that end then, ns, oldest first; newest first before."""
    places = len(rows["end"]) - 1 - np.searchsorted(to_ns(rows["end"])[::-1], ends)
    return {name: column[places] for name, column in rows.items()}


def _newest(store: Store, where: Where, since: int | None) -> Found:
    """The newest word on each window, newest first; without one that was cut off."""
    rows = store.select(ABREAST, where=where, since=since, order=("end",), descending=True, limit=ROWS_MAX)
    first = np.sort(np.unique(-to_ns(rows["end"]), return_index=True)[1])
    if len(rows["end"]) == ROWS_MAX:
        first = first[:-1]
    return {name: column[first] for name, column in rows.items()}


def _unpacked(packed: bytes) -> Integers:
    return np.frombuffer(zlib.decompress(packed), "<i4").astype(np.int64)
