"""Labels meet predictions: what the steps of some panes change, told by what lies in the store and nothing else.

A pair belongs to the step max(pane of the label, pane of the prediction), so the answer depends neither on what came
first nor on how many steps are told at once. Law: the changes of all steps at once are those of one step after the
other.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinks.commit import Steps, identities, numbered
from stream.encodings.identity import LABEL, RETRACT
from stream.events import Ints

Rows = Mapping[str, NDArray[Any]]
PLACE: Final = ("topic", "partition", "offset", "row")
FATES: Final = ("pairs", "corrected", "retracted", "again", "late", "unusable")


class Change(NamedTuple):
    """What a step does to the pair of one prediction: `label` is the place of the answer, `change` 1 or -1."""

    prediction: int
    label: int
    step: int
    change: int
    first: bool


@dataclass
class Changes:
    """Changes in no order, and how often what became of labels and predictions, by (model, step, fate).

    A label that meets the predictions of several versions has a fate with each.
    """

    found: list[Change] = field(default_factory=list)
    fates: Counter[tuple[str, int, str]] = field(default_factory=Counter)


def changes(predictions: Rows, answers: Rows, steps: Steps) -> tuple[Changes, dict[str, Ints]]:
    """What some steps change, and the plain pairs among it, as columns of places.

    `predictions` and `answers` are the rows that the store has of ids that the steps are about, with `end` in ns.
    """
    made = Changes()
    ids = _numbered(predictions, answers)
    simple, rest = _simple(predictions, answers, ids, steps)
    for (model, step), n in Counter(
        zip(predictions["model"][simple["prediction"]].tolist(), simple["step"].tolist(), strict=True)
    ).items():
        made.fates[model, step, "pairs"] += n
    teller = _Teller(made, predictions, answers, steps)
    for told, said in _groups(predictions, answers, ids, rest):
        teller.tell(told, said)
    made.found = [change for change in made.found if steps.after < change.step <= steps.upto]
    made.fates = Counter({key: n for key, n in made.fates.items() if steps.after < key[1] <= steps.upto})
    return made, simple


class _Ids(NamedTuple):
    """The number of each prediction's and label's id, of `n`."""

    told: Ints
    said: Ints
    n: int


def _numbered(predictions: Rows, answers: Rows) -> _Ids:
    theirs, mine = identities(predictions), identities(answers)
    number, n = numbered(np.concatenate((theirs, mine)))
    return _Ids(number[: len(theirs)], number[len(theirs) :], n)


def _simple(predictions: Rows, answers: Rows, ids: _Ids, steps: Steps) -> tuple[dict[str, Ints], NDArray[np.bool_]]:
    """One prediction and one label of an id, in time: the usual case, all at once. Which other ids to look at."""
    n_told, n_said = (np.bincount(part, minlength=ids.n) for part in (ids.told, ids.said))
    once = (n_told == 1) & (n_said == 1)
    told = np.full(ids.n, -1)
    told[ids.told] = np.arange(len(ids.told))
    said = np.flatnonzero(once[ids.said])
    prediction = told[ids.said[said]]
    usual = (answers["does"][said] == LABEL) & (answers["answer"][said] != "")
    usual &= np.abs(answers["end"][said] - predictions["end"][prediction]) <= steps.within
    said, prediction = said[usual], prediction[usual]
    step = np.maximum(answers["end"][said], predictions["end"][prediction])
    rest = n_told > 0  # without a prediction nothing follows
    rest[ids.said[said]] = False
    now = (step > steps.after) & (step <= steps.upto)
    return {"prediction": prediction[now], "label": said[now], "step": step[now]}, rest


def unmet(predictions: Rows, answers: Rows, steps: Steps) -> tuple[Ints, Ints]:
    """The places of labels that come with the steps and find no prediction, and of those among them that stay orphans.

    For the others one may still come. An orphan's wait ends with one of the steps too, in vain.
    """
    new = np.flatnonzero(answers["end"] > steps.after)
    end = answers["end"][new]
    earliest, last = end - steps.within - steps.grace, end + steps.within
    ids = _numbered(predictions, {name: answers[name][new] for name in ("key", "check")})
    times = np.unique(np.concatenate((predictions["end"], earliest - 1, end, last)))

    def rank(ids: Ints, ends: Ints) -> Ints:
        """A number for each id and time that rises with both."""
        return np.asarray(ids * len(times) + np.searchsorted(times, ends), np.int64)

    there = np.sort(rank(ids.told, predictions["end"]))
    before, now, after = (np.searchsorted(there, rank(ids.said, at), side="right") for at in (earliest - 1, end, last))
    alone = now == before
    return new[alone], new[alone & (after == now) & (last <= steps.upto)]


def _groups(
    predictions: Rows, answers: Rows, ids: _Ids, rest: NDArray[np.bool_]
) -> Iterator[tuple[list[int], list[int]]]:
    """The places of the predictions and of the labels of each id among the rest, in their orders."""
    numbers = np.flatnonzero(rest)
    told = _places(ids.told, numbers, rest, [predictions[name] for name in ("version", "at", *PLACE)])
    said = _places(ids.said, numbers, rest, [answers[name] for name in ("end", "at", *PLACE)])
    yield from zip(told, said, strict=True)


def _places(ids: Ints, numbers: Ints, rest: NDArray[np.bool_], order: Sequence[NDArray[Any]]) -> Iterator[list[int]]:
    """Where each of some numbers, which rise, stands, by the columns of an order."""
    mine = np.flatnonzero(rest[ids])
    mine = mine[np.lexsort((*(sortable(column[mine]) for column in reversed(order)), ids[mine]))]
    begin, end = (np.searchsorted(ids[mine], numbers, side=side) for side in ("left", "right"))
    places = mine.tolist()
    for i, j in zip(begin.tolist(), end.tolist(), strict=True):
        yield places[i:j]


def sortable(column: NDArray[Any]) -> NDArray[Any]:
    """Numbers in the order of a column; of texts few are different, and sorting them all is slow."""
    if column.dtype != np.object_:
        return column
    words = column.tolist()
    ranks = {word: i for i, word in enumerate(sorted(set(words)))}
    return np.fromiter(map(ranks.__getitem__, words), np.int64, len(words))


class _Teller:
    """Tells ids one by one, however many labels and predictions they have."""

    def __init__(self, made: Changes, predictions: Rows, answers: Rows, steps: Steps) -> None:
        self._made, self._within, self._grace = made, steps.within, steps.grace
        self._models, self._versions, self._told = (predictions[name].tolist() for name in ("model", "version", "end"))
        self._said, self._does, self._answers = (answers[name].tolist() for name in ("end", "does", "answer"))

    def tell(self, told: list[int], said: list[int]) -> None:
        """One id: its labels in their order, for each version's first prediction."""
        for _, group in groupby(told, key=self._versions.__getitem__):
            mine = list(group)
            for before, i in zip([None, *mine], mine, strict=False):
                self._meet(i, before, said)

    def _meet(self, i: int, before: int | None, said: list[int]) -> None:
        """One prediction. It repeats the one before of its version, if that was there shortly before."""
        ends, end, model, within = self._said, self._told[i], self._models[i], self._within
        if before is not None and self._told[before] >= end - self._grace:
            return
        for each in said:
            if end + within < ends[each] <= end + within + self._grace:
                self._made.fates[model, ends[each], "late"] += 1
        self._follow(i, end, [each for each in said if abs(ends[each] - end) <= within], model)

    def _follow(self, first: int, end: int, said: list[int], model: str) -> None:
        """One prediction: its pair after each step, and what that takes away and adds."""
        now: int | None = None  # the label that counts
        had = False
        for step, group in groupby(said, key=lambda i: max(self._said[i], end)):
            before = now
            for i in group:
                now, fate = self._after(now, i)
                if fate:
                    self._made.fates[model, step, fate] += 1
            if before == now:
                continue
            if before is not None:
                self._made.found.append(Change(first, before, step, -1, first=False))
            if now is not None:
                self._made.found.append(Change(first, now, step, 1, first=not had))
                self._made.fates[model, step, "pairs"] += not had
                had = True

    def _after(self, now: int | None, i: int) -> tuple[int | None, str]:
        """Which label counts after one more, and what that one was, beyond a first one."""
        does, answer = self._does[i], self._answers[i]
        if does == RETRACT:
            return None, "retracted" if now is not None else "again"
        if not answer:
            return now, "unusable"
        if now is None:
            return i, ""
        return (now, "again") if does == LABEL else (i, "corrected")
