"""Columns of texts that repeat: each text once, and which of them every row has."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.commit.table import Columns


class Texts(Struct, frozen=True):
    """A column of text. `codes` (n,) are places in `words`, of which some may be equal."""

    words: tuple[str, ...]
    codes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Any texts."""
        places = {word: i for i, word in enumerate(dict.fromkeys(texts))}
        return cls(tuple(places), np.array([places[text] for text in texts], np.int64))

    @classmethod
    def joined(cls, columns: Sequence["Texts"]) -> Self:
        """One column after the other."""
        firsts = np.cumsum([0, *(len(column.words) for column in columns)]).tolist()
        codes = [column.codes + first for column, first in zip(columns, firsts, strict=False)]
        return cls(tuple(word for column in columns for word in column.words), np.concatenate(codes))

    def array(self) -> NDArray[np.object_]:
        """The texts row by row."""
        words = np.empty(len(self.words), np.object_)
        words[:] = self.words
        return words.take(self.codes)

    def tolist(self) -> list[str]:
        """The texts row by row."""
        return [self.words[code] for code in self.codes.tolist()]


Rows = Mapping[str, NDArray[np.generic] | Texts]  # columns of a table, its texts as either


def plain(rows: Rows) -> Columns:
    """The columns as arrays only."""
    return {name: column.array() if isinstance(column, Texts) else column for name, column in rows.items()}
