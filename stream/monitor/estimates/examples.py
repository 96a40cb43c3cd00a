"""Labelled events of the stream itself, for second opinions on versions whose reference has no labels.

The pairs of a version's first windows that become mature count, those of them whose inputs were kept, until they are
enough. Windows that begin then or later are weighed by them, so that nothing that was told before depends on it.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from detectors.codes import Floats, Integers
from detectors.importance import Labelled, kept
from sinks import commit as tables
from sinks.commit import Columns, Span, to_ns
from stream.answers.chosen import answers_of
from stream.answers.kind import Rows
from stream.config.settings import Settings
from stream.joining.showing import shows
from stream.ledger import Ledger, moment
from stream.monitor.estimates.learned import PairsOf, standing
from stream.monitor.labels.called import Called
from stream.monitor.panes.closing import UNTOLD
from stream.monitor.performance.gathering import Kept
from stream.monitor.performance.matured import Matured
from stream.monitor.state import State, Version
from stream.plan import Plan
from stream.taught.truth import Truth
from stream.taught.weighting import inputs, outcome

ENOUGH: Final = 2_000  # events: of so many intervals hold what they promise, of 1,000 in 89 to 96 % of runs (measured)

Counted = tuple[str, str]  # a plan's id, and what was counted as what


class Piece(NamedTuple):
    """Events of one window that taught with a step: the cells of their inputs, (n, columns), and outcomes, (n,)."""

    step: int
    kind: str
    cells: Integers
    outcome: Floats


class Examples:
    """What labels have taught so far, by version and by what was counted."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger, self._called = settings, state, ledger, Called(settings, state)
        self._pieces: dict[tuple[Version, Counted], list[Piece]] = {}
        self._truths: dict[tuple[Version, Counted], Truth] = {}

    def recall(self, rows: Columns) -> None:
        """Take in what is committed: the rows of `examples`."""
        self._pieces, self._truths = {}, {}
        steps = to_ns(rows["step"])
        names = ("model", "version", "plan", "answers", "kind", "outcomes", "cells")
        ordered = np.lexsort((rows["end"], steps))
        for i in ordered.tolist():
            model, version, plan, answers, kind, outcomes, cells = (rows[name][i] for name in names)
            found = np.frombuffer(outcomes, "<f8").astype(np.float64)
            placed = np.frombuffer(cells, "<u2").astype(np.int64).reshape(len(found), -1)
            key = (model, version), (plan, answers)
            self._pieces.setdefault(key, []).append(Piece(int(steps[i]), kind, placed, found))

    def at(self, version: Version, plan: Plan, answers: str, start: int) -> Truth | None:
        """What was known of a version before a window began; None where that was not enough."""
        key = version, (plan.id, answers)
        pieces = self._pieces.get(key, [])
        if not _enough(pieces) or pieces[-1].step > start:
            return None
        if key not in self._truths:
            columns = inputs(plan)
            cells = np.concatenate([piece.cells for piece in pieces])
            values = np.concatenate([piece.outcome for piece in pieces])
            chosen = kept(len(values), len(columns))
            found = Labelled.of(pieces[0].kind, cells[chosen].T, plan.grid.widths[columns], values[chosen])
            assert found is not None, f"{version}: {len(values)} events"
            self._truths[key] = Truth(answers, len(values), -1, None, None, None, found)
        return self._truths[key]

    def learn(self, matured: Iterable[Matured], pairs_of: PairsOf, shown: Kept) -> None:
        """Take in windows that have matured, in their order. `shown`: rows of `inputs` in spans of panes."""
        for one in matured:
            model, version, length, end = one.key
            entry, plan = self._state.roster.get(model), self._called.whole(one.key)
            if entry is None or plan is None or version == UNTOLD or not shows(entry.settings.output, plan):
                continue
            answers = answers_of(entry.settings, plan)
            if answers is None or plan is not entry.plan_at(one.at - self._settings.pane):
                continue  # of a plan that is over: nothing is counted in its cells any more
            key = (model, version), (plan.id, answers.about)
            if _enough(self._pieces.get(key, [])):
                continue
            pairs, cells = _shown(pairs_of(one.key, one.at), shown([Span(model, end - length, end)]), version, plan)
            found = outcome(answers, pairs) if len(cells) else None
            if found is not None and np.isfinite(found[1]).any():
                self._add(key, end, _piece(one.at, *found, cells))

    def _add(self, key: tuple[Version, Counted], end: int, piece: Piece) -> None:
        self._pieces.setdefault(key, []).append(piece)
        version, counted = key
        packed = piece.outcome.astype("<f8").tobytes(), np.ascontiguousarray(piece.cells, "<u2").tobytes()
        about = *version, moment(end), moment(piece.step), *counted, piece.kind
        self._ledger.row(tables.EXAMPLES, *about, len(piece.outcome), *packed)


def _enough(pieces: Sequence[Piece]) -> bool:
    return sum(len(piece.outcome) for piece in pieces) >= ENOUGH


def _piece(step: int, kind: str, values: Floats, cells: Integers) -> Piece:
    """Those that say something; of very many every k-th."""
    known = np.flatnonzero(np.isfinite(values))
    chosen = known[kept(len(known), cells.shape[1])]
    return Piece(step, kind, cells[chosen], values[chosen])


def _shown(pairs: Rows, told: Columns, version: str, plan: Plan) -> tuple[Rows, Integers]:
    """The pairs that nobody has taken back and whose inputs were kept, and the cells of these, (n, columns)."""
    columns, alive = len(inputs(plan)), standing(pairs)
    mine = (told["plan"] == plan.id) & (told["version"] == version)
    rows = {name: column[mine] for name, column in told.items()}
    # The first prediction of an id has its pair; of two at one time that is the first by its place.
    topic = np.unique(rows["topic"].astype(str), return_inverse=True)[1]
    order = np.lexsort((rows["row"], rows["offset"], rows["partition"], topic))
    names = ("key", "check", "at")
    ids = np.stack([np.concatenate((rows[name][order], alive[name])) for name in names], axis=1)
    same = np.unique(ids, axis=0, return_inverse=True)[1].ravel()
    known, first = np.unique(same[: len(order)], return_index=True)
    asked = same[len(order) :]
    place = np.searchsorted(known, asked)
    there = np.flatnonzero(place < len(known))
    there = there[known[place[there]] == asked[there]]
    cells = rows["cells"][order[first[place[there]]]].tolist()
    placed = np.frombuffer(b"".join(cells), "<u2").astype(np.int64).reshape(-1, columns)
    return {name: column[there] for name, column in alive.items()}, placed
