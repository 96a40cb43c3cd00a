"""Columns are converted without changing a value, or refused with the name of the column."""

from collections.abc import Sequence

import numpy as np
import pytest

from sinks.commit import BY_NAME, PANES, RELAYED, TABLES, TRAFFIC, Table, columns, type_of
from tests.sinks.rows import rows

GOOD: dict[str, Sequence[object] | np.ndarray] = {"outbox": ["triggers"], "upto": [1]}


def test_names_find_their_tables() -> None:
    """Every table is declared once."""
    assert {table.name: table for table in TABLES} == BY_NAME
    assert len(TABLES) == len(BY_NAME)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_converting_twice_is_converting_once(table: Table) -> None:
    """Columns of the right type stay as they are; lists of their values become them."""
    written = rows(table, np.random.default_rng(1), 20)
    again = columns(table, written)
    listed = columns(table, {name: a if a.dtype.kind == "M" else a.tolist() for name, a in written.items()})
    assert {column.name: type_of[column.kind] for column in table.columns} == {k: a.dtype for k, a in again.items()}
    for name, array in written.items():
        assert array.tobytes() == again[name].tobytes()
        assert repr(array.tolist()) == repr(listed[name].tolist())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_rows_are_columns_too(table: Table) -> None:
    """Empty lists carry no type; the declaration does."""
    assert {name: a.dtype for name, a in table.empty().items()} == {
        name: a.dtype for name, a in columns(table, {column.name: [] for column in table.columns}).items()
    }


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"upto": [1.5]}, r"relayed\.upto: expected int, got float64"),
        ({"upto": ["1"]}, r"relayed\.upto: expected int, got <U1"),
        ({"upto": [2**63]}, r"relayed\.upto: 9223372036854775808 does not fit"),
        ({"upto": [None]}, r"relayed\.upto: expected int, got object"),
        ({"outbox": [b"triggers"]}, r"relayed\.outbox: expected text, got \['bytes'\]"),
        ({"outbox": [None]}, r"relayed\.outbox: expected text, got \['NoneType'\]"),
        ({"outbox": ["a", "b"]}, "relayed: columns differ in length: {'outbox': 2, 'upto': 1}"),
        ({"offset": [1]}, r"relayed: missing \[\], unknown \['offset'\]"),
    ],
)
def test_what_does_not_fit_is_named(wrong: dict[str, list[object]], sentence: str) -> None:
    """A fraction in an int column is not cut, an object in a text column not guessed at."""
    with pytest.raises(ValueError, match=sentence):
        columns(RELAYED, GOOD | wrong)


def test_a_missing_column_is_named() -> None:
    """Nothing is filled in."""
    with pytest.raises(ValueError, match=r"relayed: missing \['upto'\], unknown \[\]"):
        columns(RELAYED, {"outbox": []})


def test_a_missing_time_is_refused() -> None:
    """NaT would neither be kept nor forgotten."""
    filled = rows(TRAFFIC, np.random.default_rng(1), 1)
    with pytest.raises(ValueError, match=r"traffic\.end: a time is missing"):
        columns(TRAFFIC, {**filled, "end": np.array(["NaT"], "datetime64[us]")})


def test_bytes_are_bytes() -> None:
    """A mutable buffer is no value."""
    filled = rows(PANES, np.random.default_rng(1), 1)
    with pytest.raises(ValueError, match=r"panes\.summary: expected bytes, got \['bytearray'\]"):
        columns(PANES, {**filled, "summary": [bytearray(b"x")]})
