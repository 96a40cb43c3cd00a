"""Which labels and predictions some steps are about: the question, its answer, and the answer of a store in memory."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from sinks.commit.identities import among, identities, repeated
from sinks.commit.labels import ANSWERS, PAIRS, PERFORMANCE, PREDICTED, PREDICTIONS, STANDARDS, UNMET
from sinks.commit.table import Columns, Table
from sinks.commit.texts import Texts
from sinks.commit.times import to_ns

HALVINGS_MAX: Final = 20  # of a sample: one id in a million
_SAID: Final = ("score", "value", "answer", "several", "segments")
ROWS_MAX: Final = 100_000  # that one answer is about: a label costs some 20 us, so two seconds between two Commits


class Unsampled(NamedTuple):
    """Labels of a model, of panes that end in (after, upto], ns: ids that are not in a sample halved so often go."""

    model: str
    after: int
    upto: int
    halvings: int


class Steps(Struct, frozen=True):
    """Steps of models whose labels come within the same time. Event times in ns; spans exclude their beginning.

    A label and its prediction wait `within` for each other. For `grace` more a prediction is there to say that a label
    is late, and to be known again where it is repeated. A store answers the first of the steps alone where all are
    about more than `rows_max` labels and predictions (None: a single pane, which cannot be divided): what is told does
    not depend on how many are told at once.
    """

    models: tuple[str, ...]
    after: int
    upto: int
    within: int
    grace: int
    rows_max: int | None = ROWS_MAX

    def first(self, ends: NDArray[np.int64], n: NDArray[np.int64]) -> "Steps":
        """As many of them as are about so many rows at most, or those up to the first pane with any.

        Of the rows that the steps are about `n` matter at each of the times `ends`, ns, both (times,) in any order.
        """
        assert self.rows_max is not None, "there is nothing to divide"
        panes, place = np.unique(ends, return_inverse=True)
        total = np.cumsum(np.bincount(place, n, len(panes)))
        i = max(1, int(np.searchsorted(total, self.rows_max, side="right")))
        return replace(self, upto=int(panes[i - 1])) if i < len(panes) else self

    def since(self, table: Table) -> int:
        """What is not after it in a table matters to none of the steps."""
        waits = self.within + 2 * self.grace if table.name == PREDICTIONS.name else 2 * self.within + self.grace
        return self.after - waits

    @property
    def waited(self) -> tuple[int, int]:
        """The span of the panes of labels whose wait ends with one of the steps.

        Predictions that were there before them may be forgotten by then: that none was is written down when they come.
        """
        return self.after - self.within, self.upto - self.within


class Span(NamedTuple):
    """Panes of a model that end within (after, upto], ns."""

    model: str
    after: int
    upto: int


class Meeting(NamedTuple):
    """What is known at the last step of all ids that the steps are about; `steps` are those that were answered.

    Those are the ids of labels whose pane is one of theirs, and of predictions in their panes that have labels already.
    `arrived`: how many predictions a (model, version, end) among the steps has; `repeats`: how many of these are of an
    id that the version had within `grace` before, or in the same pane. `unmet`: of the labels that met nobody
    at earlier steps, those whose wait ends with one of these, and no prediction came for them meanwhile; by the lowest
    bit that is set among the last HALVINGS_MAX of their `key`, 0 where none is, which says in which samples they are.
    """

    steps: Steps
    predictions: Columns
    answers: Columns
    arrived: Mapping[tuple[str, str, int], int]  # end in ns
    repeats: Mapping[tuple[str, str, int], int]
    unmet: Mapping[tuple[str, int, int], int]  # model, end in ns, bit


class Said(NamedTuple):
    """What models said, a row per prediction with an id: columns of the table `predictions`, `end` in ns."""

    model: Texts
    version: Texts
    end: NDArray[np.int64]
    score: NDArray[np.float64]
    value: NDArray[np.float64]
    answer: NDArray[np.object_]
    several: NDArray[np.object_]
    segments: NDArray[np.object_]


class Standing(NamedTuple):
    """How far panes have come with their labels, and what was last said of windows: by everything that is committed."""

    arrived: Mapping[tuple[str, str, int], int]  # predictions by (model, version, end in ns), of panes that were steps
    repeats: Mapping[tuple[str, str, int], int]  # of these the ones that repeat others
    labelled: Mapping[tuple[str, str, int], int]  # of those the ones with a label
    said: Mapping[tuple[str, str, int, int], tuple[str, int, bool]]  # (model, version, length, end): status, labelled,
    # and whether it has ever had enough labels
    worse: frozenset[tuple[tuple[str, str, int, int], str]]  # of windows the metrics that they were worse by
    standards: Columns  # all rows of the table


def standing(rows: Callable[[Table], Columns], since: int) -> Standing:
    """What there is of panes and windows that end after a time, ns, by looking at all rows."""
    told, made, performed = (_some(found, _ends(found) > since) for found in map(rows, (PREDICTED, PAIRS, PERFORMANCE)))
    labelled: Counter[Any] = Counter()
    for key, change in zip(_keys(made, "model", "version", "end"), made["change"].tolist(), strict=True):
        labelled[key] += change
    performed = _some(performed, performed["segment"] == "")
    said: dict[Any, tuple[Any, str, int]] = {}
    columns = (performed[name].tolist() for name in ("step", "status", "labelled"))
    for key, *what in zip(_keys(performed, "model", "version", "length", "end"), *columns, strict=True):
        said[key] = max(said.get(key, tuple(what)), tuple(what))
    enough = {*_keys(_some(performed, performed["status"] != "provisional"), "model", "version", "length", "end")}
    last = {key: (status, n, key in enough) for key, (_, status, n) in said.items()}
    found = _some(performed, performed["verdict"] == "worse")
    worse = zip(_keys(found, "model", "version", "length", "end"), found["metric"].tolist(), strict=True)
    panes = list(_keys(told, "model", "version", "end"))
    predictions, again = (told[name].astype(np.int64) for name in ("predictions", "repeats"))
    arrived = dict(zip(panes, (predictions + again).tolist(), strict=True))
    repeats = dict(zip(panes, again.tolist(), strict=True))
    return Standing(arrived, repeats, labelled, last, frozenset(worse), rows(STANDARDS))


def within(table: Table, rows: Columns, spans: Sequence[Span], one_in: int = 1) -> Columns:
    """Rows in spans, by looking at all."""
    chosen, ends = np.zeros(len(rows["end"]), np.bool_), _ends(rows)
    for model, after, upto in spans:
        chosen |= (rows["model"] == model) & (ends > after) & (ends <= upto)
    if one_in > 1:
        chosen &= rows["check"].astype(np.int64) & (one_in - 1) == 0
    return {column.name: rows[column.name][chosen] for column in table.columns}


def said(rows: Columns, models: Sequence[str], after: int, upto: int) -> Said:
    """What models said in a span of panes, out of all rows of `predictions`."""
    ends = _ends(rows)
    chosen = np.isin(rows["model"], models) & (ends > after) & (ends <= upto)
    model, version = (Texts.of(rows[name][chosen].tolist()) for name in ("model", "version"))
    columns: dict[str, Any] = {name: rows[name][chosen] for name in _SAID}
    return Said(model, version, ends[chosen], **columns)


def meeting(rows: Callable[[Table], Columns], steps: Steps) -> Meeting:
    """The answer, by looking at all rows."""
    kept = {table.name: rows(table) for table in (PREDICTIONS, ANSWERS, UNMET)}
    if steps.rows_max is not None:
        steps = steps.first(ends := _held(kept, steps), np.ones(len(ends), np.int64))
    told, said = (_seen(table, kept[table.name], steps) for table in (PREDICTIONS, ANSWERS))
    theirs, ours = identities(told), identities(said)
    new, fresh = (_ends(seen) > steps.after for seen in (said, told))
    about = np.concatenate((ours[new], theirs[fresh & among(theirs, ours)]))
    waited = _waited(kept[UNMET.name], steps)
    again = _some(told, repeated(told, _ends(told), steps.grace) & fresh)
    return Meeting(
        steps,
        _some(told, among(theirs, about)),
        _some(said, among(ours, about)),
        _counted(_some(told, fresh), "model", "version", "end"),
        _counted(again, "model", "version", "end"),
        in_vain(told, waited, steps),
    )


def in_vain(told: Columns, waited: Columns, steps: Steps) -> Counter[tuple[str, int, int]]:
    """The labels among those that have waited for which no prediction came in time, as `Meeting.unmet` has them.

    `told` are predictions, all that there are of the ids of these labels.
    """
    theirs, ours, alone = identities(told), identities(waited), np.ones(len(waited["key"]), np.bool_)
    ends: dict[tuple[int, int], list[int]] = {}
    there = among(theirs, ours)
    for one, end in zip(theirs[there].tolist(), _ends(told)[there].tolist(), strict=True):
        ends.setdefault(one, []).append(end)
    some = np.flatnonzero(among(ours, theirs))  # most have none at all
    alone[some] = [
        not any(0 < each - end <= steps.within for each in ends[one])
        for one, end in zip(ours[some].tolist(), _ends(waited)[some].tolist(), strict=True)
    ]
    return Counter(bits(_some(waited, alone)))


def in_sample(keys: NDArray[np.int64], halvings: int) -> NDArray[np.bool_]:
    """Which ids are in a sample that was halved so often: those whose `key` ends in as many zeros, (n,)."""
    return np.asarray((keys & ((1 << halvings) - 1)) == 0, np.bool_)


def bits(said: Columns) -> Iterator[tuple[str, int, int]]:
    """Labels by model, end in ns, and bit, see `Meeting`."""
    last = said["key"].astype(np.int64) & ((1 << HALVINGS_MAX) - 1)
    return zip(said["model"].tolist(), _ends(said).tolist(), (last & -last).tolist(), strict=True)


def _held(rows: Mapping[str, Columns], steps: Steps) -> NDArray[np.int64]:
    """The step at which each row of the models matters, where it is one of these."""
    ours = [
        (_ends(each), np.isin(each["model"], steps.models)) for each in (rows[PREDICTIONS.name], rows[ANSWERS.name])
    ]
    at = [ends[mine & (ends > steps.after) & (ends <= steps.upto)] for ends, mine in ours]
    return np.concatenate((*at, _ends(_waited(rows[UNMET.name], steps)) + steps.within))


def _waited(rows: Columns, steps: Steps) -> Columns:
    first, last = steps.waited
    ends = _ends(rows)
    return _some(rows, np.isin(rows["model"], steps.models) & (ends > first) & (ends <= last))


def _seen(table: Table, rows: Columns, steps: Steps) -> Columns:
    ends = _ends(rows)
    seen = np.isin(rows["model"], steps.models) & (ends > steps.since(table)) & (ends <= steps.upto)
    return {column.name: rows[column.name][seen] for column in table.columns}


def _some(rows: Columns, chosen: NDArray[np.bool_]) -> Columns:
    return {name: column[chosen] for name, column in rows.items()}


def _ends(rows: Columns) -> NDArray[np.int64]:
    return to_ns(rows["end"])


def _counted(rows: Columns, *names: str) -> Counter[Any]:
    return Counter(_keys(rows, *names))


def _keys(rows: Columns, *names: str) -> Iterator[tuple[Any, ...]]:
    columns = [_ends(rows).tolist() if name == "end" else rows[name].tolist() for name in names]
    return zip(*columns, strict=True)
