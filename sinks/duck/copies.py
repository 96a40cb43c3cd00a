"""Copies of a store, made beside whoever owns it: files are read as bytes, and only the copy is opened.

Between two checkpoints DuckDB changes no block that the headers of its file lead to, and its log only grows: file and
log are as of one moment where the headers are the same before and after. A process must not copy a file that it has
open itself: closing it a second time would give the lock away (POSIX).
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import duckdb
from msgspec import Struct

from sinks.commit import StoreError, StoreFailed, StoreUnreadable
from sinks.duck.errors import translated
from sinks.duck.schema import quoted
from sinks.duck.store import DuckStore

HEADERS = 3 * 4096  # bytes at the beginning of a file: its own, and two of checkpoints that take turns
ATTEMPTS = 5
CHUNK = 2**20
_STAMP = "%Y%m%dT%H%M%SZ"
_STAMPED = r"-\d{8}T\d{6}Z\.duckdb"


class StoreNewer(StoreError):
    """A store that is further than the copy is not replaced unasked."""


class Copy(Struct, frozen=True):
    """A file that has been opened and read from one end to the other."""

    path: Path
    commit: int  # the number of its newest Commit


def backup(path: Path, folder: Path, *, keep: int, memory_limit: str) -> Copy:
    """Write a copy, named by this moment, into the folder, whole or not at all; of all there keep the newest few.

    StoreUnreadable where the store is damaged, StoreFailed where the world would not have it.
    """
    with translated(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{path.stem}-{datetime.now(UTC):{_STAMP}}.duckdb"
        with _beside(target) as partial:
            commit = _copied(path, partial, memory_limit)
            partial.replace(target)
        stamped = re.compile(re.escape(path.stem) + _STAMPED)
        for old in sorted(each for each in folder.iterdir() if stamped.fullmatch(each.name))[:-keep]:
            old.unlink()
        _sync(folder)
    return Copy(target, commit)


@contextmanager
def looked_at(path: Path, memory_limit: str) -> Iterator[DuckStore]:
    """The store as it is now, as a copy that goes with the end of the block; who has the store goes on with it.

    The copy is in the folder for temporary files (TMPDIR), not beside the store: its owner needs that disk.
    StoreFailed where there is no room for it.
    """
    with TemporaryDirectory(prefix="driftline-") as folder:
        copy = Path(folder) / path.name
        with translated(str(path)):
            _taken(path, copy)
        try:
            store = DuckStore(copy, memory_limit=memory_limit)
        except StoreUnreadable as error:
            raise StoreUnreadable(str(error).replace(str(copy), str(path))) from error
        try:
            yield store
        finally:
            store.close()


def restore(copy: Path, path: Path, *, force: bool, memory_limit: str) -> Copy:
    """Put a copy in the place of the store, which stays beside it as `.replaced`.

    StoreLocked where a process has it, StoreNewer where it is further than the copy, unless forced.
    """
    with translated(str(path)), _beside(path) as partial:
        commit = _copied(copy, partial, memory_limit)
        with _locked(path) as there:
            if there > commit and not force:
                raise StoreNewer(
                    f"{path} has commit {there}, and {copy} only {commit}: what came since would be read again, as far "
                    "as the topics still hold it; if that is meant, say --force"
                )
            _set_aside(path)
            partial.replace(path)
        _sync(path.parent)
    return Copy(path, commit)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A name in the same folder, of which nothing stays."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield partial
    finally:
        for each in (partial, _log(partial)):
            each.unlink(missing_ok=True)


def _copied(path: Path, target: Path, memory_limit: str) -> int:
    """Copy a store, and read the copy whole; its last Commit."""
    _taken(path, target)
    try:
        store = DuckStore(target, memory_limit=memory_limit)
        try:
            with translated(str(path)):
                _read_whole(store)
        finally:
            store.close()
    except StoreUnreadable as error:
        raise StoreUnreadable(str(error).replace(str(target), str(path))) from error
    _sync(target)
    return store.last()


def _taken(path: Path, target: Path) -> None:
    """Copy a store, or say why it cannot be."""
    if not path.exists():
        raise StoreUnreadable(f"{path}: there is no such file")
    if path.is_dir():
        newest = max((str(each) for each in path.glob("*.duckdb")), default="")
        raise StoreUnreadable(f"{path} is a folder; name a copy in it{f', such as {newest}' if newest else ''}")
    if not any(_snapshot(path, target) for _ in range(ATTEMPTS)):
        raise StoreFailed(f"{path}: it is never copied before its next checkpoint; stop the service, and copy it then")


def _snapshot(path: Path, target: Path) -> bool:
    """Copy the bytes of file and log; False where a checkpoint has come between."""
    before = _headers(path)
    _log(target).unlink(missing_ok=True)
    with _logged(path) as log:
        size = log.seek(0, os.SEEK_END)  # of the log only what is there before the file is read, whose blocks it names
        shutil.copyfile(path, target)
        log.seek(0)
        if size:
            with _log(target).open("wb") as kept:
                for begin in range(0, size, CHUNK):
                    kept.write(log.read(min(CHUNK, size - begin)))
    return _headers(path) == before


def _headers(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEADERS)


def _logged(path: Path) -> BinaryIO:
    """The write-ahead log; without one, nothing was kept since the last checkpoint."""
    try:
        return _log(path).open("rb")
    except FileNotFoundError:
        return BytesIO()


def _read_whole(store: DuckStore) -> None:
    """Read every row, and with it the checksum of every block."""
    with store.cursor() as cursor:
        tables = cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        for (name,) in tables:
            cursor.execute(f"SELECT bit_xor(hash(kept)) FROM {quoted(name)} AS kept").fetchall()  # noqa: S608 - its own names


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Keep others from opening a store; the number of its last Commit, 0 where there is none to be read."""
    if not path.exists():
        yield 0
        return
    try:
        with translated(str(path)):
            holder = duckdb.connect(str(path), read_only=True)
            ((number,),) = holder.execute("SELECT coalesce(max(number), 0) FROM commits").fetchall()
    except (StoreUnreadable, duckdb.CatalogException):
        yield 0
        return
    with holder:
        yield int(number)


def _set_aside(path: Path) -> None:
    """The store with its log under another name; without its log, should this be cut off, it is an older state."""
    if not path.exists():
        return
    aside = path.with_name(f"{path.name}.replaced")
    for each in (aside, _log(aside)):
        each.unlink(missing_ok=True)
    if _log(path).exists():
        _log(path).replace(_log(aside))
    aside.hardlink_to(path)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _sync(path: Path) -> None:
    """To the disk, file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
