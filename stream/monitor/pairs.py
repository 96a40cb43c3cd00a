"""Labels meet predictions: what the steps of some panes change, told by what lies in the store and nothing else.

A pair belongs to the step max(pane of the label, pane of the prediction), so the answer depends neither on what came
first nor on how many steps are told at once. Law: the changes of all steps at once are those of one step after the
other.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinks.commit import Steps, identities, numbered
from stream.encodings.identity import LABEL, RETRACT
from stream.events import Ints

Rows = Mapping[str, NDArray[Any]]
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
    for told, said in _groups(ids, rest):
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


def _groups(ids: _Ids, rest: NDArray[np.bool_]) -> Iterator[tuple[list[int], list[int]]]:
    """The places of the predictions and of the labels of each id among the rest."""
    numbers = np.flatnonzero(rest)
    yield from zip(_places(ids.told, numbers), _places(ids.said, numbers), strict=True)


def _places(ids: Ints, numbers: Ints) -> Iterator[list[int]]:
    """Where each of some numbers, which rise, stands."""
    order = np.argsort(ids, kind="stable")
    begin, end = (np.searchsorted(ids[order], numbers, side=side) for side in ("left", "right"))
    for i, j in zip(begin.tolist(), end.tolist(), strict=True):
        yield order[i:j].tolist()


@dataclass(frozen=True)
class _Teller:
    """Tells ids one by one, however many labels and predictions they have."""

    made: Changes
    predictions: Rows
    answers: Rows
    steps: Steps

    def tell(self, told: list[int], said: list[int]) -> None:
        """One id: its labels in their order, for each version's first prediction."""
        predictions, ends = self.predictions, self.answers["end"]
        said = sorted(said, key=lambda i: (ends[i], self.answers["at"][i], *_place(self.answers, i)))
        told = sorted(told, key=lambda i: (predictions["version"][i], predictions["at"][i], *_place(predictions, i)))
        for _, group in groupby(told, key=lambda i: predictions["version"][i]):
            mine = list(group)
            for before, i in zip([None, *mine], mine, strict=False):
                self._meet(i, before, said)

    def _meet(self, i: int, before: int | None, said: list[int]) -> None:
        """One prediction. It repeats the one before of its version, if that was there shortly before."""
        ends, end, model = self.answers["end"], int(self.predictions["end"][i]), self.predictions["model"][i]
        within, grace = self.steps.within, self.steps.grace
        if before is not None and self.predictions["end"][before] >= end - grace:
            return
        for each in said:
            if end + within < ends[each] <= end + within + grace:
                self.made.fates[model, int(ends[each]), "late"] += 1
        self._follow(i, end, [each for each in said if abs(ends[each] - end) <= within], model)

    def _follow(self, first: int, end: int, said: list[int], model: str) -> None:
        """One prediction: its pair after each step, and what that takes away and adds."""
        now: int | None = None  # the label that counts
        had = False
        for step, group in groupby(said, key=lambda i: max(int(self.answers["end"][i]), end)):
            before = now
            for i in group:
                now, fate = self._after(now, i)
                if fate:
                    self.made.fates[model, step, fate] += 1
            if before == now:
                continue
            if before is not None:
                self.made.found.append(Change(first, before, step, -1, first=False))
            if now is not None:
                self.made.found.append(Change(first, now, step, 1, first=not had))
                self.made.fates[model, step, "pairs"] += not had
                had = True

    def _after(self, now: int | None, i: int) -> tuple[int | None, str]:
        """Which label counts after one more, and what that one was, beyond a first one."""
        does, answer = self.answers["does"][i], self.answers["answer"][i]
        if does == RETRACT:
            return None, "retracted" if now is not None else "again"
        if not answer:
            return now, "unusable"
        if now is None:
            return i, ""
        return (now, "again") if does == LABEL else (i, "corrected")


def _place(rows: Rows, i: int) -> tuple[Any, ...]:
    return tuple(rows[name][i] for name in ("topic", "partition", "offset", "row"))
