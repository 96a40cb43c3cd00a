"""Structs, lists and maps of single values, as JSON has objects and arrays: what a field of several values may be.

Of lists and maps whose values may share their bytes, or have none, nothing is read: they would be more in memory than
in the record.
"""

from functools import cache
from typing import Any

import numpy as np

from stream.encodings.arrow.columns import column, kind_of, text_lengths, written

VALUE_MAX = 64  # bytes of a number or a time in JSON, with quotes and a comma; a character takes six at most


def is_nested(kind: Any) -> bool:  # noqa: ANN401 - a type of pyarrow
    """Whether values of a type are objects or arrays that are read."""
    from pyarrow import types

    return types.is_struct(kind) or _is_map(kind) or _is_list(kind)


def values(chunked: Any) -> list[Any]:  # noqa: ANN401 - pyarrow is untyped
    """The values of a nested column as in JSON."""
    from pyarrow import types

    if not types.is_struct(chunked.type):
        return [_several(each, pairs=_is_map(chunked.type)) for each in chunked.to_pylist()]
    names, inner = _names(chunked.type), []
    for child in chunked.flatten():
        codes, found = column(child).distinct()
        inner.append([found[code] for code in codes.tolist()])
    rows = zip(*inner, strict=True) if inner else [()] * len(chunked)
    missing = chunked.is_null().to_pylist()
    return [None if gone else dict(zip(names, row, strict=True)) for gone, row in zip(missing, rows, strict=True)]


def value(chunked: Any, row: int) -> Any:  # noqa: ANN401 - pyarrow is untyped; any value of JSON
    """One value of a nested column as in JSON."""
    from pyarrow import types

    if not types.is_struct(chunked.type):
        return _several(chunked[row].as_py(), pairs=_is_map(chunked.type))
    if not chunked[row].is_valid:
        return None
    return {name: written(child, row) for name, child in zip(_names(chunked.type), chunked.flatten(), strict=True)}


def longest(chunked: Any) -> int:  # noqa: ANN401 - pyarrow is untyped
    """No value of a nested column is longer as JSON, bytes."""
    from pyarrow import types

    if types.is_struct(chunked.type):
        return sum(VALUE_MAX + 6 * len(name) for name in _names(chunked.type)) + sum(map(_texts, chunked.flatten()))
    sides = [[chunk.keys, chunk.items] if _is_map(chunk.type) else [chunk.values] for chunk in chunked.chunks]
    width = max((sum(VALUE_MAX + _texts(_chunked(side)) for side in each) for each in sides), default=0)
    return width * max((_most(chunk) for chunk in chunked.chunks), default=0)


def _several(told: list[Any] | None, *, pairs: bool) -> Any:  # noqa: ANN401 - any value of JSON
    """What Python has of a list, or of a map, as JSON has it."""
    if told is None:
        return None
    return {name: _plain(each) for name, each in told} if pairs else [_plain(each) for each in told]


def _plain(told: Any) -> Any:  # noqa: ANN401 - any value
    """Halves and decimals are reals of other types."""
    return told if told is None or isinstance(told, str | int | float) else float(told)


def _is_map(kind: Any) -> bool:  # noqa: ANN401 - a type of pyarrow
    from pyarrow import types

    return types.is_map(kind) and kind_of(kind.key_type) == "text" and _leaf(kind.key_type) and _leaf(kind.item_type)


def _is_list(kind: Any) -> bool:  # noqa: ANN401 - a type of pyarrow
    from pyarrow import types

    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and _leaf(kind.value_type)


@cache
def _leaf(kind: Any) -> bool:  # noqa: ANN401 - a type of pyarrow
    from pyarrow import types

    return kind_of(kind) in {"integer", "real", "text"} and not types.is_string_view(kind)


def _names(kind: Any) -> list[str]:  # noqa: ANN401 - a type of pyarrow
    return [kind.field(i).name for i in range(kind.num_fields)]


def _chunked(array: Any) -> Any:  # noqa: ANN401 - pyarrow is untyped
    import pyarrow as pa

    return pa.chunked_array([array])


def _texts(chunked: Any) -> int:  # noqa: ANN401 - pyarrow is untyped
    """The bytes of the longest text as JSON."""
    return 6 * max((int(piece.max(initial=0)) for piece in text_lengths(chunked)), default=0)


def _most(chunk: Any) -> int:  # noqa: ANN401 - pyarrow is untyped
    """How many values a row of lists or of a map has at most."""
    from pyarrow import types

    if types.is_fixed_size_list(chunk.type):
        return int(chunk.type.list_size)
    return int(np.diff(chunk.offsets.to_numpy()).max(initial=0))
