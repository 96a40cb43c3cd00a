"""Fetched columns as their declared types."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks.commit import Kind, Table, type_of


def typed(table: Table, found: Mapping[str, Any]) -> dict[str, NDArray[np.generic]]:
    """The columns of a table."""
    return {column.name: fetched(found[column.name], column.kind) for column in table.columns}


def fetched(array: Any, kind: Kind) -> NDArray[np.generic]:  # noqa: ANN401 - masked or not, as the driver likes
    """A fetched column as its declared type: NULL floats are nan again, and bytes are bytes."""
    if kind == "float":
        return np.ma.filled(array, np.nan)
    if kind == "bytes":
        blobs = np.empty(len(array), np.object_)
        blobs[:] = [bytes(blob) for blob in array]
        return blobs
    return np.asarray(array, type_of[kind])
