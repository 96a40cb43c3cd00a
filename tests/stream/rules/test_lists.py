"""Predictions that are lists: they wait for what their query's items turn out to be worth, and windows say how good."""

import json
import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from detectors.performance.classes.multiclass import Multiclass
from sinks import commit as tables
from stream.answers.classes import Classes
from stream.answers.lists import Lists
from stream.config.settings import MINUTE
from stream.encodings.ranked import LISTED_MAX, RELEVANT_MAX, items, judged, relevances
from stream.encodings.several import probabilities
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import CONFIGURATION, LABELS

ITEMS = [f"sku-{i}" for i in range(40)]
N = 200


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference of events that predict lists; they are no column."""
    rows = [event(-60 + i / 100, seed=i, prediction=ITEMS[:3]) for i in range(300)]
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_events(rows), "lists"))


def measured(said: list[Any], labels: list[Any], batch: int = 10**6) -> tuple[Story, dict[str, dict[str, Any]]]:
    """A story of queries in one window, and its final numbers by metric, of segments by `metric segment`."""
    log = Story(CONFIGURATION.replace("binary", "ranking"), (FIRST, LABELS))
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", prediction=each) for i, each in enumerate(said)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=each) for i, each in enumerate(labels)), label(60))
    log.read(batch=batch).commit()
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["status"] == "final" and row["length"] == MINUTE]
    return log, {f"{row['metric']} {row['segment']}".strip(): row for row in rows}


def worth(listed: list[str], gains: dict[str, float], cut: int) -> float:
    """As scikit-learn has it: what is not listed lies behind all that is."""
    every = [*listed, *[f"nothing {i}" for i in range(cut)], *(gains.keys() - set(listed))]
    return float(ndcg_score([[gains.get(each, 0) for each in every]], [range(len(every), 0, -1)], k=cut))


@pytest.mark.usefixtures("known")
def test_lists_are_worth_what_scikit_learn_says() -> None:
    """Of graded relevances, also of items that were not listed; of all queries, and of a segment's."""
    dice = random.Random(4)
    said = [dice.sample(ITEMS, dice.randrange(1, 25)) for _ in range(N)]
    labels = [{each: dice.choice((0, 1, 2, 3)) for each in dice.sample(ITEMS, dice.randrange(12))} for _ in range(N)]
    log, found = measured(said, labels)
    country = [json.loads(event(0.5, seed=i))["features"]["country"] for i in range(N)]
    for cut in (1, 3, 5, 10):
        each = [worth(listed, gains, cut) for listed, gains in zip(said, labels, strict=True)]
        assert found[f"ndcg_at_{cut}"]["value"] == pytest.approx(np.mean(each), abs=1e-9)
    french = [value for value, where in zip(each, country, strict=True) if where == "FR"]
    assert found["ndcg_at_10 country=FR"]["value"] == pytest.approx(np.mean(french), abs=1e-9)
    relevant = [{name for name, gain in gains.items() if gain} for gains in labels]
    firsts = [
        next((1 / place for place, one in enumerate(listed, 1) if one in wanted), 0.0)
        for listed, wanted in zip(said, relevant, strict=True)
    ]
    hits = [bool(wanted & {*listed[:5]}) for listed, wanted in zip(said, relevant, strict=True)]
    recalls = [len(wanted & {*listed[:5]}) / (len(wanted) or 1) for listed, wanted in zip(said, relevant, strict=True)]
    expected = {"mrr": firsts, "hit_rate_at_5": hits, "recall_at_5": recalls}
    for metric, values in expected.items():
        assert found[metric]["value"] == pytest.approx(np.mean(values), abs=1e-9)
        assert found[metric]["low"] < found[metric]["value"] < found[metric]["high"]
    assert log.results() == measured(said, labels, batch=7)[0].results()


