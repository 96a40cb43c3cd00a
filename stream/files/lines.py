"""A file of JSON lines as a log of one partition: a line is a record, its number is the offset."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stream.events import Records
from stream.files.paths import BOM, FileProblem, opened

LINE_MAX = 16 * 1024 * 1024  # bytes of a line that are kept: far beyond what any limits.event_bytes lets pass
UNKNOWN_MS = -1  # a record's timestamp that nobody knows: no skew is judged by it


def lines(path: Path, topic: str, partition: int, batch: int) -> Iterator[tuple[Records, int]]:
    """The lines, `batch` at a time, and how many bytes of the file they took.

    Nobody published an empty line, so it is no record; its number is left out.
    """
    with opened(path) as (content, raw):
        offsets: list[int] = []
        values: list[bytes | None] = []
        started = False
        for number, line in enumerate(_whole(content)):
            value = (line.removeprefix(BOM) if number == 0 else line).strip()
            if not value:
                continue
            if not started and value.startswith(b"["):
                raise FileProblem(f"{path}: line {number + 1} is an array; write one event per line (jq -c '.[]')")
            started = True
            offsets.append(number)
            values.append(value)
            if len(values) == batch:
                yield plain(topic, partition, offsets, values), raw.tell()
                offsets, values = [], []
        if values:
            yield plain(topic, partition, offsets, values), raw.tell()


def plain(topic: str, partition: int, offsets: list[int], values: list[bytes | None]) -> Records:
    """Records of a file that knows no timestamps."""
    unknown = np.full(len(values), UNKNOWN_MS, np.int64)
    return Records(topic, partition, np.array(offsets, np.int64), unknown, values, offsets[-1] + 1)


def _whole(content: BinaryIO) -> Iterator[bytes]:
    """Lines, the last one with or without its end; of one that is too long only the beginning."""
    while line := content.readline(LINE_MAX):
        rest = line
        while len(rest) == LINE_MAX and not rest.endswith(b"\n"):
            rest = content.readline(LINE_MAX)
        yield line
