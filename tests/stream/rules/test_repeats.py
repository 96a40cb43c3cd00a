"""Predictions that are sent again: each id of a version counts once, where and however often it is said."""

import random
from collections import Counter

import pytest

from sinks import commit as tables
from stream.config.settings import MINUTE
from tests.stream.rules.story import FIRST, Story, event, label

LABELS = ("labels", 0)
WITHIN, PANES = 30, 75
CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 30m, coverage: 0.8}, output: {kind: binary}}}
"""
SAMPLED = CONFIGURATION + "limits: {pending: 60}\n"


def published(configuration: str) -> tuple[Story, list[tuple[float, str, str]]]:
    """Two versions answer few ids again and again, at random; what they said in the order of time."""
    dice, log, said = random.Random(5), Story(configuration, (FIRST, LABELS)), list[tuple[float, str, str]]()
    for minute in range(PANES):
        for i in range(4):
            name = f"{dice.randrange(60)}" if dice.random() < 0.5 else f"{minute}-{i}"
            said.append((minute + 0.2 * i, dice.choice("12"), name))
    for at, version, name in said:
        log.publish(FIRST, event(at, version=version, id=name, score=0.9, prediction=1))
    log.publish(LABELS, *(label(at + 0.3, id=name) for at, _, name in said))
    log.publish(FIRST, event(PANES + 60))
    log.publish(LABELS, label(PANES + 60))
    return log, said


def rows_of(log: Story) -> dict[tuple[str, int], tuple[int, int]]:
    """Of each pane that had any: predictions and repeats, by version and end."""
    found = log.rows(tables.PREDICTED)
    return {(row["version"], row["end"]): (row["predictions"], row["repeats"]) for row in found}


def test_an_id_counts_once_and_again_after_a_day_or_within_without_it() -> None:
    """Against a loop over all that was said: 30 minutes after the last time it is a prediction like any other."""
    log, said = published(CONFIGURATION)
    log.read().commit()
    expected: dict[tuple[str, int], list[int]] = {}
    last: dict[tuple[str, str], int] = {}
    for at, version, name in said:
        end, before = int(at) + 1, last.get((version, name), -100)
        expected.setdefault((version, end), [0, 0])[before >= end - WITHIN] += 1
        last[version, name] = end
    found = rows_of(log)
    assert {key: tuple(counted) for key, counted in expected.items()} == {key: found[key] for key in expected}
    of_models = Counter[str]()
    for row in log.rows(tables.MET):
        of_models.update({name: row[name] for name in ("predictions", "repeats")})
    assert of_models["repeats"] == sum(again for _, again in expected.values()) > 30


def test_windows_have_the_sums_of_their_panes_and_no_more_labels_than_predictions() -> None:
    """Every label has come, so all are covered."""
    log, _ = published(CONFIGURATION)
    log.read().commit()
    panes = rows_of(log)
    told = [row for row in log.rows(tables.PERFORMANCE) if row["metric"] == "coverage" and row["status"] == "final"]
    for row in told:
        ends = range(int(row["end"]) - row["length"] // MINUTE + 1, int(row["end"]) + 1)
        mine = [panes.get((row["version"], end), (0, 0)) for end in ends]
        assert [sum(part) for part in zip(*mine, strict=True)] == [row["predicted"], row["repeats"]]
        assert row["labelled"] == row["predicted"]
    assert len(told) > PANES


@pytest.mark.parametrize("configuration", [CONFIGURATION, SAMPLED])
def test_batches_crashes_and_what_is_forgotten_change_no_count(configuration: str) -> None:
    """Also where a sample of the ids waits: what is in it counts once."""
    whole, again = published(configuration)[0].read().commit(), published(configuration)[0]
    for upto in (60, 70, 200):
        again.read(batch=20, upto=upto).commit().crash()
    again.read(batch=90).commit()
    assert whole.results() == again.results()
    if configuration is SAMPLED:
        assert min(row["rate"] for row in whole.rows(tables.PENDING)) < 1
        kept = Counter(row["end"] for row in whole.rows(tables.PENDING) for _ in range(row["kept"]))
        counted = Counter(
            row["end"] for row in whole.rows(tables.PREDICTED) for _ in range(row["predictions"] + row["repeats"])
        )
        assert kept == counted
