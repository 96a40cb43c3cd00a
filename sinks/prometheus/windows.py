"""The newest window of each key, and its distances: rows of a Commit, read for /metrics."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit import Columns

VERSIONS_MAX = 3  # per model: the newest by window end; older ones are in the store
SEGMENTS_MAX = 10  # per model: with more of them, only "all events" is exported
DETECTORS = ("psi", "jensen_shannon", "kolmogorov_smirnov")

Key = tuple[str, str, str, int]  # model, version, segment, length in ns
_VERDICTS = {"ok": 0, "drift": 1}
_UNKNOWN = -1


class Window(Struct, frozen=True):
    """The newest window of one key."""

    end_ns: int
    events: int
    verdict: int


class Distances(Struct, frozen=True):
    """The distances of one window: `values` and `limits` are (features, detectors), nan where not defined."""

    end_ns: int
    features: tuple[str, ...]
    values: NDArray[np.float64]
    limits: NDArray[np.float64]
    verdicts: tuple[int, ...]


def newest_windows(rows: Columns | None) -> dict[Key, Window]:
    """The last window of each key."""
    if rows is None:
        return {}
    ends_ns = rows["end"].astype("datetime64[ns]").astype(np.int64)
    return {
        key: Window(int(ends_ns[held[-1]]), int(rows["events"][held[-1]]), _verdict(rows["verdict"][held[-1]]))
        for key, held in _newest(rows).items()
    }


def newest_distances(rows: Columns | None) -> dict[Key, Distances]:
    """The newest distances over all events; those of segments stay in the store."""
    if rows is None:
        return {}
    whole = rows["segment"] == ""
    rows = {name: column[whole] for name, column in rows.items()}
    values = np.stack([rows[name] for name in DETECTORS], axis=-1).astype(np.float64)
    limits = np.stack([rows[f"{name}_limit"] for name in DETECTORS], axis=-1).astype(np.float64)
    ends_ns = rows["end"].astype("datetime64[ns]").astype(np.int64)
    return {
        key: Distances(
            int(ends_ns[held[-1]]),
            tuple(rows["feature"][held].tolist()),
            values[held],
            limits[held],
            tuple(_verdict(verdict) for verdict in rows["verdict"][held]),
        )
        for key, held in _newest(rows).items()
    }


def worth_showing(windows: Mapping[Key, Window]) -> dict[Key, Window]:
    """The windows that are worth a series: the newest versions of each model, and segments only where they are few."""
    ends: dict[str, dict[str, int]] = {}
    segments: dict[str, set[str]] = {}
    for (model, version, segment, _), window in windows.items():
        versions = ends.setdefault(model, {})
        versions[version] = max(window.end_ns, versions.get(version, window.end_ns))
        segments.setdefault(model, set()).add(segment)
    kept = {
        (model, version)
        for model, versions in ends.items()
        for version in sorted(versions, key=lambda name: (-versions[name], name))[:VERSIONS_MAX]
    }
    few = {model for model, names in segments.items() if len(names - {""}) <= SEGMENTS_MAX}
    return {k: v for k, v in windows.items() if (k[0], k[1]) in kept and (k[2] == "" or k[0] in few)}


def _newest(rows: Columns) -> dict[Key, NDArray[np.intp]]:
    """Row numbers of each key's last window."""
    names = (rows[name].tolist() for name in ("model", "version", "segment", "length", "end"))
    ends = rows["end"]
    found: dict[Key, list[int]] = {}
    for i, (model, version, segment, length, end) in enumerate(zip(*names, strict=True)):
        held = found.setdefault((model, version, segment, length), [i])
        if held[-1] == i:
            continue
        last = ends[held[-1]].item()
        if end > last:
            held.clear()
        if end >= last:
            held.append(i)
    return {key: np.array(held) for key, held in found.items()}


def _verdict(word: object) -> int:
    return _VERDICTS.get(str(word), _UNKNOWN)
