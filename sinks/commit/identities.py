"""Ids of predictions and labels: two halves of a hash."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks.commit.table import Columns


def identities(rows: Columns) -> NDArray[Any]:
    """Both halves of the hashes as one value, (n,)."""
    both = np.stack((rows["key"], rows["check"]), axis=1).astype(np.int64)
    return np.ascontiguousarray(both).view([("key", np.int64), ("check", np.int64)]).ravel()


def among(ids: NDArray[Any], some: NDArray[Any]) -> NDArray[np.bool_]:
    """Which ids are among some others. By one half first: integers are sorted ten times as fast as pairs of them."""
    if not len(some):
        return np.zeros(len(ids), np.bool_)
    keys, first, place = np.unique(some["key"], return_index=True, return_inverse=True)
    at = np.minimum(np.searchsorted(keys, ids["key"]), len(keys) - 1)
    found = (keys[at] == ids["key"]) & (some["check"][first][at] == ids["check"])
    others = some[some["check"] != some["check"][first][place]]  # one half was the same: of 2^32 ids the first time
    if len(others):
        left = np.flatnonzero(np.isin(ids["key"], others["key"]))
        found[left] |= np.isin(ids[left], others)
    return np.asarray(found, np.bool_)


def numbered(ids: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """A number for each id, (n,), that rises with both halves, equal ones for equal ids; and how many there are."""
    keys, first, place = np.unique(ids["key"], return_index=True, return_inverse=True)
    if (ids["check"] == ids["check"][first][place]).all():
        return place.astype(np.int64), len(keys)
    order = np.lexsort((ids["check"], ids["key"]))
    another = (np.diff(ids["key"][order]) != 0) | (np.diff(ids["check"][order]) != 0)
    number = np.empty(len(ids), np.int64)
    number[order] = np.concatenate(([0], np.cumsum(another)))
    return number, int(number[order[-1]]) + 1


def repeated(told: Columns, ends: NDArray[np.int64], grace: int) -> NDArray[np.bool_]:
    """Which predictions are of an id that their version had within `grace` before, (n,): all but one of each in a pane.

    `told` has `key`, `check` and `version`; `ends`, ns, are those of their panes.
    """
    found = np.zeros(len(ends), np.bool_)
    order = np.argsort(told["key"], kind="stable")  # most ids come once: one half of the hash says so
    twin = np.diff(told["key"].astype(np.int64)[order]) == 0
    some = order[np.append(twin, False) | np.append(False, twin)] if len(order) else order
    version = np.unique(told["version"][some], return_inverse=True)[1]
    columns = (ends[some], version, told["check"].astype(np.int64)[some], told["key"].astype(np.int64)[some])
    place = np.lexsort(columns)
    same = np.ones(max(len(place) - 1, 0), np.bool_)
    for column in columns[1:]:
        same &= np.diff(column[place]) == 0
    same &= np.diff(ends[some][place]) <= grace
    found[some[place[1:]][same]] = True
    return found
