"""The store's tables, of the running service over HTTP, or of its file where no service has it."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen
from zipfile import BadZipFile, ZipFile

from sinks.commit import StoreLocked
from sinks.duck import DuckStore, export
from stream.config.settings import Settings
from stream.files import folder_at

ANSWER_S = 60.0  # until the first byte: the tables are written to files first
ANYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - what a service listens on, and how to reach it


class NobodyAnswers(Exception):
    """The store belongs to a service that cannot be asked, or is nowhere."""


def exported(settings: Settings, folder: Path, tables: Sequence[str]) -> list[Path]:
    """Tables as `<table>.parquet` in a folder, all of one moment. NobodyAnswers, FileProblem, or what stores raise."""
    path = Path(settings.store.path)
    folder_at(folder)
    if not path.exists():
        return _asked(settings, folder, tables, f"there is no store at {path}")
    try:
        store = DuckStore(path, memory_limit=settings.store.memory_limit)
    except StoreLocked as error:
        return _asked(settings, folder, tables, str(error))
    try:
        return export(store, folder, tables)
    finally:
        store.close()


def service_address(settings: Settings) -> str:
    """Where the running service of a configuration is."""
    host, _, port = settings.http.listen.rpartition(":")
    return f"http://{ANYWHERE.get(host, host)}:{port}"


def _asked(settings: Settings, folder: Path, tables: Sequence[str], why: str) -> list[Path]:
    address = service_address(settings)
    with TemporaryFile(dir=folder) as received:
        try:
            query = urlencode([("table", name) for name in tables])
            with urlopen(f"{address}/v1/export?{query}", timeout=ANSWER_S) as answer:  # noqa: S310 - http, by ourselves
                shutil.copyfileobj(answer, received)
            return _unpacked(received, folder)
        except HTTPError as error:
            with error:
                raise NobodyAnswers(f"{address} has no tables to export: {error.read(500).decode()}") from error
        except (URLError, OSError, BadZipFile) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise NobodyAnswers(f"{why}; and at {address} (http.listen) no service answers: {reason}") from error


def _unpacked(received: IO[bytes], folder: Path) -> list[Path]:
    """The files of an archive, each whole or absent."""
    written = []
    with ZipFile(received) as archive:
        for name in archive.namelist():
            partial, path = folder / f".{Path(name).name}.{os.getpid()}", folder / Path(name).name
            try:
                with archive.open(name) as source, partial.open("wb") as target:
                    shutil.copyfileobj(source, target)
                written.append(partial.replace(path))
            finally:
                partial.unlink(missing_ok=True)
    return written
