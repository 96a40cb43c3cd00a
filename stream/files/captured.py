"""Captured logs: Parquet files of records as they were in Kafka, of many partitions, with their offsets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stream.events import Partition, Records, marked
from stream.files.database import batches, database, literal
from stream.files.fields import INTEGERS
from stream.files.lines import UNKNOWN_MS
from stream.files.paths import FileProblem

COLUMNS = {"topic", "partition", "offset", "timestamp", "key", "value"}
CONTENT_TYPE = "content_type"  # may be there as well: what the header of that name said


def is_captured(path: Path) -> bool:
    """Whether a Parquet file has the columns of a captured log."""
    with database(path) as connection:
        found = connection.sql(f"SELECT * FROM read_parquet({literal(path)})").columns  # noqa: S608 - quoted
        return COLUMNS.issubset(found)


def starts(paths: Sequence[Path]) -> dict[Partition, int]:
    """The partitions of captured logs, and the first offset of each."""
    with database(paths[0]) as connection:
        for path in paths:
            relation = connection.sql(f"SELECT * FROM read_parquet({literal(path)})")  # noqa: S608 - quoted
            kinds = dict(zip(relation.columns, relation.types, strict=True))
            for column in ("partition", "offset"):
                if kinds[column].id not in INTEGERS:
                    raise FileProblem(
                        f"{path}: column {column!r} of a captured log is of type {kinds[column]}, not integer"
                    )
        query = f'SELECT topic, "partition", min("offset") FROM {_files(paths)} GROUP BY ALL ORDER BY ALL'  # noqa: S608
        return {(topic, partition): first for topic, partition, first in connection.execute(query).fetchall()}


def captured(paths: Sequence[Path], batch: int) -> Iterator[tuple[Records, int]]:
    """The records of all partitions as time went on, and how many of the files' bytes they stand for.

    The order is that of (timestamp, topic, partition, offset), where a timestamp is the greatest that its partition has
    reached: producers' clocks may go back, offsets may not. A record that was captured twice is read once.
    """
    size = sum(path.stat().st_size for path in paths)
    last: dict[Partition, int] = {}
    with database(paths[0]) as connection:
        timestamp = _timestamp(connection.sql(f"SELECT timestamp FROM {_files(paths)}").types[0].id)  # noqa: S608
        named = connection.sql(f"SELECT * FROM {_files(paths)}").columns  # noqa: S608
        content_type = CONTENT_TYPE if CONTENT_TYPE in named else "''"
        (n,) = connection.execute(f"SELECT count(*) FROM {_files(paths)}").fetchall()[0]  # noqa: S608
        query = f"""
            SELECT topic, "partition", "offset", ms, value, {content_type} FROM (
                SELECT *, max(ms) OVER (PARTITION BY topic, "partition" ORDER BY "offset") AS reached
                FROM (SELECT *, coalesce({timestamp}, {UNKNOWN_MS}) AS ms FROM {_files(paths)}))
            ORDER BY reached, topic, "partition", "offset"
        """  # noqa: S608 - the paths are quoted
        done = 0
        for rows in batches(connection, query, batch):
            done += len(rows)
            for records in _by_partition(rows, last):
                yield records, size * done // n


def _files(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(map(literal, paths))}], union_by_name=true)"


def _timestamp(kind: str) -> str:
    return "CAST(timestamp AS BIGINT)" if kind in INTEGERS else "epoch_ms(CAST(timestamp AS TIMESTAMP))"


def _by_partition(rows: list[tuple[Any, ...]], last: dict[Partition, int]) -> Iterator[Records]:
    """The records of a batch by partition: their order is their own, between partitions none is needed."""
    groups: dict[Partition, list[tuple[int, int, bytes | None]]] = {}
    for topic, partition, offset, timestamp_ms, value, content_type in rows:
        key = (topic, partition)
        if offset > last.get(key, -1):
            last[key] = offset
            groups.setdefault(key, []).append((offset, timestamp_ms, marked(_bytes(value), content_type or "")))
    for (topic, partition), found in groups.items():
        offsets, timestamps_ms, values = zip(*found, strict=True)
        yield Records(
            topic,
            partition,
            np.array(offsets, np.int64),
            np.array(timestamps_ms, np.int64),
            list(values),
            offsets[-1] + 1,
        )


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
