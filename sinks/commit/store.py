"""The Commit, and what may be asked of whoever keeps it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit.meeting import Meeting, Said, Span, Standing, Steps, Unsampled
from sinks.commit.table import Columns, Keep, Table
from sinks.commit.tables import BY_NAME, TABLES
from sinks.commit.texts import Rows

Where = Mapping[str, str | int]  # what columns are equal to
NOWHERE: Where = {}  # no filter: a default that nobody can change by accident


class Commit(Struct, frozen=True):
    """Everything that becomes true together.

    `tables`: name to columns of equal length; a table without rows is left out.
    """

    number: int
    tables: Mapping[str, Rows]


def checked(commit: Commit, last: int) -> list[tuple[Table, Rows]]:
    """The tables of a Commit that have rows, in declared order, once its number and shape are what they must be."""
    assert commit.number == last + 1, f"commit {commit.number}: the one after {last} must be {last + 1}"
    assert commit.tables.keys() <= BY_NAME.keys(), f"no such tables: {sorted(commit.tables.keys() - BY_NAME.keys())}"
    found = []
    for table in TABLES:
        rows = commit.tables.get(table.name)
        if not rows:
            continue
        lengths = {len(array) for array in rows.values()}
        assert rows.keys() == {column.name for column in table.columns}, f"{table.name}: other columns"
        assert len(lengths) <= 1, f"{table.name}: columns differ in length"
        if any(lengths):
            found.append((table, rows))
    return found


class StoreError(Exception):
    """The store cannot do what was asked; nothing of the request was kept. The message is a sentence for a person."""


class StoreLocked(StoreError):
    """Another process has the file open."""


class StoreUnreadable(StoreError):
    """The file is not a store of this version of driftline: no database, damaged, or of another schema version."""


class StoreFailed(StoreError):
    """The world's fault, worth a retry: disk full, out of memory, a failing device."""


class Store(Protocol):
    """Memory that lasts. Every table has a leading int column `commit`: the number of the Commit that wrote the row."""

    def last(self) -> int:
        """The number of the newest Commit; 0 before the first."""

    def write(self, commit: Commit) -> None:
        """Keep all rows of a Commit, or none. Its number must be `last() + 1`.

        After StoreFailed give it the same Commit again, whose answer alone may be lost, or nothing any more.
        """

    def select(  # noqa: PLR0913 - one question, asked by keyword
        self,
        table: Table,
        *,
        where: Where = NOWHERE,
        since: int | None = None,
        until: int | None = None,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> dict[str, NDArray[np.generic]]:
        """Rows whose columns equal `where` and whose `table.time` lies in [since, until) ns.

        They come ordered by `order` and then by key, `descending` both; an undefined float (nan) comes last either way.
        Of a "newest" table only the rows of the newest Commit that wrote it. Columns of the table's types, `commit`
        first.
        """

    def meeting(self, steps: Steps) -> Meeting:
        """Which labels and predictions some steps are about, see `Meeting`, as of the last Commit: ask between two."""

    def said(self, models: Sequence[str], after: int, upto: int) -> Said:
        """What models said in panes that end in (after, upto] ns, in no order."""

    def standing(self, since: int) -> Standing:
        """How panes and windows that end after a time, ns, stand with their labels; see `Standing`."""

    def within(self, table: Table, spans: Sequence[Span], one_in: int = 1) -> Columns:
        """Rows of models in spans of panes that have nothing in common, in no order; the columns of the table.

        Of one id in so many, a power of two: those whose `check` is a multiple of it; by `key` it is chosen who waits.
        """

    def forget(
        self, before: Mapping[Keep, int], samples: Mapping[str, int], unsampled: Sequence[Unsampled] = ()
    ) -> None:
        """Delete what nobody needs any more; call it between commits.

        That is rows whose time is before the bound of their table's `keep`, where there is one (event time, ns),
        samples whose hash is beyond the bound of their model, labels that are `unsampled`, and superseded rows of
        "newest" tables. Rows of an outbox stay until `relayed` says that they were sent, however old they are.
        """

    def close(self) -> None:
        """Give the store back; nothing may be asked of it afterwards."""