@pytest.mark.parametrize("answers", [Lists(), Classes(Multiclass(("a", "b")))])
def test_blocks_do_not_matter(answers: Lists | Classes, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pairs are laid out at once, each adds the same, bit for bit."""
    dice = random.Random(6)
    lists = [dice.sample(ITEMS, dice.randrange(1, 25)) for _ in range(N)]
    relevant = [relevances({each: dice.random() * 3 for each in dice.sample(ITEMS, 4)}) for _ in range(N)]
    if isinstance(answers, Lists):
        several = [judged(items(one), label) for one, label in zip(lists, relevant, strict=True)]
    else:
        several = [probabilities("ab")({"a": dice.random(), "b": 0.25}) for _ in range(N)]
    kept = np.empty(N, np.object_)
    kept[:] = several
    texts = {name: np.array([dice.choice("abc") for _ in range(N)], np.object_) for name in ("label", "answer")}
    rows = texts | {"several": kept, "value": np.full(N, np.nan)}
    whole = answers.pairs(rows)
    for size in (1, 7, N - 1):
        monkeypatch.setattr("stream.answers.blocks.BLOCK", size)
        for one, other in zip(whole, answers.pairs(rows), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("known")
def test_a_label_is_relevances_or_items_or_the_one_item() -> None:
    """Numbers are called as categories are; an item that comes again does not count again."""
    said: list[Any] = [["b", 7, "a"], ["b", "7", "7", True], ["c", "b", 7.0], "7", ["b", ["7"], None, 7]]
    labels: list[Any] = [{"7": 2, "b": 0}, ["7", "x"], 7, "7", {"7": True, "c": "much", "d": None, "e": -1}]
    found = measured(said * 8, labels * 8)[1]
    places = [2, 2, 3, 1, 4]
    assert found["mrr"]["value"] == pytest.approx(np.mean([1 / place for place in places]), abs=1e-9)
    assert found["precision_at_5"]["value"] == pytest.approx(1 / 5, abs=1e-9)
    assert found["recall_at_5"]["value"] == pytest.approx(np.mean([1, 0.5, 1, 1, 1]), abs=1e-9)


@pytest.mark.usefixtures("known")
def test_nothing_relevant_is_an_answer_and_nothing_said_is_none() -> None:
    """Empty lists and empty labels count as queries; without a list there is nothing to measure."""
    said: list[Any] = [["a"], [], None, {"a": 1}, ["a"], ["a"]]
    labels: list[Any] = [[], ["a"], ["a"], ["a"], "a", None]
    log, found = measured(said * 10, labels * 10)
    assert (1 / 3, 2 / 3) == (
        pytest.approx(found["hit_rate_at_1"]["value"]),
        pytest.approx(found["barren"]["value"]),
    )
    assert 10 == sum(row["unusable"] for row in log.rows(tables.MET))
    assert 50 == found["mrr"]["labelled"], "five of six have a label, whatever they said"


@pytest.mark.usefixtures("known")
def test_lists_and_labels_are_kept_up_to_a_bound() -> None:
    """The first places, and the most relevant items."""
    long = [f"i{i}" for i in range(2 * LISTED_MAX)]
    wanted = {f"i{2 * LISTED_MAX - 1}": 9} | {f"x{i}": 1 + i / 10_000 for i in range(2 * RELEVANT_MAX)}
    log, found = measured([long] * 30, [wanted] * 30)
    assert 0.0 == found["mrr"]["value"]
    assert {LISTED_MAX * 8} == {len(row["several"]) for row in log.rows(tables.PREDICTIONS) if row["several"]}
    said = {row["label"] for row in log.rows(tables.PAIRS)}
    assert [RELEVANT_MAX] == [len(json.loads(each)) for each in said]
    assert 9 == max(json.loads(next(iter(said))).values())


@pytest.mark.usefixtures("known")
def test_a_label_before_its_model_is_known_means_the_same() -> None:
    """The configuration says what it predicts, so nobody need have seen a prediction."""
    found = []
    for order in ((LABELS, FIRST), (FIRST, LABELS)):
        log = Story(CONFIGURATION.replace("binary", "ranking"), (FIRST, LABELS))
        log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", prediction=["b", "a"]) for i in range(40)), event(60))
        log.publish(LABELS, *(label(1.5, id=f"a{i}", label=["a"]) for i in range(40)), label(60))
        for partition in order:
            log.read(partition)
        found.append(log.read().commit().results())
    assert found[0]["performance"]
    assert found[0] == found[1]


@pytest.mark.usefixtures("known")
def test_a_corrected_label_moves_its_query() -> None:
    """The pair is taken back with its relevances."""
    log = Story(CONFIGURATION.replace("binary", "ranking"), (FIRST, LABELS))
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", prediction=["b", "a"]) for i in range(40)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=["b"]) for i in range(40)))
    log.publish(LABELS, *(label(4.5, id=f"a{i}", label={"a": 1}, event="correct") for i in range(40)), label(60))
    log.read().commit()
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["metric"] == "mrr" and row["length"] == MINUTE]
    told = sorted((row["step"], row["status"], round(row["value"], 9)) for row in rows if not row["segment"])
    assert [("mature", 1.0), ("mature", 0.5), ("final", 0.5)] == [(status, value) for _, status, value in told]


@pytest.mark.usefixtures("known")
def test_lists_that_have_become_worse_are_found() -> None:
    """The first windows are the standard for how many queries have something relevant in their list."""
    dice, log = random.Random(8), Story(CONFIGURATION.replace("binary", "ranking"), (FIRST, LABELS))
    for minute in range(6):
        names = [f"{minute}-{i}" for i in range(400)]
        hit = 0.9 if minute < 4 else 0.6
        log.publish(FIRST, *(event(minute + 0.5, id=name, prediction=ITEMS[:10]) for name in names))
        wanted = (ITEMS[3] if dice.random() < hit else ITEMS[20] for _ in names)
        log.publish(
            LABELS, *(label(minute + 0.6, id=name, label=each) for name, each in zip(names, wanted, strict=True))
        )
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60))
    log.read(batch=333).commit()
    found = [row for row in log.rows(tables.FINDINGS) if row["feature"] == "performance:hit_rate_at_10"]
    assert found
    assert {row["length"] for row in found} >= {MINUTE}
    assert [] == [row for row in found if row["end"] <= 4]
