"""What a file is by its name, and how it is opened: every failure is a sentence that names the path."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Literal

Kind = Literal["parquet", "csv", "lines"]
ENDINGS: dict[str, Kind] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",  # whatever delimits columns is found in the file
    ".tsv.gz": "csv",
    ".jsonl": "lines",
    ".jsonl.gz": "lines",
    ".ndjson": "lines",
    ".ndjson.gz": "lines",
    ".json": "lines",
    ".json.gz": "lines",
}
BOM = b"\xef\xbb\xbf"  # some editors begin UTF-8 with it


class FileProblem(Exception):
    """A file cannot be used; says which, why, and what would do."""


def kind_of(path: Path) -> Kind:
    """What a file holds, by the end of its name. FileProblem where the name says nothing, or nothing is there."""
    if path.is_dir():
        check(path)
    kind = next((kind for ending, kind in ENDINGS.items() if path.name.lower().endswith(ending)), None)
    if kind is None:
        raise FileProblem(f"{path}: cannot tell what it is; its name must end in {', '.join(ENDINGS)}")
    check(path)
    return kind


def check(path: Path) -> None:
    """FileProblem where there is no file, or nothing in it."""
    if path.is_dir():
        raise FileProblem(f"{path} is a folder; name the files in it")
    try:
        empty = path.stat().st_size == 0
    except FileNotFoundError:
        raise FileProblem(f"{path} does not exist{_near(path)}") from None
    except OSError as error:
        raise FileProblem(f"{path} cannot be read: {error.strerror}") from None
    if empty:
        raise FileProblem(f"{path} is empty")


def text_of(path: Path) -> str:
    """What a file of text says; an empty one says nothing. FileProblem where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileProblem(f"{path} does not exist{_near(path)}") from None
    except UnicodeDecodeError as error:
        raise FileProblem(f"{path} is no text in UTF-8 (byte {error.start + 1})") from None
    except OSError as error:
        raise FileProblem(f"{path} cannot be read: {error.strerror}") from None


def folder_at(path: Path) -> Path:
    """A folder to write to, made where it is not there. FileProblem where it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise FileProblem(f"{path} is not a folder, and cannot become one: a file is in its place") from None
    except OSError as error:
        raise FileProblem(f"{path} cannot be made: {error.strerror}") from None
    return path


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, BufferedReader]]:
    """The file's content, and the file itself, whose place says how much of it has been read.

    FileProblem for whatever goes wrong while it is open, a broken gzip stream too.
    """
    try:
        with path.open("rb") as raw:
            if path.name.lower().endswith(".gz"):
                with gzip.open(raw) as content:
                    yield content, raw  # type: ignore[misc]  # a GzipFile reads like any other binary file
            else:
                yield raw, raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileProblem(f"{path} is no whole gzip file: {error}") from None
    except OSError as error:
        raise FileProblem(f"{path} cannot be read: {error.strerror or error}") from None


def _near(path: Path) -> str:
    try:
        near = get_close_matches(path.name, [other.name for other in path.parent.iterdir()], 1)
    except OSError:
        return f", nor does its folder {path.parent}"
    return f"; did you mean {near[0]}?" if near else ""
