"""Events told apart: for each segment field of a plan, the way from decoded columns to its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from stream.encodings.schema import ABSENT_ID, GONE, NULL_ID, WRONG_ID, Ids
from stream.events import Ints
from stream.segments.condition import NO, UNKNOWN, YES, Answers, Condition, Lookup, answered, read
from stream.segments.crossing import Crossing
from stream.segments.fields import NUMERIC, SAID, SAID_NUMBER, SAID_TEXT, SEGMENT, SegmentField

CodeOf = Mapping[str, int]  # where a name is among the decoded columns


class Places(NamedTuple):
    """Where names are: numeric and categorical features, and fields of `segments`; and the ids of the vocabulary."""

    numeric: CodeOf
    texts: CodeOf
    segments: CodeOf
    ids: Ids

    @property
    def n_ids(self) -> int:
        """How many ids there are."""
        return max(self.ids.values()) + 1


class Block(NamedTuple):
    """Decoded rows: numbers, categories, and the fields of `segments`, ids (n, columns) each."""

    values: Floats
    texts: NDArray[np.unsignedinteger]
    segments: NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Single:
    """A field by its values."""

    feature: bool
    column: int
    row_of: Ints  # by the vocabulary's id

    @classmethod
    def of(cls, field: SegmentField, at: Places) -> "Single":
        """The way to the rows of a field's values."""
        rows = np.full(at.n_ids, field.other, np.int64)
        rows[NULL_ID] = rows[ABSENT_ID] = field.missing
        for i, value in enumerate(field.values):
            rows[at.ids[value]] = field.first + i
        column = column_of(field.name, at.texts) if field.feature else at.segments[field.name]
        return cls(field.feature, column, rows)

    def rows(self, block: Block, out: Ints) -> None:
        """The row of each event, into `out` (n,)."""
        ids = block.texts if self.feature else block.segments
        self.row_of.take(ids[:, self.column], out=out)


@dataclass(frozen=True)
class Crossed:
    """Fields by the values that occur together."""

    parts: tuple["Teller", ...]
    crossing: Crossing

    @classmethod
    def of(cls, field: SegmentField, at: Places) -> "Crossed":
        """The way to the rows of values that occur together."""
        return cls(tuple(teller(part, at) for part in field.crossed), Crossing.of(field))

    def rows(self, block: Block, out: Ints) -> None:
        """The row of each event, into `out` (n,)."""
        codes = np.empty((len(self.parts), len(out)), np.int64)
        for part, code in zip(self.parts, codes, strict=True):
            part.rows(block, code)
        out[:] = self.crossing.rows(codes)


@dataclass(frozen=True)
class Conditional:
    """Events by what a condition says of them."""

    condition: Condition
    numeric: CodeOf
    texts: Mapping[str, tuple[bool, int]]  # of categories: of a feature?, and the column
    answers: Mapping[Lookup, Answers]  # by the vocabulary's id
    row_of: Ints  # by the answer

    @classmethod
    def of(cls, field: SegmentField, at: Places) -> "Conditional":
        """The way to the rows of a condition's answers."""
        numeric, texts = {}, {}
        for name, kind in field.asked:
            if kind in {NUMERIC, SAID_NUMBER}:
                numeric[name] = column_of(SAID[name] if kind == SAID_NUMBER else name, at.numeric)
            elif kind == SAID_TEXT:
                texts[name] = (True, column_of(SAID[name], at.texts))
            elif kind == SEGMENT:
                texts[name] = (False, at.segments[name])
            else:
                texts[name] = (True, column_of(name, at.texts))
        condition, row_of = read(field.where), np.empty(3, np.int64)
        row_of[[NO, YES, UNKNOWN]] = field.first + np.arange(3)
        answers = {lookup: _answers(lookup, at) for lookup in condition.lookups if lookup[0] in texts}
        return cls(condition, numeric, texts, answers, row_of)

    def rows(self, block: Block, out: Ints) -> None:
        """The row of each event, into `out` (n,)."""
        self.row_of.take(answered(self.condition, _Decoded(self, block)), out=out)


class _Decoded(NamedTuple):
    """The columns of a block by name."""

    by: Conditional
    block: Block

    def numbers(self, name: str) -> Floats | None:
        return self.block.values[:, self.by.numeric[name]] if name in self.by.numeric else None

    def categories(self, name: str, among: Sequence[str]) -> Answers:
        feature, column = self.by.texts[name]
        ids = self.block.texts if feature else self.block.segments
        return self.by.answers[name, tuple(among)].take(ids[:, column])


def _answers(lookup: Lookup, at: Places) -> Answers:
    answers = np.full(at.n_ids, NO, np.uint8)
    answers[[NULL_ID, ABSENT_ID, WRONG_ID]] = UNKNOWN
    answers[[at.ids[text] for text in lookup[1]]] = YES
    return answers


Teller = Single | Crossed | Conditional


def teller(field: SegmentField, at: Places) -> Teller:
    """The way to the rows of a field."""
    if field.crossed:
        return Crossed.of(field, at)
    return Conditional.of(field, at) if field.where else Single.of(field, at)


def numbers_asked(fields: Sequence[SegmentField]) -> bool:
    """Whether numbers tell events apart, too."""
    return any(kind in {NUMERIC, SAID_NUMBER} for field in fields for _, kind in field.sources)


def texts_asked(field: SegmentField) -> tuple[str, ...]:
    """The categories that have to be told apart for a field."""
    if field.crossed:
        return tuple(text for part in field.crossed for text in texts_asked(part))
    return read(field.where).texts if field.where else field.values


def column_of(name: str, at: CodeOf) -> int:
    """Where a name is; what a newer plan has as another kind is nowhere."""
    return at[name] if name in at else at[GONE]
