"""Bytes become a Table of columns, or the refusal of a record that cannot be read. Nothing raises."""

import struct
from functools import cached_property, lru_cache
from typing import Any

from stream import events
from stream.encodings.arrow.columns import is_view
from stream.encodings.arrow.fields import Fields, Layout
from stream.encodings.arrow.framing import Frame, frames
from stream.events import Arrow

BYTES_MAX = 4 * 1024 * 1024  # of a record: four times what Kafka takes unless told otherwise
ROWS_MAX = 16_384  # of a record: they go through the journey together, and a fold takes 65,536
SCHEMAS_MAX = 16  # remembered: each is shorter than a record
_DETAIL_MAX = 200  # characters of what the library says
NOT_INSTALLED = (
    "an Arrow stream, and pyarrow is not installed; install driftline with its extra: pip install '.[arrow]'"
)


class Refused:
    """A record of which nothing can be used. It counts as one row."""

    def __init__(self, value: bytes, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        self._value = value

    def __len__(self) -> int:
        return 1

    def payload(self, _: int) -> bytes:
        """The record itself."""
        return self._value

    def outline(self) -> bytes:
        """It has no fields."""
        return b"{}"


class Table:
    """The rows of a record. Tables with the same bytes of a schema may be read as one."""

    def __init__(self, columns: Any, schema: bytes) -> None:  # noqa: ANN401 - pyarrow is untyped
        self.columns, self.schema = columns, schema

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def rows(self, first: int, n: int) -> Any:  # noqa: ANN401 - pyarrow is untyped
        """Some of its rows as a table of pyarrow."""
        return self.columns if n == len(self) else self.columns.slice(first, n)

    def payload(self, row: int) -> bytes:
        """The event that a row stands for, as JSON."""
        return self._fields.payload(row)

    def outline(self) -> bytes:
        """The fields of its events as JSON, without their values."""
        return _outline(self.schema)

    def layout(self) -> Layout:
        """What its events have in common as JSON."""
        return _layout(self.schema)

    @cached_property
    def _fields(self) -> Fields:
        return Fields(self.columns)


def read(value: Arrow) -> Table | Refused:
    """The rows of a record."""
    if not value:
        return Refused(value, events.EMPTY, "the record has no value")
    if len(value) > BYTES_MAX:
        return Refused(value, events.OVERSIZED, f"{len(value):,} bytes, the limit of an Arrow stream is {BYTES_MAX:,}")
    try:
        import pyarrow  # noqa: F401, ICN001 - an optional dependency
    except ImportError:
        return Refused(value, events.UNDECODABLE, NOT_INSTALLED)
    try:
        told = list(frames(value))
    except struct.error as error:
        return Refused(value, events.UNDECODABLE, f"no Arrow IPC stream: {error}")
    flaw = _flaw(told, len(value))
    return _table(value, told[0].end) if flaw is None else Refused(value, *flaw)


def _flaw(told: list[Frame], n_bytes: int) -> tuple[str, str] | None:
    """Why a stream is not read at all: before that is known, nothing is allocated for it."""
    if not told:
        return events.UNDECODABLE, "no Arrow IPC stream: it has no schema"
    if any(frame.compressed for frame in told):
        return events.UNDECODABLE, "its buffers are compressed, which Kafka does as well and within limits"
    if not all(0 <= frame.length <= n_bytes for frame in told):
        return events.UNDECODABLE, "no Arrow IPC stream: more values than bytes"
    n = sum(frame.length for frame in told if frame.has_rows)
    return (events.OVERSIZED, f"{n:,} rows, an Arrow stream has at most {ROWS_MAX:,}") if n > ROWS_MAX else None


def _table(value: Arrow, schema_end: int) -> Table | Refused:
    import pyarrow as pa

    schema = value[:schema_end]
    try:
        views = _has_views(schema)
        with pa.ipc.open_stream(value) as stream:
            columns = stream.read_all()
        columns.validate(full=True)
    except (pa.ArrowException, ValueError, OSError) as error:
        return Refused(value, events.UNDECODABLE, f"no Arrow IPC stream: {error}"[:_DETAIL_MAX])
    if views and Fields(columns).text_bytes() > BYTES_MAX:
        return Refused(value, events.OVERSIZED, f"its texts overlap, and have more than {BYTES_MAX:,} bytes in all")
    return Table(columns, schema)


@lru_cache(SCHEMAS_MAX)
def _outline(schema: bytes) -> bytes:
    return _empty(schema).outline()


@lru_cache(SCHEMAS_MAX)
def _layout(schema: bytes) -> Layout:
    return _empty(schema).layout()


def _empty(schema: bytes) -> Fields:
    import pyarrow as pa

    read = pa.ipc.read_schema(pa.py_buffer(schema))  # its own empty table cannot be made of every type
    return Fields(pa.table([pa.chunked_array([], kind) for kind in read.types], schema=read))


@lru_cache(SCHEMAS_MAX)
def _has_views(schema: bytes) -> bool:
    """Whether texts may overlap; a ValueError where a name is no text."""
    import pyarrow as pa

    return any([_is_view(field) for field in pa.ipc.read_schema(pa.py_buffer(schema))])  # noqa: C419 - look at all


def _is_view(field: Any) -> bool:  # noqa: ANN401 - pyarrow is untyped
    from pyarrow import types

    assert isinstance(field.name, str)
    if types.is_struct(field.type):
        return any([_is_view(field.type.field(i)) for i in range(field.type.num_fields)])  # noqa: C419 - look at all
    return is_view(field.type.value_type if types.is_dictionary(field.type) else field.type)
