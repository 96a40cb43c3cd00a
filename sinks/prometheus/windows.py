"""The newest window of each key, and its distances: rows of a Commit, read for /metrics."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit import Columns, to_ns

VERSIONS_MAX = 3  # per model: the newest by window end; older ones are in the store
SEGMENTS_MAX = 10  # per model: with more of them, only "all events" is exported
# What is shown, and the column that has it; the first has a limit.
DETECTORS = {"verdict": "evidence", **{name: name for name in ("psi", "jensen_shannon", "kolmogorov_smirnov")}}

KEY = ("model", "version", "segment", "length")
Key = tuple[str, str, str, int]  # their values, the length in ns
VERDICTS = {"ok": 0, "drift": 1}
UNKNOWN = -1


class Window(Struct, frozen=True):
    """The newest window of one key."""

    end_ns: int
    events: int
    verdict: int


class Distances(Struct, frozen=True):
    """One window's features: `values`, (features, detectors), nan where not defined; `limits` of the first one."""

    end_ns: int
    features: tuple[str, ...]
    values: NDArray[np.float64]
    limits: NDArray[np.float64]
    verdicts: tuple[int, ...]


def newest_windows(rows: Columns | None) -> dict[Key, Window]:
    """The last window of each key."""
    if rows is None:
        return {}
    events, verdicts = rows["events"].tolist(), rows["verdict"].tolist()
    return {
        key: Window(end, events[held[-1]], VERDICTS.get(verdicts[held[-1]], UNKNOWN))
        for key, (end, held) in _newest(rows).items()
    }


def newest_distances(rows: Columns | None) -> dict[Key, Distances]:
    """The newest distances over all events; those of segments stay in the store."""
    if rows is None:
        return {}
    whole = np.flatnonzero(rows["segment"] == "")
    values = np.stack([rows[name][whole] for name in DETECTORS.values()], axis=-1).astype(np.float64)
    values += 0.0  # evidence of nothing is -0.0, which reads as if something were below nought
    limits = rows["evidence_limit"][whole].astype(np.float64)
    features, verdicts = rows["feature"][whole].tolist(), rows["verdict"][whole].tolist()
    return {
        key: Distances(
            end,
            tuple(features[i] for i in held),
            values[held],
            limits[held],
            tuple(VERDICTS.get(verdicts[i], UNKNOWN) for i in held),
        )
        for key, (end, held) in _newest({name: rows[name][whole] for name in (*KEY, "end")}).items()
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


def _newest(rows: Columns) -> dict[Key, tuple[int, list[int]]]:
    """When each key's last window ends, and its row numbers."""
    found: dict[Key, tuple[int, list[int]]] = {}
    columns = (rows[name].tolist() for name in KEY)
    for i, (model, version, segment, length, end) in enumerate(zip(*columns, to_ns(rows["end"]).tolist(), strict=True)):
        key = (model, version, segment, length)
        last, held = found.get(key, (end, []))
        if end > last or not held:
            found[key] = (end, [i])
        elif end == last:
            held.append(i)
    return found
