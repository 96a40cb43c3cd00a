"""Findings in lines for a terminal: window by window, in sentences that no column cuts."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHOWN = 20  # findings
ABOUT = ("end", "model", "version", "segment")


def newest(found: Mapping[str, NDArray[Any]]) -> list[int]:
    """Which rows are shown, in the order of time; those of segments where nothing was found of all events."""
    overall = np.flatnonzero(found["segment"] == "")
    rows = overall if len(overall) else np.arange(len(found["segment"]))
    columns = [found[name][rows] for name in ("words", "detector", "segment", "version", "model", "end")]
    ranks = [np.unique(column, return_inverse=True)[1] for column in columns]
    return [int(row) for row in rows[np.lexsort(ranks)][-SHOWN:]]


def lines(found: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """The newest findings below their windows, the most recent last."""
    rows, before = newest(found), None
    if left := len(found["segment"]) - len(rows):
        yield f"The newest {len(rows)} findings; {left:,} more are in the table `findings` of a --store."
    for row in rows:
        end, model, version, segment = about = tuple(str(found[name][row]) for name in ABOUT)
        if about != before:
            names = [model, *([f"version {version}"] if version else []), *([segment] if segment else [])]
            yield ""
            yield f"{end[:16]}  {', '.join(names)}"
        before = about
        value, limit = (f"{found[name][row]:.3g}" for name in ("value", "limit"))
        yield f"  {found['words'][row]} ({found['detector'][row]} {value}, limit {limit})"
