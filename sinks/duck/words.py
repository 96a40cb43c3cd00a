"""Texts as small numbers, for the table with so many rows that its texts would be half the cost of a Commit."""

from struct import pack

import duckdb
import numpy as np
from numpy.typing import NDArray

DDL = "CREATE TABLE IF NOT EXISTS words (id INTEGER NOT NULL, word VARCHAR NOT NULL)"


class Words(dict[str, int]):
    """Every text that was ever coded, to its id: its place in the order in which they came.

    Bounded as its columns are: names of models, versions, segments, features and verdicts.
    """

    def __missing__(self, word: str) -> int:
        """A new text gets the next id."""
        self[word] = len(self)
        return self[word]

    def codes(self, texts: NDArray[np.generic]) -> NDArray[np.int32]:
        """The ids of the texts; new ones are added."""
        # struct packs a column in 1 ms where np.fromiter takes 2.5
        return np.frombuffer(pack(f"={len(texts)}i", *map(self.__getitem__, texts.tolist())), np.int32)

    def keep(self, connection: duckdb.DuckDBPyConnection, since: int) -> None:
        """Write the words from id `since` on, within the transaction of the rows that use them."""
        words = np.array(list(self)[since:], np.object_)
        if len(words):
            rows = {"id": np.arange(since, len(self), dtype=np.int32), "word": words}  # noqa: F841 - DuckDB finds it by name
            connection.execute("INSERT INTO words SELECT id, word FROM rows")

    def forget(self, since: int) -> None:
        """Drop the words from id `since` on: their transaction did not happen."""
        for word in list(self)[since:]:
            del self[word]


def load(connection: duckdb.DuckDBPyConnection) -> Words:
    """The words of a file."""
    return Words((word, i) for i, word in connection.execute("SELECT id, word FROM words ORDER BY id").fetchall())
