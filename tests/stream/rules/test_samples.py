"""Where too many predictions wait for labels, a sample of ids does: of both sides, and counted as what it is."""

import random
from collections import Counter
from typing import Any

from sinks import commit as tables
from stream.encodings.identity import key_of, keys
from stream.joining.meeting import meet
from tests.stream.rules.story import FIRST, Story, event, label

LABELS = ("labels", 0)
CONFIGURATION = """
limits: {pending: 200}
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 6m, coverage: 0.8}, output: {kind: binary}}}
"""
MINUTES = 60


def prediction(minute: float, name: str, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """A prediction with an id."""
    return event(minute, seed=sum(map(ord, name)), id=name, score=0.9, prediction=1, **changes)


def published() -> tuple[Story, dict[str, float], dict[str, float]]:
    """Fifty orders a minute, later five; of four in five somebody says what they were, before or after."""
    dice, log = random.Random(1), Story(CONFIGURATION, (FIRST, LABELS))
    told = {f"a{i}": dice.uniform(0, 25) for i in range(1_250)}
    told |= {f"b{i}": dice.uniform(25, MINUTES) for i in range(175)}
    said = {name: max(0.1, minute + dice.uniform(-3, 5)) for name, minute in told.items() if dice.random() < 0.8}
    said |= {f"nobody{i}": dice.uniform(0, MINUTES) for i in range(100)}
    log.publish(FIRST, *(prediction(told[name], name) for name in sorted(told, key=told.__getitem__)), event(200))
    log.publish(LABELS, *(label(said[name], id=name) for name in sorted(said, key=said.__getitem__)), label(200))
    return log, told, said


def pane(minute: float) -> int:
    """The end of its pane."""
    return int(minute) + 1


def halvings(name: str) -> int:
    """Of the smallest sample that an id is in."""
    key = int(keys([key_of("shop", name)])[0, 0])
    return next((i for i in range(20) if key >> i & 1), 20)


def rates(log: Story) -> dict[int, int]:
    """The halvings of each pane that has predictions."""
    return {int(row["end"]): round(1 / row["rate"]).bit_length() - 1 for row in log.rows(tables.PENDING)}


def fates(log: Story) -> Counter[str]:
    """What became of all."""
    names = [column.name for column in tables.MET.columns[2:]]
    return Counter({name: sum(row[name] for row in log.rows(tables.MET)) for name in names})


def test_ids_are_kept_on_both_sides_by_the_rate_of_the_predictions_pane() -> None:
    """By a loop over all of them."""
    log, told, said = published()
    log.read(batch=300).commit()
    rate = rates(log)
    assert {0, 2, 3} <= set(rate.values()), rate
    kept = {name for name, minute in told.items() if halvings(name) >= rate[pane(minute)]}
    assert len(kept) == fates(log)["predictions"] == len(log.rows(tables.PREDICTIONS))
    by_pane = Counter(pane(minute) for minute in told.values())
    assert by_pane == {int(row["end"]): row["predictions"] for row in log.rows(tables.PENDING)}
    assert Counter(pane(told[name]) for name in kept) == +Counter(
        {int(row["end"]): row["kept"] for row in log.rows(tables.PENDING)}
    )
    assert fates(log)["pairs"] == len(kept & said.keys()) == len(log.rows(tables.PAIRS))


def test_every_label_has_one_fate_and_what_was_not_kept_makes_no_orphans() -> None:
    """An orphan is in every sample that it might have met; of any other nobody can say."""
    log, told, said = published()
    log.read().commit()
    rate, found = rates(log), fates(log)
    assert len(said) == found["pairs"] + found["orphans"] + found["unsampled"]
    last = max(rate)
    lost = [name for name in said if name not in told or halvings(name) < rate[pane(told[name])]]
    sure = [
        name
        for name in lost
        if halvings(name)
        >= max(rate.get(end, rate[last]) for end in range(pane(said[name]) - 12, pane(said[name]) + 7) if end > 0)
    ]
    assert (len(sure), len(lost) - len(sure)) == (found["orphans"], found["unsampled"])
    assert 0 < found["orphans"] < 40


def test_a_decision_holds_from_t_and_is_stored_with_each_pane() -> None:
    """The first pane has more than an eighth of the limit; a lateness and `max_ahead` after it nobody has read on."""
    log, _, _ = published()
    log.read(batch=100).commit()
    rate = rates(log)
    changes = [end for end in rate if end - 1 in rate and rate[end] != rate[end - 1]]
    assert changes[0] == 1 + 1 + 5 + 1
    assert rate[changes[0]] > rate[changes[-1]], "later there is room for more"
    assert (changes[-1] - 1) % 5 == 0, "from a longest window on"


def test_a_number_says_of_which_share_of_the_ids_it_is() -> None:
    """The least of its panes; its coverage is of the ids in the sample."""
    log, _, _ = published()
    log.read().commit()
    told = [row for row in log.rows(tables.PERFORMANCE) if row["metric"] == "accuracy"]
    rate = rates(log)
    for row in told:
        panes = [rate[end] for end in rate if row["start"] < end <= row["end"]]
        assert row["rate"] == 2.0 ** -max(panes), row
        assert row["predicted"] == sum(
            one["kept"] for one in log.rows(tables.PENDING) if row["start"] < one["end"] <= row["end"]
        )
    assert {1.0, 0.25} < {row["rate"] for row in told}


def test_crashes_batches_and_what_is_forgotten_change_nothing() -> None:
    """Neither do batches of another size."""
    log, _, _ = published()
    log.read().commit()
    expected = log.results()
    again, _, _ = published()
    dice = random.Random(1)
    labels, gone = tables.ANSWERS.name, 0
    for upto in sorted(dice.sample(range(500, 1_400), 6)):
        again.read(FIRST, batch=dice.choice((30, 100, 1_000)), upto=upto).read(LABELS, batch=300, upto=upto * 4 // 5)
        again.commit()
        before = len(again.rows(tables.ANSWERS))
        again.store.forget({}, {}, again.journey.monitor.meetings.unsampled())
        gone += before - len(again.rows(tables.ANSWERS))
        again.crash()
    again.read().commit()
    found = again.results()
    assert len(expected.pop(labels)) == gone + len(found.pop(labels))
    assert gone
    assert expected == found


def test_labels_of_ids_that_are_not_in_the_sample_are_forgotten_once_that_is_certain() -> None:
    """So the file is as large as the sample of both sides; they were counted with their own step."""
    log, _, said = published()
    log.read().commit()
    rate = rates(log)
    last = max(rate)
    before = len(log.rows(tables.ANSWERS))
    log.store.forget({}, {}, log.journey.monitor.meetings.unsampled())
    assert before == len(log.rows(tables.ANSWERS)), "labels of two hours ago have gone by their age"
    early, _, _ = published()
    upto = sum(minute < 22 for minute in said.values())
    early.read(FIRST).read(LABELS, upto=upto).commit().commit()
    early.store.forget({}, {}, early.journey.monitor.meetings.unsampled())
    left = {(int(row["end"]), row["key"]) for row in early.rows(tables.ANSWERS)}
    several = [name for name, minute in said.items() if 20 > pane(minute) > 21 - 18 + 12]
    reach = {name: range(pane(said[name]) - 12, pane(said[name]) + 7) for name in several}
    assert several
    for name in several:
        least = min(rate.get(end, rate[last]) if end > 0 else 0 for end in reach[name])
        key = int(keys([key_of("shop", name)])[0, 0])
        assert ((pane(said[name]), key) in left) == (halvings(name) >= least), name


def test_steps_that_no_commit_has_may_be_taken_again() -> None:
    """What they need is not forgotten before."""
    log, _, _ = published()
    upto = 500  # events
    log.read(FIRST, upto=upto).read(LABELS, upto=upto * 4 // 5).commit()
    expected = log.results()
    again, _, _ = published()
    again.read(FIRST, upto=upto).read(LABELS, upto=upto * 4 // 5)
    again.store.write(again.journey.take())
    meet(again.journey, again.store)  # and then it dies
    meetings = again.journey.monitor.meetings
    assert meetings.needed_since() != meetings.since()
    needed = meetings.needed_since()
    assert needed is not None
    again.store.forget({"waiting": needed[0], "answered": needed[1]}, {}, meetings.unsampled())
    again.crash().read(FIRST, upto=upto).read(LABELS, upto=upto * 4 // 5).commit()
    assert expected == again.results()
