"""Labels that come for a part of the predictions: those of a window that have one beside those that have none.

They are compared once, when the window is final, as two samples: their scores, what was predicted, and the fields of
their segments. Where chance decides who gets a label, both are alike. Not before: while labels are on their way, those
of the window's beginning are there first, and traffic is not the same all day.

What is read follows from the window alone: of one with more than READ_MAX predictions one in so many, by their hash;
of one with fewer than SMALLEST labels nothing, for nothing can be said of so few.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.selection import selection
from detectors.verdict import SMALLEST
from sinks import commit as tables
from stream.answers.kind import Rows
from stream.answers.numbers import Numbers
from stream.answers.own import bare
from stream.answers.texts import texts_of
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import noticed_window
from stream.monitor.labels.called import Called, Key
from stream.monitor.labels.news import News, joined
from stream.monitor.panes.pending import grace
from stream.monitor.performance.gathered import Gathered, Shape
from stream.monitor.performance.gathering import Kept, spans_of
from stream.monitor.performance.standards import level
from stream.monitor.performance.tell import Tell
from stream.monitor.state import State
from stream.plan import PREDICTION, SCORE

DETECTOR: Final = "labels"
READ_MAX: Final = 200_000  # predictions that are read at once: 60 MB
BINS: Final = 20  # of numbers: quantiles of both samples together, which know nothing of who has a label
CATEGORIES: Final = 50  # that are told apart, the most frequent; as many as values of a segment field


class _Series(NamedTuple):
    """One thing that predictions are told apart by."""

    name: str
    cell: Integers  # of each prediction
    cells: list[str]  # for people
    ordered: NDArray[np.bool_]  # (cells,): on a number line


class Selecting:
    """Compares the predictions of windows that are final now."""

    def __init__(self, called: Called, state: State) -> None:
        self._called, self._state = called, state

    def tell(self, tells: Sequence[Tell], found: Sequence[Gathered], news: News, kept: Kept) -> None:
        """Windows as they stood at steps; only final ones without a label for everyone are looked at."""
        both = zip(tells, found, strict=True)
        some = [(tell, one.shape) for tell, one in both if tell.final and tell.labelled < tell.predicted]
        for one_in, part in _parts(some):
            read = self._read([tell for tell, _ in part if tell.labelled >= SMALLEST], one_in, news, kept)
            for tell, shape in part:
                self._notice(tell, [*self._compared(tell, shape, *read[tell.key])] if tell.key in read else [])

    def _read(self, tells: Sequence[Tell], one_in: int, news: News, kept: Kept) -> dict[Key, tuple[Rows, Rows]]:
        """The predictions of windows, and their pairs."""
        if not tells:
            return {}
        told = kept(spans_of([tell.key for tell in tells]), tables.PREDICTIONS, one_in)
        earlier = {tell.key: self._before(tell.key) for tell in tells}
        spans = spans_of([*earlier, *filter(None, earlier.values())])
        stored, apart = News(self._called, kept(spans, tables.PAIRS, one_in)), self._called.apart(told)
        found = {}
        for tell in tells:
            model, version, length, end = tell.key
            places = apart.get((model, version), np.zeros(0, np.int64))
            ends = told["end"][places]
            mine = places[(ends > end - length) & (ends <= end)]
            pairs = joined(stored.of(tell.key), news.of(tell.key, upto=tell.at))
            predictions: Rows = {name: column[mine] for name, column in told.items()}
            if (before := earlier[tell.key]) is not None:
                firsts = joined(stored.of(before), news.of(before, upto=tell.at))
                predictions = _without_repeats(predictions, firsts, self._grace(model))
            found[tell.key] = predictions, pairs
        return found

    def _notice(self, tell: Tell, found: Sequence[Finding]) -> None:
        model, version, length, end = tell.key
        judged = [("", f"labels:{name}") for name in (SCORE, PREDICTION)]
        self._state.noticed.append(noticed_window((model, version), tell.at, (length, end), judged, found, DETECTOR))

    def _before(self, key: Key) -> Key | None:
        """The window before one, where a prediction may be that is repeated in it; None where it may be forgotten."""
        model, version, length, end = key
        return (model, version, length, end - length) if length <= self._grace(model) else None

    def _grace(self, model: str) -> int:
        entry = self._state.roster.get(model)
        return 0 if entry is None else grace(entry.settings.labels.within)

    def _compared(self, tell: Tell, shape: Shape, told: Rows, pairs: Rows) -> Iterator[Finding]:
        model, version, length, end = tell.key
        entry = self._state.roster.get(model)
        assert entry is not None, tell.key
        told, labelled = _labelled(told, pairs)
        series = [one for one in _series(shape, told) if len(one.cells) > 1]
        if not series or labelled.all():
            return
        width = max(len(one.cells) for one in series)
        counts = [
            np.stack([np.bincount(one.cell[part], minlength=width) for one in series]) for part in (labelled, ~labelled)
        ]
        ordered = np.stack([np.pad(one.ordered, (0, width - len(one.ordered))) for one in series])
        alpha, share = level(entry.settings, length, 1), float(labelled.mean())
        said = selection(counts[0], counts[1], ordered, alpha, entry.settings.tolerate)
        for i in np.flatnonzero(said.differ).tolist():
            cell, of_cell = series[i].cells[said.cell[i]], float(said.coverage[i, said.cell[i]])
            often = "more" if said.favoured[i] else "less"
            words = f"labels come {often} often for {cell}: {of_cell:.1%} of them have one, {share:.1%} of all"
            about = (model, version, "", f"labels:{series[i].name}", length, end - length, end, DETECTOR)
            yield Finding(*about, of_cell, share, len(labelled), (), words)


def _parts(some: Sequence[tuple[Tell, Shape]]) -> Iterator[tuple[int, list[tuple[Tell, Shape]]]]:
    """Windows that are read at once, and of how many predictions one: a power of two, by the window's size alone."""
    by_rate: dict[int, list[tuple[Tell, Shape]]] = {}
    for each in some:
        by_rate.setdefault(1 << (-(-each[0].arrived // READ_MAX) - 1).bit_length(), []).append(each)
    for one_in, members in sorted(by_rate.items()):
        part: list[tuple[Tell, Shape]] = []
        for each in members:
            if part and sum(tell.arrived for tell, _ in (*part, each)) > READ_MAX * one_in:
                yield one_in, part
                part = []
            part.append(each)
        yield one_in, part


def _without_repeats(told: Rows, firsts: Rows, within: int) -> Rows:
    """Predictions without those whose id and version had a label's prediction before: that one is the first."""
    versions = {
        each: i for i, each in enumerate(dict.fromkeys((*told["version"].tolist(), *firsts["version"].tolist())))
    }
    said, known = (rows["key"] + [versions[each] for each in rows["version"].tolist()] for rows in (told, firsts))
    if not len(known):
        return told
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], said), len(known) - 1)
    since = told["at"] - firsts["at"][order[place]]
    repeated = (known[order[place]] == said) & (since >= 0) & (since <= within)
    return {name: column[~repeated] for name, column in told.items()}


