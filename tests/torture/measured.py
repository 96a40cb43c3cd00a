"""What is kept of labels, against the join over the finished files: every pair, every fate, every told number."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isclose

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, f1_score, log_loss, matthews_corrcoef, roc_auc_score

from sinks import commit as tables
from sinks.commit import Columns, Store, Table
from stream.broker import Fetched
from tests.torture.joined import DAY, PANE, WITHIN, File, Joined, Pair, Release

LENGTHS = (4 * DAY, 8 * DAY)  # of `labelled.CONFIGURATION`, and so is the coverage
COVERAGE = 0.8
FATES = ("predictions", "repeats", "pairs", "corrected", "retracted", "again", "late", "orphans", "unusable")
WITHIN_ROUNDING = 1e-8  # of what is summed in units of 2^-30
Window = tuple[str, str, int, int]  # model, version, length, end
When = tuple[int, str]  # step, segment
Number = tuple[float, str, int, int, int]  # value, status, predicted, repeats, labelled
Cell = tuple[str, bool, bool, float]  # segment, decided yes, is yes, score


class Told:
    """What all monitors together hold of labels."""

    def __init__(self) -> None:
        self._found: dict[str, list[Columns]] = defaultdict(list)

    def add(self, store: Store) -> None:
        """One monitor's."""
        for table in (tables.PAIRS, tables.MET, tables.PERFORMANCE, tables.PLANS):
            self._found[table.name].append(store.select(table))

    def of(self, table: Table) -> Columns:
        """The rows of a table."""
        every = self._found[table.name]
        return {column.name: np.concatenate([each[column.name] for each in every]) for column in table.columns}

    @property
    def planned(self) -> dict[str, int]:
        """From when on each model has a plan, ns."""
        plans = self.of(tables.PLANS)
        since = dict(zip(plans["model"].tolist(), plans["since"].tolist(), strict=True))
        assert len(since) == len(plans["model"]), "a model has got another plan"
        return since


def records(read: Sequence[Fetched]) -> File:
    """A partition as a file."""
    return [
        (offset, value or b"") for one in read for offset, value in zip(one.offsets.tolist(), one.values, strict=True)
    ]


def releases(journal: Columns) -> dict[tuple[str, int], list[Release]]:
    """To what silent partitions were raised."""
    found: dict[tuple[str, int], list[Release]] = defaultdict(list)
    for kind, *where, offset, clock, detail in _rows(journal, "kind topic partition offset until detail"):
        if kind == "release":
            found[tuple(where)].append((offset, clock, json.loads(detail)["labels"]))
    return found


def judge(made: Joined, told: Told, kept_from: int) -> dict[str, int]:
    """AssertionError where anything kept is not what the files say. `pairs` of earlier panes may be forgotten."""
    expected = Counter(pair for pair in made.pairs if pair.end >= kept_from)
    assert expected == Counter(each for each in _pairs(told.of(tables.PAIRS)) if each.end >= kept_from), "pairs"
    met = {(model, step, fate): n for model, step, fate, n in _met(told.of(tables.MET)) if n}
    assert +made.met == met, "met"
    windows, final = _performance(made, told.of(tables.PERFORMANCE))
    return {"pairs there": sum(expected.values()), "windows told": windows, "final": final, **_all(made)}


def _all(made: Joined) -> dict[str, int]:
    return {f"labels: {fate}": sum(n for (_, _, each), n in made.met.items() if each == fate) for fate in FATES}


def _pairs(columns: Columns) -> Iterator[Pair]:
    ends, steps = (_ns(columns[name]) for name in ("end", "step"))
    said = [answer or ("" if np.isnan(value) else str(int(value))) for answer, value in _rows(columns, "answer value")]
    rest = _rows(columns, "model version at change first delay score label")
    for end, step, one, (model, version, at, *what, score, label) in zip(ends, steps, said, rest, strict=True):
        yield Pair(model, version, end, at, step, *what, score, one, label)


def _met(columns: Columns) -> Iterator[tuple[str, int, str, int]]:
    for step, model, *counts in zip(_ns(columns["step"]), *_lists(columns, "model", *FATES), strict=True):
        yield from ((model, step, fate, n) for fate, n in zip(FATES, counts, strict=True))


