"""Plans meet the bytes: one schema that decodes for all plans in force, and per plan the way to its cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors import parts, service
from detectors.grids import SPECIAL
from stream import plan as plans
from stream.config.sections.segments import plain
from stream.config.settings import Settings
from stream.encodings.decoder import Decoder
from stream.encodings.schema import (
    ABSENT_ID,
    GONE,
    GOOD,
    GOOD_ID,
    NULL_ID,
    UNSEEN_ID,
    WRONG_ID,
    Ids,
    Shape,
    vocabulary_ids,
)
from stream.encodings.structs import Ranking, Types
from stream.events import RESERVED
from stream.joining.spoken import RANKING
from stream.plan import Plan
from stream.roster import Roster
from stream.segments.telling import Block, Places, Teller, column_of, numbers_asked, teller, texts_asked

# Where the outputs are in the decoder's columns, from the end.
_NUMERIC_AT = {plans.SCORE: -3, plans.LATENCY: -2, plans.PREDICTION: -1}
_TEXT_AT = {plans.PREDICTION: -2, plans.STATUS: -1}
OUTPUT_NUMBERS, OUTPUT_TEXTS = len(_NUMERIC_AT), len(_TEXT_AT)
_SPECIAL_OF_ID = {UNSEEN_ID: 0, NULL_ID: 1, WRONG_ID: 2, ABSENT_ID: 3}  # id -> place among the special cells
assert len(SPECIAL) == len(_SPECIAL_OF_ID)
UNSEEN = RESERVED + "unseen"  # stands for every category that no plan knows

Columns = slice | NDArray[np.int64]


@dataclass(frozen=True)
class Binding:
    """How a plan reads the decoder's columns."""

    plan: Plan
    numeric: Columns
    texts: Columns
    cells: tuple[NDArray[np.uint16], ...]  # per categorical column: vocabulary id -> cell
    tellers: tuple[Teller, ...]  # per segment field
    numbers_asked: bool  # whether numbers tell events apart, too
    statuses: NDArray[np.int64]  # vocabulary id -> what it says as a status

    def summary(
        self,
        values: NDArray[np.float64],
        texts: NDArray[np.unsignedinteger],
        segments: NDArray[np.unsignedinteger],
    ) -> parts.Summary:
        """The summary of decoded rows of this plan's model."""
        rows, cells = self.rows(values, texts, segments), self._categories(texts)
        counted = parts.of(self.plan.grid, values[:, self.numeric], cells, rows, len(self.plan.rows), self.plan.cuts)
        status = self.statuses.take(texts[:, _TEXT_AT[plans.STATUS]])
        return counted.served(service.of(values[:, _NUMERIC_AT[plans.LATENCY]], status))

    def placed(self, values: NDArray[np.float64], texts: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
        """The cell of each column and decoded row, counted from the column's first, (columns, n)."""
        return parts.placed(self.plan.grid, values[:, self.numeric], self._categories(texts))

    def _categories(self, texts: NDArray[np.unsignedinteger]) -> NDArray[np.uint16]:
        """The cell of each category, (n, columns)."""
        # One column after the other in memory, so that each is written, and later added to, in one go.
        cells = np.empty((len(self.cells), len(texts)), np.uint16)
        for cell, cell_of, ids in zip(cells, self.cells, texts[:, self.texts].T, strict=True):
            cell_of.take(ids, out=cell)
        return cells.T

    def rows(
        self,
        values: NDArray[np.float64],
        texts: NDArray[np.unsignedinteger],
        segments: NDArray[np.unsignedinteger],
    ) -> NDArray[np.int64]:
        """The row of each decoded row in the plan's summaries, per segment field, (n, fields).

        `values` are looked at only where `numbers_asked`.
        """
        rows, block = np.empty((len(self.tellers), len(texts)), np.int64), Block(values, texts, segments)
        for row, told in zip(rows, self.tellers, strict=True):
            told.rows(block, row)
        return rows.T


@dataclass(frozen=True)
class Schema:
    """Everything that decoding and counting need for the plans in force. Made anew when those change."""

    decoder: Decoder
    bindings: dict[str, Binding]  # by plan id
    words: NDArray[np.object_]  # what the ids of the vocabulary stand for
    said: int  # how many numbers, the last ones, are what models say of their own


def schema_of(roster: Roster, settings: Settings) -> Schema:
    """What decoding and counting need for the plans in force of all models."""
    fields = {name for entry in roster.entries for name in plain(entry.settings.segments)}
    fields |= {name for entry in roster.entries for plan in entry.plans for name in plan.fields_read}
    return schema(
        [(entry.name, entry.plans) for entry in roster.entries],
        sorted(fields),
        identified=bool(settings.events.labels),
        bytes_max=settings.limits.event_bytes,
        ranking=ranking(settings),
    )


def ranking(settings: Settings) -> Ranking:
    """Which models predict lists; nothing where none does."""
    told = tuple((pattern, model.output.kind == RANKING) for pattern, model in settings.patterns)
    return told if any(ranked for _, ranked in told) else ()


def schema(
    models: Sequence[tuple[str, Sequence[Plan]]],
    segments: Sequence[str],
    *,
    identified: bool,
    bytes_max: int,
    ranking: Ranking = (),
) -> Schema:
    """Compile the plans of each model, in the order of the models' indices; a model without plans is being learned."""
    shapes = tuple(_shape(model, in_force) for model, in_force in models)
    types = _types(shapes, tuple(segments), identified, ranking)
    every = [plan for _, in_force in models for plan in in_force]
    texts = [text for plan in every for vocabulary in plan.grid.vocabularies for text in vocabulary]
    texts += [text for plan in every for field in plan.segments for text in texts_asked(field)]
    ids, words = _vocabulary(tuple(dict.fromkeys(texts)))
    says = _statuses(ids)
    bindings = {
        plan.id: _binding(plan, shape, types, ids, says)
        for (_, in_force), shape in zip(models, shapes, strict=True)
        for plan in in_force
    }
    return Schema(Decoder(types, ids, bytes_max), bindings, words, types.n_attributed + OUTPUT_NUMBERS)


@lru_cache(maxsize=8)  # a worker has a schema per partition, all of them of one roster
def _types(shapes: tuple[Shape, ...], segments: tuple[str, ...], identified: bool, ranking: Ranking) -> Types:
    return Types(shapes, segments, identified=identified, ranking=ranking)


@lru_cache(maxsize=8)  # likewise
def _vocabulary(texts: tuple[str, ...]) -> tuple[Ids, NDArray[np.object_]]:
    """Ids of all texts, and what each id stands for; nobody changes either."""
    ids = vocabulary_ids(texts)
    words = np.full(max(ids.values()) + 1, "", np.object_)
    words[[UNSEEN_ID, GOOD_ID]] = UNSEEN
    for text, i in ids.items():
        if isinstance(text, str) and i != GOOD_ID:
            words[i] = text
    words.setflags(write=False)
    return ids, words


def _shape(model: str, in_force: Sequence[Plan]) -> Shape:
    """The features of all plans in force, in the order of the newest, so that its columns are contiguous.

    A feature whose kind changes is decoded as the newest plan has it; to the older one it is missing.
    """
    numeric: dict[str, None] = {}
    categorical: dict[str, None] = {}
    attributed: dict[str, None] = {}
    for plan in reversed(in_force):
        attributed |= dict.fromkeys(plan.attributed)
        numeric |= dict.fromkeys(GONE if name in categorical else name for name in plan.shape.numeric)
        categorical |= dict.fromkeys(GONE if name in numeric else name for name in plan.shape.categorical)
    return Shape(model, tuple(numeric), tuple(categorical), tuple(attributed))


def _binding(plan: Plan, shape: Shape, types: Types, ids: Ids, says: NDArray[np.int64]) -> Binding:
    numeric_at = {name: i for i, name in enumerate(shape.numeric)}
    text_at = {name: i for i, name in enumerate(shape.categorical)}
    numeric_at |= {plans.ATTRIBUTION + name: types.n_numeric + i for i, name in enumerate(shape.attributed)}
    width, text_width = types.n_numeric + types.n_attributed + OUTPUT_NUMBERS, types.n_categorical + OUTPUT_TEXTS
    numeric_at |= {name: width + place for name, place in _NUMERIC_AT.items()}
    text_at |= {name: text_width + place for name, place in _TEXT_AT.items()}
    regular = plan.grid.regular[len(plan.grid.numeric) :].tolist()
    at = Places(numeric_at, text_at, {name: i for i, name in enumerate(types.segments)}, ids)
    return Binding(
        plan,
        _columns([column_of(name, numeric_at) for name in plan.grid.numeric]),
        _columns([column_of(name, text_at) for name in plan.grid.categorical]),
        tuple(_cells(v, n, ids) for v, n in zip(plan.grid.vocabularies, regular, strict=True)),
        tuple(teller(field, at) for field in plan.segments),
        numbers_asked(plan.segments),
        says,
    )


def _statuses(ids: Ids) -> NDArray[np.int64]:
    says = np.full(max(ids.values()) + 1, service.FAILED)
    says[[NULL_ID, WRONG_ID, ABSENT_ID]] = service.UNKNOWN
    says[[GOOD_ID, *(ids[text] for text in GOOD)]] = service.GOOD
    return says


def _columns(at: list[int]) -> Columns:
    """A slice where the columns are neighbours: a view instead of a copy."""
    if at and at == list(range(at[0], at[0] + len(at))):
        return slice(at[0], at[-1] + 1)
    return np.array(at, np.int64)


def _cells(vocabulary: tuple[str, ...], regular: int, ids: Ids) -> NDArray[np.uint16]:
    cells = np.full(max(ids.values()) + 1, regular, np.uint16)  # any other id: unseen in this column
    for special_id, place in _SPECIAL_OF_ID.items():
        cells[special_id] = regular + place
    for cell, text in enumerate(vocabulary):
        cells[ids[text]] = cell
    return cells
