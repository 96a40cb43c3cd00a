"""The ledger: rows on their way into a Commit."""

import numpy as np
import pytest

from sinks import commit as tables
from sinks.commit import Texts
from stream.ledger import Ledger, moment
from tests.stream.rules.story import moment as at

SPAN = (moment(at(1)), moment(at(2)))


def test_rows_become_columns_and_the_ledger_is_empty_again() -> None:
    """In the order in which they came; a table without rows is left out."""
    ledger = Ledger()
    assert not ledger
    ledger.row(tables.LABELS, "shop", *SPAN, 3)
    ledger.row(tables.LABELS, "bakery", *SPAN, 4)
    assert ledger
    commit = ledger.take(7)
    assert (7, ["labels"]) == (commit.number, list(commit.tables))
    assert ["shop", "bakery"] == commit.tables["labels"]["model"].tolist()
    assert [3, 4] == commit.tables["labels"]["labels"].tolist()
    assert not ledger
    assert {} == ledger.take(8).tables


def test_a_block_stands_behind_the_rows_and_a_scalar_for_a_column() -> None:
    """Of the table's types, whatever they were."""
    ledger = Ledger()
    ledger.block(
        tables.LABELS,
        {"model": np.array(["a", "b"], object), "start": SPAN[0], "end": SPAN[1], "labels": np.array([1, 2], np.int32)},
    )
    ledger.row(tables.LABELS, "first", *SPAN, 9)
    columns = ledger.take(1).tables["labels"]
    assert ["first", "a", "b"] == columns["model"].tolist()
    assert [9, 1, 2] == columns["labels"].tolist()
    assert [np.dtype(np.int64), np.dtype("datetime64[us]")] == [columns[name].dtype for name in ("labels", "end")]


def test_texts_stay_as_they_are_behind_rows_that_are_none() -> None:
    """Rows and blocks of a table make one column."""
    ledger = Ledger()
    codes = np.array([1, 0, 1])
    block = {"start": SPAN[0], "end": SPAN[1], "labels": np.array([1, 2, 3])}
    ledger.block(tables.LABELS, {**block, "model": Texts(("a", "b"), codes)})
    ledger.block(tables.LABELS, {**block, "model": Texts(("c", "a"), codes)})
    ledger.row(tables.LABELS, "first", *SPAN, 9)
    models = ledger.take(1).tables["labels"]["model"]
    assert isinstance(models, Texts)
    assert ["first", "b", "a", "b", "a", "c", "a"] == models.tolist() == models.array().tolist()


def test_a_row_must_have_all_columns() -> None:
    """Our own mistake: it does not reach the store."""
    with pytest.raises(AssertionError, match="labels"):
        Ledger().row(tables.LABELS, "shop", *SPAN)


def test_moments_are_microseconds_rounded_down() -> None:
    """Before 1970 too."""
    assert [1, -1] == [int(moment(ns).astype(np.int64)) for ns in (1_999, -1)]
