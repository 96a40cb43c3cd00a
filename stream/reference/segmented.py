"""By what the rows of a reference are told apart: the fields of a plan, and where in its summary each row counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from detectors.codes import Floats
from stream.config.sections.segments import Segment, Segments, conditions, plain
from stream.encodings.schema import WRONG
from stream.events import Ints
from stream.reference.categories import Categories, categories
from stream.reference.columns import numbers
from stream.reference.problem import ReferenceProblem
from stream.reference.table import Table
from stream.segments.condition import NO, UNKNOWN, YES, Answers, Asked, answered, read
from stream.segments.crossing import Crossing
from stream.segments.fields import (
    CATEGORICAL,
    CONDITION,
    NUMERIC,
    SAID,
    SAID_NUMBER,
    SAID_TEXT,
    SEGMENT,
    SegmentField,
    laid_out,
    together,
)

Told = tuple[SegmentField, Ints]  # a field that begins at row 0, and the row of each of the reference's rows


class Known(NamedTuple):
    """A reference's rows, its watched columns by name, and the features that are declared."""

    table: Table
    numeric: Mapping[str, Floats]
    categorical: Mapping[str, Categories]
    declared: Collection[str] = ()


def segmented(segments: Segments, known: Known, most: int) -> tuple[tuple[SegmentField, ...], Ints]:
    """The fields of a plan, and the row of each of the reference's rows in its summary, (n, fields).

    A field has its `most` frequent values. ReferenceProblem where a condition compares what cannot be compared.
    """
    where, known = conditions(segments), known._replace(declared={*known.declared, *plain(segments)})
    told = [
        _crossed(str(each), [_read(part, known, where) for part in each.crossed], most)
        if isinstance(each, Segment) and each.crossed
        else _single(*_read(str(each), known, where), most)
        for each in segments
    ]
    fields = laid_out(field for field, _ in told)
    rows = np.empty((known.table.n, len(fields)), np.int64)
    for i, (field, (_, codes)) in enumerate(zip(fields, told, strict=True)):
        rows[:, i] = codes + field.first
    return fields, rows


def _read(name: str, known: Known, where: Mapping[str, str]) -> tuple[SegmentField, Categories]:
    """A field without values, and the categories of its rows."""
    if name not in where:
        feature, found = _source(name, known)
        return SegmentField(name, feature, (), 0), found
    condition = read(where[name])
    asked = {each: _kind(each, how, known, name) for each, how in condition.asked.items()}
    answers = answered(condition, _Rows(known, asked))
    field = SegmentField(name, False, CONDITION, 0, (), where[name], tuple(sorted(asked.items())))
    texts = {NO: CONDITION[0], UNKNOWN: None, YES: CONDITION[1]}
    return field, Categories(tuple(texts[answer] for answer in sorted(texts)), answers.astype(np.int64))


def _source(name: str, known: Known) -> tuple[bool, Categories]:
    """Whether a segment field is a feature, and its categories: all missing where no row has it.

    A watched feature comes first, then the events' `segments`, then a feature that is not watched. Nothing tells what
    a column of a flat file that is not watched is in the events; it is taken for one of their `segments`.
    """
    table = known.table
    if name in known.categorical:
        return True, known.categorical[name]
    if name in table.segments:
        return False, categories(table.segments[name])
    if name in table.features:
        return table.nested, categories(table.features[name])
    return False, Categories((None,), np.zeros(table.n, np.int64))


def _kind(name: str, how: Asked, known: Known, segment: str) -> str:
    """Where the values of a name are; a number that no row has is taken for a feature's."""
    if name in SAID and name not in known.declared:
        return SAID_NUMBER if how == "number" or (how == "" and _said_in_numbers(name, known)) else SAID_TEXT
    if name in known.numeric:
        if how == "text":
            raise ReferenceProblem(f"segment {segment!r} compares {name!r} with texts; declare it categorical")
        return NUMERIC
    if how == "number" and (name in known.categorical or name in known.table.segments):
        raise ReferenceProblem(f"segment {segment!r} compares {name!r} as a number; declare it a numeric feature")
    return NUMERIC if how == "number" else CATEGORICAL if _source(name, known)[0] else SEGMENT


def _said_in_numbers(name: str, known: Known) -> bool:
    """Whether what a model says is watched as numbers; a score is one in any case."""
    return SAID[name] in known.numeric or name == "score"


class _Rows(NamedTuple):
    """The columns that a condition asks for."""

    known: Known
    asked: Mapping[str, str]

    def numbers(self, name: str) -> Floats | None:
        if self.asked[name] == SAID_NUMBER:
            said = self.known.table.outputs.get(SAID[name])
            return np.full(self.known.table.n, np.nan) if said is None else numbers(said)
        if self.asked[name] != NUMERIC:
            return None
        if name in self.known.numeric:
            return self.known.numeric[name]
        table = self.known.table
        return numbers(table.features[name]) if name in table.features else np.full(table.n, np.nan)

    def categories(self, name: str, among: Sequence[str]) -> Answers:
        answer_of: dict[Any, int] = dict.fromkeys(among, YES) | dict.fromkeys((None, WRONG), UNKNOWN)
        if self.asked[name] == SAID_TEXT:
            said = self.known.table.outputs.get(SAID[name])
            found = Categories((None,), np.zeros(self.known.table.n, np.int64)) if said is None else categories(said)
        else:
            found = _source(name, self.known)[1]
        return found.numbered(answer_of, NO).astype(np.uint8)


def _single(field: SegmentField, found: Categories, most: int) -> Told:
    counts = found.counts
    often = sorted(sorted(counts, key=lambda text: (-counts[text], text))[:most])
    return _coded(replace(field, values=field.values or tuple(often)), found)


def _coded(field: SegmentField, found: Categories) -> Told:
    """A field with its values, and the row of each row."""
    row_of: dict[Any, int] = {value: i for i, value in enumerate(field.values)}
    return field, found.numbered(row_of | {None: field.missing}, len(field.values))


def _crossed(name: str, parts: Sequence[tuple[SegmentField, Categories]], most: int) -> Told:
    words = [sorted(found.counts) for _, found in parts]
    texts = np.stack([
        found.numbered({word: i for i, word in enumerate(known)}, -1)
        for (_, found), known in zip(parts, words, strict=True)
    ])  # fmt: skip
    present = texts[:, (texts >= 0).all(axis=0)]
    code, met = present[0], [(word,) for word in words[0]]
    for text, known in zip(present[1:], words[1:], strict=True):
        pairs, code = np.unique(code * len(known) + text, return_inverse=True)
        met = [(*met[pair // len(known)], known[pair % len(known)]) for pair in pairs.tolist()]
    n = np.bincount(code, minlength=len(met))
    counts = {together(values): (count, values) for values, count in zip(met, n.tolist(), strict=True)}
    often = sorted(sorted(counts, key=lambda value: (-counts[value][0], value))[:most])
    told = [
        _coded(replace(field, values=field.values or tuple(sorted({counts[value][1][i] for value in often}))), of_part)
        for i, (field, of_part) in enumerate(parts)
    ]
    crossed = SegmentField(name, False, tuple(often), 0, tuple(field for field, _ in told))
    return crossed, Crossing.of(crossed).rows(np.stack([codes for _, codes in told]))
