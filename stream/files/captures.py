"""A captured stream: a folder of Parquet files with its records and its journal, and a list that says what is whole.

The list, `capture.json`, is replaced when all that it names lies there. What it does not name does not count.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from stream.events import Partition, Records, marked
from stream.files.database import Connection, batches, database, literal, text
from stream.files.logs import BATCH
from stream.files.paths import FileProblem
from stream.lives import Entry, Hole, Left, PackedLeft

LIST: Final = "capture.json"
VERSION: Final = 1
FORGOTTEN = "the store had forgotten some of its journal (store.keep) before it was captured"
COLUMNS = ("commit", "kind", "topic", "partition", "offset", "until", "detail")


class Part(msgspec.Struct, frozen=True):
    """A file of records. `stretches`: the offsets of each partition that it covers."""

    file: str
    n_bytes: int
    records: int
    stretches: list[tuple[Partition, tuple[int, int]]]


class Contents(msgspec.Struct, frozen=True):
    """What lies in the folder. Records and journal reach to a Commit of the store, and to what that has left."""

    version: int
    commit: int
    left: PackedLeft
    journal: str
    parts: list[Part]
    forgotten: bool = False  # the store had forgotten some of its journal before it was captured

    @property
    def ends(self) -> dict[Partition, int]:
        """Behind what was captured of each partition."""
        ends: dict[Partition, int] = {}
        for part in self.parts:
            for partition, (_, end) in part.stretches:
                ends[partition] = max(end, ends.get(partition, 0))
        return ends


class Capture:
    """A captured stream that can be read."""

    def __init__(self, folder: Path, contents: Contents, connection: Connection) -> None:
        self.folder, self.contents = folder, contents
        self.left: Left = contents.left.left()
        self._connection = connection
        self._stretches: dict[Partition, list[tuple[int, int]]] = {}
        for partition, span in sorted(each for part in contents.parts for each in part.stretches):
            self._stretches.setdefault(partition, []).append(span)

    @property
    def n_records(self) -> int:
        """How many records were captured."""
        return sum(part.records for part in self.contents.parts)

    def journal(self) -> list[Entry]:
        """The journal of the stream."""
        return journal(self._connection, self.folder / self.contents.journal)

    def records(self, partition: Partition, offset: int) -> Iterator[Records]:
        """Those of a partition from an offset on, in order."""
        for part in self.contents.parts:
            ends = [end for each, (_, end) in part.stretches if each == partition]
            if ends and max(ends) > offset:
                yield from self._part(part, partition, offset)

    def stretch(self, partition: Partition, offset: int) -> tuple[int, int] | None:
        """The captured stretch that holds an offset, else the next one behind it."""
        return next((span for span in self._stretches.get(partition, ()) if span[1] > offset), None)

    def _part(self, part: Part, partition: Partition, offset: int) -> Iterator[Records]:
        path, (topic, number) = self.folder / part.file, partition
        query = f"""
            SELECT "offset", timestamp, value, content_type FROM read_parquet({literal(path)})
            WHERE topic = {text(topic)} AND "partition" = {number} AND "offset" >= {offset} ORDER BY "offset"
        """  # noqa: S608 - quoted
        with self._connection.cursor() as cursor:
            for rows in batches(cursor, query, BATCH):
                offsets, timestamps, values, types = zip(*rows, strict=True)
                numbers = np.array(offsets, np.int64), np.array(timestamps, np.int64)
                yield Records(
                    topic, number, *numbers, list(map(marked, values, (kind or "" for kind in types))), offsets[-1] + 1
                )


@contextmanager
def opened(folder: Path) -> Iterator[Capture]:
    """A captured stream. FileProblem where it is not whole."""
    contents = listed(folder)
    if contents is None:
        raise FileProblem(
            f"{folder} is a folder without {LIST}, so no whole capture: let driftline capture come to its end, or name "
            "the files in it"
        )
    for name, n_bytes in ((contents.journal, None), *((part.file, part.n_bytes) for part in contents.parts)):
        path = folder / name
        if not path.exists():
            raise FileProblem(f"{folder} is no whole capture: {name} is not there")
        if n_bytes not in {None, path.stat().st_size}:
            raise FileProblem(f"{path} has {path.stat().st_size} bytes, but was captured with {n_bytes}")
    with database(folder) as connection:
        yield Capture(folder, contents, connection)


def listed(folder: Path) -> Contents | None:
    """What a folder says that it holds; None where it says nothing. FileProblem for what cannot be understood."""
    try:
        return msgspec.json.decode((folder / LIST).read_bytes(), type=Contents)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileProblem(f"{folder / LIST} cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise FileProblem(f"{folder / LIST} is no list of version {VERSION} of a capture: {error}") from None


def enlist(folder: Path, contents: Contents) -> None:
    """Say what the folder holds from now on, durably, in place of what it said before."""
    path = folder / f".{LIST}.{os.getpid()}"
    with path.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(contents), indent=1))
        file.flush()
        os.fsync(file.fileno())
    path.replace(folder / LIST)


def journal(connection: Connection, path: Path) -> list[Entry]:
    """The rows of a journal in a Parquet file."""
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    query = f"SELECT {names} FROM read_parquet({literal(path)}) ORDER BY ALL"  # noqa: S608 - quoted
    return [Entry(*row) for rows in batches(connection, query) for row in rows]


def joined(*journals: Sequence[Entry]) -> list[Entry]:
    """The rows of several journals of one store: what it forgets, an earlier one still has."""
    return sorted({row for rows in journals for row in rows})


def holes(contents: Contents, read: Mapping[Partition, tuple[int, int]], rows: Sequence[Entry]) -> list[Hole]:
    """What a stream has read and a capture does not have. What the stream has lost itself is no hole."""
    found = []
    for partition, (first, end) in sorted(read.items()):
        covered = [span for part in contents.parts for each, span in part.stretches if each == partition]
        covered += [(row.offset, row.until) for row in rows if row.kind == "lost" and row[2:4] == partition]
        at = first
        for begin, upto in (*sorted(covered), (end, end)):
            if at < begin:
                found.append(Hole(partition, at, begin))
            at = max(at, upto)
    return found
