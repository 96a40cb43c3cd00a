"""Texts as small numbers, for tables with so many rows that their texts would be half the cost of a Commit."""

from struct import pack

import duckdb
import numpy as np
from numpy.typing import NDArray

from sinks.commit import Texts

DDL = "CREATE TABLE IF NOT EXISTS words (id INTEGER NOT NULL, word VARCHAR NOT NULL)"


class Words:
    """Every text that was ever coded, and its id: its place in the order in which they came.

    Bounded as its columns are: names of models, versions, segments, features, plans and topics, verdicts and their
    reasons, categories that a plan knows.
    """

    def __init__(self, words: list[str]) -> None:
        self._ids = {word: i for i, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self._ids)

    def codes(self, texts: NDArray[np.generic] | Texts) -> NDArray[np.int32]:
        """The ids of the texts; new ones are added."""
        if isinstance(texts, Texts):
            return self._ids_of(list(texts.words)).take(texts.codes)
        return self._ids_of(texts.tolist())

    def texts(self, codes: NDArray[np.integer]) -> NDArray[np.object_]:
        """The texts of ids."""
        words = np.array(list(self._ids) or [""], np.object_)
        return words.take(codes.astype(np.int64))

    def _ids_of(self, column: list[str]) -> NDArray[np.int32]:
        try:
            return self._known(column)
        except KeyError:
            for word in column:
                self._ids.setdefault(word, len(self._ids))
            return self._known(column)

    def keep(self, connection: duckdb.DuckDBPyConnection, since: int) -> None:
        """Write the words from id `since` on, within the transaction of the rows that use them."""
        words = np.array(list(self._ids)[since:], np.object_)
        if len(words):
            rows = {"id": np.arange(since, len(self), dtype=np.int32), "word": words}  # noqa: F841 - DuckDB finds it by name
            connection.execute("INSERT INTO words SELECT id, word FROM rows")

    def _known(self, column: list[str]) -> NDArray[np.int32]:
        # A plain dict, and struct: 50 ns per text. With `__missing__` it is 110, with np.fromiter 300.
        return np.frombuffer(pack(f"={len(column)}i", *map(self._ids.__getitem__, column)), np.int32)


def load(connection: duckdb.DuckDBPyConnection) -> Words:
    """The words of a file."""
    return Words([word for (word,) in connection.execute("SELECT word FROM words ORDER BY id").fetchall()])
