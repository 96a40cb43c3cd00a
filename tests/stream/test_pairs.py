"""Labels meet predictions: against a loop over the finished lists, and the same however the steps are cut."""

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sinks.commit import ANSWERS, PREDICTIONS, Steps
from stream.monitor.labels.pairs import Rows, changes, unmet

WITHIN, GRACE = 8, 3
TEXTS = {"model", "version", "topic", "does", "answer"}
Row = dict[str, Any]


def log(seed: int) -> tuple[list[Row], list[Row]]:
    """Predictions and labels of a few ids: repeats, versions, corrections, retractions, early and late ones."""
    dice = random.Random(seed)
    ids = range(dice.choice((1, 3, 30)))

    def row(place: int) -> Row:
        at = dice.randrange(60)
        about = {"key": dice.choice(ids), "check": 7, "at": at, "end": at + dice.choice((1, 1, 9)), "model": "shop"}
        return about | {"topic": dice.choice("ab"), "partition": 0, "offset": place, "row": 0}

    predictions = [row(i) | {"version": dice.choice(("1", "1", "2"))} for i in range(dice.randrange(40))]
    for one in predictions:
        one["end"] = one["at"] + 1  # whoever is not late is in the pane of its time
    does = ("label", "label", "label", "correct", "retract")
    answers = [row(i) | {"does": dice.choice(does), "answer": dice.choice(("0", "1", "1", ""))} for i in range(40)]
    return predictions, answers


def columns(rows: list[Row], names: list[str]) -> Rows:
    """Rows as the store gives them."""
    return {n: np.array([row[n] for row in rows], np.object_ if n in TEXTS else np.int64) for n in names}


def asked(predictions: list[Row], answers: list[Row], after: int, upto: int) -> tuple[list[Row], list[Row], Steps]:
    """What the store would have then, of the ids that some steps are about."""
    new = {row["key"] for row in answers if after < row["end"] <= upto}
    steps = Steps(("shop",), after, upto, WITHIN, GRACE)
    seen = [row for row in answers if steps.since(ANSWERS) < row["end"] <= upto]
    fresh = {row["key"] for row in predictions if after < row["end"] <= upto} & {row["key"] for row in seen}
    mine = [row for row in predictions if steps.since(PREDICTIONS) < row["end"] <= upto and row["key"] in new | fresh]
    return mine, [row for row in seen if row["key"] in new | {row["key"] for row in mine}], steps


NAMES = ["model", "key", "check", "at", "end", "topic", "partition", "offset", "row"]


def told(predictions: list[Row], answers: list[Row], after: int, upto: int) -> tuple[list[Any], Counter[Any]]:
    """What the code under test says of some steps, by what the store would have then."""
    mine, said, steps = asked(predictions, answers, after, upto)
    theirs, ours = columns(mine, [*NAMES, "version"]), columns(said, [*NAMES, "does", "answer"])
    made, simple = changes(theirs, ours, steps)
    found = [(mine[c.prediction], said[c.label], c.step, c.change, c.first) for c in made.found]
    found += [
        (mine[i], said[j], step, 1, True)
        for i, j, step in zip(*(simple[n].tolist() for n in ("prediction", "label", "step")), strict=True)
    ]
    return sorted(found, key=repr), made.fates


def finished(predictions: list[Row], answers: list[Row]) -> Counter[Any]:
    """Which prediction has which label in the end, worked out over the finished lists, one prediction at a time."""
    found: Counter[Any] = Counter()
    place = lambda row: (row["topic"], row["partition"], row["offset"])  # noqa: E731
    for one in predictions:
        same = [row for row in predictions if (row["key"], row["version"]) == (one["key"], one["version"])]
        earlier = [row for row in same if (row["at"], *place(row)) < (one["at"], *place(one))]
        if any(row["end"] >= one["end"] - GRACE for row in earlier):
            continue
        said = [row for row in answers if row["key"] == one["key"] and abs(row["end"] - one["end"]) <= WITHIN]
        now = None
        for row in sorted(said, key=lambda row: (row["end"], row["at"], *place(row))):
            if row["does"] == "retract":
                now = None
            elif row["answer"] and (now is None or row["does"] == "correct"):
                now = row
        if now is not None:
            found[place(one), place(now)] += 1
    return found


@pytest.mark.parametrize("seed", range(60))
def test_in_the_end_each_prediction_has_the_label_that_the_finished_lists_give_it(seed: int) -> None:
    """What was added, less what was taken back."""
    predictions, answers = log(seed)
    net: Counter[Any] = Counter()
    for one, label, _, change, _ in told(predictions, answers, -1, 100)[0]:
        key = tuple(tuple(row[n] for n in ("topic", "partition", "offset")) for row in (one, label))
        net[key] += change
    assert finished(predictions, answers) == +net
    assert not -net, "more taken back than there was"


@pytest.mark.parametrize("seed", range(60))
def test_it_does_not_matter_how_many_steps_are_told_at_once(seed: int) -> None:
    """Changes and fates of all steps, whatever the cuts."""
    predictions, answers = log(seed)
    dice = random.Random(seed)
    expected, fates = told(predictions, answers, -1, 100)
    cuts = sorted({-1, 100, *(dice.randrange(60) for _ in range(dice.choice((1, 5, 60))))})
    found: list[Any] = []
    counted: Counter[Any] = Counter()
    for after, upto in pairwise(cuts):
        some, more = told(predictions, answers, after, upto)
        found += some
        counted.update(more)
    assert expected == sorted(found, key=repr)
    assert +fates == +counted


def test_a_detector_moves_once_per_prediction() -> None:
    """Corrections and what follows a retraction are no news of the model."""
    n = Counter(
        (one["topic"], one["offset"], first)
        for seed in range(60)
        for one, _, _, change, first in told(*log(seed), -1, 100)[0]
        if first and change == 1 and not seed % 2
    )
    assert n
    for seed in range(60):
        firsts = Counter(
            (one["topic"], one["partition"], one["offset"])
            for one, _, _, _, first in told(*log(seed), -1, 100)[0]
            if first
        )
        assert not firsts or max(firsts.values()) == 1


@pytest.mark.parametrize("seed", range(60))
def test_a_label_without_a_prediction_is_found_with_its_own_step_however_steps_are_cut(seed: int) -> None:
    """Against a loop over the finished lists; the same steps say who stays alone, if they reach so far."""
    predictions, answers = log(seed)
    dice = random.Random(seed)

    def waits(row: Row, first: int, last: int) -> bool:
        """Whether no prediction comes from `first` to `last` panes after a label."""
        return not any(one["key"] == row["key"] and first <= one["end"] - row["end"] <= last for one in predictions)

    lone = [row for row in answers if waits(row, -WITHIN - GRACE, 0)]
    cuts = sorted({-1, 100, *(dice.randrange(60) for _ in range(dice.choice((0, 5, 60))))})
    for after, upto in pairwise(cuts):
        mine, said, steps = asked(predictions, answers, after, upto)
        found, orphans = ({said[i]["offset"] for i in places.tolist()} for places in _unmet(mine, said, steps))
        now = [row for row in lone if after < row["end"] <= upto]
        assert {row["offset"] for row in now} == found
        assert {row["offset"] for row in now if row["end"] + WITHIN <= upto and waits(row, 1, WITHIN)} == orphans


def _unmet(predictions: list[Row], answers: list[Row], steps: Steps) -> tuple[Any, Any]:
    return unmet(columns(predictions, NAMES), columns(answers, NAMES), steps)