def _labelled(told: Rows, pairs: Rows) -> tuple[Rows, NDArray[np.bool_]]:
    """The first prediction of each id and version, and which of them have a label. Half of a hash tells ids apart."""
    ids = np.concatenate([rows["key"] for rows in (told, pairs)])
    versions: dict[str, int] = {}
    ids += [versions.setdefault(each, len(versions)) for rows in (told, pairs) for each in rows["version"].tolist()]
    ids, said = ids[: len(told["key"])], ids[len(told["key"]) :]
    if len(np.unique(ids)) < len(ids):
        places = [np.unique(told[name], return_inverse=True)[1] for name in ("row", "offset", "partition", "topic")]
        order = np.lexsort((*places, told["at"]))
        first = order[np.unique(ids[order], return_index=True)[1]]
        told, ids = {name: column[first] for name, column in told.items()}, ids[first]
    known, which = np.unique(said, return_inverse=True)
    return told, np.isin(ids, known[np.bincount(which, pairs["change"], len(known)) > 0])


def _series(shape: Shape, told: Rows) -> Iterator[_Series]:
    """The score, what was predicted, and the segment fields where one plan counts all predictions."""
    if not len(told["key"]):
        return
    yield _numbers(SCORE, told["score"], "scores")
    if shape.answers is not None and isinstance(bare(shape.answers), Numbers):
        yield _numbers(PREDICTION, told["value"], "predictions")
    elif shape.answers is not None:
        yield _categories(PREDICTION, texts_of(told["answer"], told["value"]))
    if shape.plan is None or not shape.fields or (told["plan"] != shape.plan.id).any():
        return
    rows = np.frombuffer(b"".join(told["segments"].tolist()), "<u2").reshape(-1, shape.fields).astype(np.int64)
    for field, column in zip(shape.plan.segments, rows.T, strict=True):
        yield _Series(field.name, column - field.first, list(field.rows), np.zeros(len(field.rows), np.bool_))


def _numbers(name: str, values: Floats, noun: str) -> _Series:
    """Numbers by their quantiles; the last cell is none."""
    finite = np.sort(values[np.isfinite(values)])
    edges = np.unique(finite[len(finite) * np.arange(1, BINS) // BINS]) if len(finite) else finite
    edges = edges[edges > finite[:1]] if len(finite) else edges
    cell = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), len(edges) + 1)
    texts = [f"{edge:.3g}" for edge in edges.tolist()]
    inner = [f"{noun} from {a} to {b}" for a, b in pairwise(texts)]
    ends = [f"{noun} below {texts[0]}", *inner, f"{noun} from {texts[-1]} on"] if texts else [f"all {noun}"]
    return _Series(name, cell, [*ends, f"no {noun}"], np.arange(len(ends) + 1) < len(ends))


def _categories(name: str, texts: NDArray[np.object_]) -> _Series:
    """Texts by themselves; the rare ones, and the empty one, together."""
    known, code, n = np.unique(texts.astype(str), return_inverse=True, return_counts=True)
    often = np.argsort(-np.where(known == "", 0, n), kind="stable")[:CATEGORIES]
    often = often[known[often] != ""]
    place = np.full(len(known), len(often))
    place[often] = np.arange(len(often))
    names = [f"predictions {text}" for text in known[often].tolist()]
    return _Series(name, place[code], [*names, "other predictions"], np.zeros(len(names) + 1, np.bool_))
