"""`/v1/export`: tables of the store as Parquet files in one archive, all of one moment, while the service runs."""

from collections.abc import Collection, Iterator
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock
from typing import IO, Annotated
from zipfile import ZipFile

from litestar import get
from litestar.exceptions import ClientException, ServiceUnavailableException
from litestar.params import QueryParameter
from litestar.response import Stream

from sinks.commit import BY_NAME
from sinks.duck import DuckStore, export
from stream.web.errors import unknown
from stream.web.sources import Given

CHUNK = 1 << 20  # bytes sent at once
_making = Lock()  # it reads whole tables: one at a time


@get("/v1/export", sync_to_thread=True, media_type="application/zip")
def export_tables(
    sources: Given, table: Annotated[list[str] | None, QueryParameter(description="A table; may be repeated.")] = None
) -> Stream:
    """Tables as `<table>.parquet` in a zip archive; all of them where none is named."""
    for name in table or ():
        if name not in BY_NAME:
            raise unknown("table", name, tuple(BY_NAME))
    if not isinstance(sources.store, DuckStore):
        raise ClientException("The results of this process are in no file.")
    if not _making.acquire(blocking=False):
        raise ServiceUnavailableException("Another export is being made; ask again when it is done.")
    try:
        return Stream(_chunks(_archive(sources.store, table)), media_type="application/zip")
    finally:
        _making.release()


def _archive(store: DuckStore, tables: Collection[str] | None) -> IO[bytes]:
    """A file without a name: it is gone when it is closed."""
    made = TemporaryFile()  # noqa: SIM115 - who sends it closes it
    with TemporaryDirectory(prefix="driftline-") as folder, ZipFile(made, "w") as archive:
        for path in export(store, folder, tables):
            archive.write(path, path.name)
    made.seek(0)
    return made


def _chunks(archive: IO[bytes]) -> Iterator[bytes]:
    with archive:
        while chunk := archive.read(CHUNK):
            yield chunk
