"""Writes a captured stream, or more of one: files of a bounded size, and the list that makes them count at the end."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.events import ARROW, NEVER, Arrow, Partition, Records
from stream.files.captures import LIST, VERSION, Contents, Part, enlist, joined, journal, listed
from stream.files.database import database, literal
from stream.files.lines import UNKNOWN_MS
from stream.files.paths import FileProblem, folder_at
from stream.lives import Entry, Left, PackedLeft

PART_BYTES = 64 * 1024 * 1024  # of values and keys: what is kept in memory until it is written
PART_RECORDS = 500_000


@dataclass
class _Waiting:
    """Records of one partition that follow each other, not written yet."""

    begin: int
    end: int
    records: list[tuple[Records, Sequence[bytes | None]]]


class Capturing:
    """Goes on where the folder's last capture has ended. Nothing of it counts before `finish`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._before = folder_at(folder), listed(folder)
        if self._before is None and any(folder.glob("*.parquet")):
            raise FileProblem(f"{folder} has other Parquet files, and no {LIST}: choose a folder of its own")
        self._parts = list(self._before.parts) if self._before is not None else []
        self._waiting: dict[Partition, _Waiting] = {}
        self._n_bytes = self._n_records = 0
        # Known from then on, ns.
        self._oldest = self._before.left.left().passed() if self._before is not None else NEVER
        self.ends = self._before.ends if self._before is not None else {}
        self.records = 0  # of this capture
        self._clear()

    @property
    def commit(self) -> int:
        """The Commit that the folder reaches to."""
        return self._before.commit if self._before is not None else 0

    def add(self, records: Records, keys: Sequence[bytes | None], begin: int) -> None:
        """Keep the next records of a partition: all that it has of `[begin, records.position)`."""
        partition = records.topic, records.partition
        waiting = self._waiting.get(partition)
        if waiting is not None and waiting.end != begin:  # behind a gap
            self.flush()
            waiting = None
        if waiting is None:
            waiting = self._waiting[partition] = _Waiting(begin, begin, [])
        waiting.records.append((records, keys))
        waiting.end = self.ends[partition] = records.position
        if self._before is None:
            known = records.timestamps_ms[records.timestamps_ms > UNKNOWN_MS]
            if len(known):
                first = int(known.min()) * 1_000_000
                self._oldest = first if self._oldest == NEVER else min(first, self._oldest)
        self._n_records += len(records.values)
        self._n_bytes += sum(len(one) for one in (*records.values, *keys) if one is not None)
        self.records += len(records.values)
        if self._n_bytes >= PART_BYTES or self._n_records >= PART_RECORDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one more file."""
        if not self._waiting:
            return
        name = f"records-{len(self._parts) + 1:05}.parquet"
        columns = _columns(self._waiting)
        self._write(name, columns, _RECORDS)
        stretches = [(each, (one.begin, one.end)) for each, one in sorted(self._waiting.items())]
        n_bytes = (self._folder / name).stat().st_size
        self._parts.append(Part(name, n_bytes, self._n_records, stretches))
        self._waiting, self._n_records, self._n_bytes = {}, 0, 0

    def finish(self, commit: int, rows: Sequence[Entry], left: Left, keep: int) -> Contents:
        """Let all of it count: records up to a Commit, the journal, and what that Commit has left.

        `keep`: for how long, in event time, ns, the store keeps its journal.
        """
        self.flush()
        forgotten = self._before is not None and self._before.forgotten
        forgotten |= NEVER != self._oldest < left.passed() - keep
        if self._before is not None:
            with database(self._folder) as connection:
                rows = joined(journal(connection, self._folder / self._before.journal), rows)
        name = f"journal-{commit}.parquet"
        self._write(name, _journal(rows), _JOURNAL)
        contents = Contents(VERSION, commit, PackedLeft.of(left), name, self._parts, forgotten)
        enlist(self._folder, contents)
        self._before = contents
        self._clear()
        return contents

    def _write(self, name: str, rows: dict[str, NDArray[Any]], query: str) -> None:
        """A Parquet file, whole or absent. DuckDB finds `rows` by its name in this frame."""
        assert rows
        path = self._folder / f".{name}"
        with database(path) as connection:
            connection.execute(f"COPY ({query}) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)")
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.replace(self._folder / name)

    def _clear(self) -> None:
        """Remove what an interrupted capture has left, and what the list names no more."""
        if self._before is None:
            return
        named = {self._before.journal, *(part.file for part in self._before.parts)}
        for path in self._folder.glob("*.parquet"):
            if path.name not in named and path.name.startswith(("records-", "journal-")):
                path.unlink()


# DuckDB tells the type of a column of objects by its first one: an absent value is empty, and told apart by a flag.
_RECORDS = f"""
    SELECT topic, "partition", "offset", timestamp, CASE WHEN keyed THEN key END AS key,
        CASE WHEN valued THEN value END AS value, CASE WHEN packed THEN '{ARROW}' END AS content_type
    FROM rows
"""  # noqa: S608 - a constant
_JOURNAL = "SELECT * FROM rows"


def _columns(waiting: dict[Partition, _Waiting]) -> dict[str, NDArray[Any]]:
    """The records as columns, in order of topic, partition and offset."""
    every = [(records, keys) for _, one in sorted(waiting.items()) for records, keys in one.records]
    values = [value for records, _ in every for value in records.values]
    keys = [key for _, each in every for key in each]
    n_of = [len(records.values) for records, _ in every]
    return {
        "topic": _objects([records.topic for records, _ in every]).repeat(n_of),
        "partition": np.array([records.partition for records, _ in every], np.int64).repeat(n_of),
        "offset": np.concatenate([records.offsets for records, _ in every]),
        "timestamp": np.concatenate([records.timestamps_ms for records, _ in every]),
        "key": _objects([key or b"" for key in keys]),
        "keyed": np.array([key is not None for key in keys], np.bool_),
        "value": _objects([value or b"" for value in values]),
        "packed": np.array([isinstance(value, Arrow) for value in values], np.bool_),
        "valued": np.array([value is not None for value in values], np.bool_),
    }


def _journal(rows: Sequence[Entry]) -> dict[str, NDArray[Any]]:
    columns = zip(Entry._fields, zip(*rows, strict=True), strict=True)
    return {
        name: np.array(values, np.int64) if isinstance(values[0], int) else _objects(values) for name, values in columns
    }


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    made = np.empty(len(values), np.object_)
    made[:] = values
    return made