def _performance(made: Joined, columns: Columns) -> tuple[int, int]:
    """Each told number, by the labels that were known then; how often windows were told, and how many are final."""
    told: dict[Window, dict[When, dict[str, Number]]] = defaultdict(lambda: defaultdict(dict))
    names = ("model", "version", "length", "segment", "metric", "value", "status", "predicted", "repeats", "labelled")
    for end, step, model, version, length, segment, metric, *what in zip(
        *(_ns(columns[name]) for name in ("end", "step")), *_lists(columns, *names), strict=True
    ):
        told[model, version, length, end][step, segment][metric] = tuple(what)  # type: ignore[index,assignment]  # of a row
    of_window: dict[Window, list[Pair]] = defaultdict(list)
    for pair in sorted(made.pairs, key=lambda pair: pair.step):
        for window in _windows(pair.model, pair.version, pair.end):
            of_window[window].append(pair)
    predicted: Counter[Window] = Counter()
    for (model, _), every in made.predictions.items():
        predicted.update(window for one in every for window in _windows(model, one.version, one.end))
    repeats = Counter(window for one in made.repeats for window in _windows(*one))
    for window, rows in told.items():
        coming, cells = list(reversed(of_window[window])), Counter[Cell]()
        for (step, segment), metrics in sorted(rows.items()):
            while coming and coming[-1].step <= step:
                pair = coming.pop()
                yes = pair.said == "1" if pair.said else pair.score >= 0.5
                cells[f"site={made.sites[pair]}", yes, pair.label == "1", pair.score] += pair.change
            mine = {cell: n for cell, n in cells.items() if segment in {"", cell[0]}}
            _right((window, step, segment), metrics, mine, (predicted[window], repeats[window]))
    final = {window for window, rows in told.items() if any(row["accuracy"][1] == "final" for row in rows.values())}
    assert _finished(made, of_window) == final, "windows that are final"
    return sum(map(len, told.values())), len(final)


def _finished(made: Joined, of_window: Mapping[Window, list[Pair]]) -> set[Window]:
    """The windows whose labels have all come; of those without any label nothing is said."""
    return {
        window
        for window, pairs in of_window.items()
        if _last(window) <= made.upto and sum(pair.change for pair in pairs)
    }


def _right(
    row: tuple[Window, int, str], told: Mapping[str, Number], cells: Mapping[Cell, int], arrived: tuple[int, int]
) -> None:
    """One window or segment of it, at one step; `arrived`: all of its predictions, and those that repeat others."""
    window, step, segment = row
    predicted, repeats = arrived[0] - arrived[1], arrived[1]
    n = sum(cells.values())
    status = "final" if step >= _last(window) else "mature" if n >= COVERAGE * predicted else "provisional"
    assert min(cells.values()) >= 0, f"{row}: more taken back than there was"
    shares = dict(_shares(cells))
    expected = {name: shares[name] for name in (OF_SEGMENTS if segment else SHARES) if name in shares}
    assert expected == {name: told[name][0] for name in (OF_SEGMENTS if segment else SHARES) if name in told}, row
    for _, said, *counted, labelled in told.values():
        assert ([-1, -1] if segment else [predicted, repeats], n) == (counted, labelled), row
        assert segment or said == status, row
    if status == "final" and not segment:
        for name, value in _learned(cells):
            assert isclose(told[name][0], value, rel_tol=0, abs_tol=WITHIN_ROUNDING), (row, name, told[name], value)


SHARES = ("accuracy", "precision", "recall", "specificity", "selection_rate", "true_positives", "false_positives")
OF_SEGMENTS = ("accuracy", "precision", "recall", "selection_rate")


def _shares(cells: Mapping[Cell, int]) -> Iterator[tuple[str, float]]:
    both: Counter[tuple[bool, bool]] = Counter()
    for (_, yes, truth, _), n in cells.items():
        both[yes, truth] += n
    right, n = both[True, True] + both[False, False], both.total()
    said, true = both[True, True] + both[True, False], both[True, True] + both[False, True]
    for name, part, whole in (
        ("accuracy", right, n),
        ("precision", both[True, True], said),
        ("recall", both[True, True], true),
        ("specificity", both[False, False], n - true),
        ("selection_rate", said, n),
        ("true_positives", both[True, True], n),
        ("false_positives", both[True, False], n),
    ):
        if whole:
            yield name, part / whole


def _learned(cells: Mapping[Cell, int]) -> Iterator[tuple[str, float]]:
    """By scikit-learn. Each of the scores has a bin of its own, so that what ranks them is exact too."""
    each = [cell[1:] for cell, n in sorted(cells.items()) for _ in range(n)]
    yes, truth, scores = zip(*each, strict=True)
    if len(set(truth)) == 2:
        yield "f1", float(f1_score(truth, yes))
        yield "matthews", float(matthews_corrcoef(truth, yes))
        yield "roc_auc", float(roc_auc_score(truth, scores))
        yield "brier", float(brier_score_loss(truth, scores))
        yield "log_loss", float(log_loss(truth, scores))


def _windows(model: str, version: str, end: int) -> list[Window]:
    """Those that hold the pane with this end."""
    return [(model, version, length, -(-end // length) * length) for length in LENGTHS]


def _last(window: Window) -> int:
    """The step from which on a window is final."""
    return -(-(window[-1] + WITHIN) // PANE) * PANE


def _ns(times: NDArray[np.generic]) -> list[int]:
    return list((times.astype("datetime64[us]").astype(np.int64) * 1_000).tolist())


def _lists(columns: Columns, *names: str) -> Iterable[list[object]]:
    return (columns[name].tolist() for name in names)


def _rows(columns: Columns, names: str) -> Iterator[tuple[object, ...]]:
    return zip(*_lists(columns, *names.split()), strict=True)
