"""Seeded rows for any declared table, and rows as plain values that compare exactly."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sinks.commit import TABLES, Column, Columns, Commit, Store, Table

MINUTE_NS = 60_000_000_000
START_US = 1_790_000_000_000_000  # in 2026
TEXTS = np.array(["", "fraud", "churn", "country=FR", "d'où\x00\n\U0001d518", "a" * 300, "Z", "é"], np.object_)
BLOBS = np.array([b"", b"\x00\xff", b"{}", bytes(range(256)) * 9], np.object_)
FLOATS = np.array([np.nan, np.inf, -np.inf, -0.0, 0.1, 1e300, 5e-324])
INTS = np.array([-(2**63), 2**63 - 1, -1, 0, 1, 2])


def rows(table: Table, generator: np.random.Generator, n: int) -> Columns:
    """At most `n` rows with distinct keys; small pools, so that columns repeat, filters match and sorts meet ties."""
    drawn = {column.name: _values(column, generator, n) for column in table.columns}
    keys = {key: i for i, key in enumerate(zip(*(drawn[name].tolist() for name in table.key), strict=True))}
    first = sorted(keys.values())
    return {name: array[first] for name, array in drawn.items()}


def commit(number: int, generator: np.random.Generator, n: int = 30) -> Commit:
    """A Commit with rows in every table."""
    return Commit(number, {table.name: rows(table, generator, n) for table in TABLES})


def plain(found: Mapping[str, NDArray[np.generic]]) -> list[dict[str, object]]:
    """Rows as values that are equal only where they are the same: floats in hexadecimal, times in microseconds."""
    lists = [_plain(array) for array in found.values()]
    return [dict(zip(found, row, strict=True)) for row in zip(*lists, strict=True)]


def torn(store: Store) -> list[str]:
    """The tables that do not hold exactly the rows of `commit(1)`, `commit(2)` and so on up to the last."""
    expected = [commit(number, np.random.default_rng(number)) for number in range(1, store.last() + 1)]
    wrong = []
    for table in (table for table in TABLES if table.keep != "newest"):
        numbers, counts = np.unique(store.select(table)["commit"], return_counts=True)
        whole = [(each.number, len(each.tables[table.name][table.key[0]])) for each in expected]
        if whole != list(zip(numbers.tolist(), counts.tolist(), strict=True)):
            wrong.append(table.name)
    return wrong


def _plain(array: NDArray[np.generic]) -> list[object]:
    if array.dtype.kind == "f":
        return [float(value).hex() for value in array.astype(np.float64)]
    return list((array.astype(np.int64) if array.dtype.kind == "M" else array).tolist())


def _values(column: Column, generator: np.random.Generator, n: int) -> NDArray[np.generic]:
    chosen: NDArray[np.generic]
    match column.kind:
        case "text":
            chosen = generator.choice(TEXTS, n)
        case "bytes":
            chosen = generator.choice(BLOBS, n)
        case "float":
            chosen = np.where(generator.random(n) < 0.5, generator.random(n), generator.choice(FLOATS, n))
        case "bool":
            chosen = generator.random(n) < 0.5
        case "int":
            chosen = generator.choice(INTS, n)
        case "time":
            minutes = generator.integers(0, 10, n) * (MINUTE_NS // 1000)
            chosen = (START_US + minutes).astype("datetime64[us]")
    return chosen
