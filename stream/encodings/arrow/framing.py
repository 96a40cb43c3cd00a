"""What an Arrow IPC stream says of itself, before anything of it is read: its messages, whatever their bytes.

Layouts are those of the Arrow columnar format and of FlatBuffers; a place that is not there is a struct.error.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_DICTIONARY, _ROWS = 2, 3  # types of messages with a body
_int32, _int64 = struct.Struct("<i").unpack_from, struct.Struct("<q").unpack_from
_byte, _uint16, _uint32 = (struct.Struct(code).unpack_from for code in ("B", "<H", "<I"))


class Frame(NamedTuple):
    """A message: where it ends, how many values each of its columns has, whether they are rows, and compressed."""

    end: int
    length: int = 0
    has_rows: bool = False
    compressed: bool = False


def frames(value: bytes) -> Iterator[Frame]:
    """The messages of a stream, the schema first; struct.error where it is none."""
    at = 0
    while at < len(value):
        (marker,), (length,) = _uint32(value, at), _int32(value, at + 4)
        if marker != 0xFFFFFFFF or length < 0:
            raise struct.error("a message does not begin as it should")
        if length == 0:
            return
        message = _table(value, at + 8)
        (kind,) = _byte(value, _field(value, message, 1))
        body = _field(value, message, 3)
        end = at + 8 + length + (_int64(value, body)[0] if body else 0)
        if not at < end <= len(value):
            raise struct.error("a message is longer than the record")
        yield _frame(value, message, kind, end)
        at = end


def _frame(value: bytes, message: int, kind: int, end: int) -> Frame:
    if kind not in {_DICTIONARY, _ROWS}:
        return Frame(end)
    batch = _table(value, _field(value, message, 2))
    if kind == _DICTIONARY:
        batch = _table(value, _field(value, batch, 1))
    length = _field(value, batch, 0)
    n = _int64(value, length)[0] if length else 0
    return Frame(end, n, kind == _ROWS, _field(value, batch, 3) != 0)


def _table(value: bytes, at: int) -> int:
    """Where the table is that a place points to."""
    return at + int(_uint32(value, at)[0])


def _field(value: bytes, table: int, slot: int) -> int:
    """Where a field of a table is; 0 where it is left out."""
    (back,) = _int32(value, table)
    fields, slot_at = table - back, 4 + 2 * slot
    if fields < 0:
        raise struct.error("a table lies before the record")
    if slot_at >= _uint16(value, fields)[0]:
        return 0
    (offset,) = _uint16(value, fields + slot_at)
    return table + int(offset) if offset else 0
