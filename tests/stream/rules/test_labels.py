"""Labels meet predictions whenever they come, and windows say how good the model was as soon as they can."""

import random
from collections import Counter, defaultdict
from contextlib import suppress
from typing import Any

import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    precision_recall_fscore_support,
    roc_auc_score,
)

from sinks import commit as tables
from sinks.commit import StoreFailed
from stream.config.settings import MINUTE
from stream.joining.meeting import meet
from stream.monitor.checkpoint import pack
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import FIRST, Story, event, label, minute_of

LABELS = ("labels", 0)
CONFIGURATION = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 30m, coverage: 0.8}, output: {kind: binary}, segments: [country]}}
"""


def prediction(minute: float, name: str, score: float, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """A prediction with an id."""
    return event(minute, seed=hash_of(name), id=name, score=score, prediction=int(score >= 0.5), **changes)


def hash_of(name: str) -> int:
    """A number of a name, the same tomorrow."""
    return sum(map(ord, name))


def told(story: Story, metric: str = "accuracy", segment: str = "", minutes: float = 1) -> dict[float, list[Any]]:
    """What was told of a metric, by the end of the window: (step, status, value, labelled) in order."""
    found = defaultdict(list)
    for row in story.rows(tables.PERFORMANCE):
        if (row["metric"], row["segment"], row["length"]) == (metric, segment, minutes * MINUTE):
            found[row["end"]].append((row["step"], row["status"], round(row["value"], 6), row["labelled"]))
    return {end: sorted(rows) for end, rows in found.items()}


def story(**changes: str) -> Story:
    """Nothing published yet."""
    configuration = CONFIGURATION
    for before, after in changes.items():
        configuration = configuration.replace(before, after)
    return Story(configuration, (FIRST, LABELS))


def test_rule_15_a_pair_belongs_to_the_step_of_whichever_came_last() -> None:
    """A label may be there before its prediction, with it, or long after."""
    log = story()
    log.publish(FIRST, *(prediction(minute + 0.5, f"a{minute}", 0.9) for minute in range(12)), event(40))
    log.publish(LABELS, label(0.1, id="a5"), label(1.5, id="a1"), label(9.5, id="a2", label=0), label(40))
    log.read().commit()
    pairs = {row["at"]: row for row in log.rows(tables.PAIRS)}
    steps = {minute_of(at): (row["step"], row["label"]) for at, row in pairs.items()}
    assert steps == {5.5: (6, "1"), 1.5: (2, "1"), 2.5: (10, "0")}


def test_a_window_is_told_provisional_then_mature_then_final() -> None:
    """With what it knew at each step; what is final is told once more and never again."""
    log = story()
    names = [f"a{i}" for i in range(100)]
    log.publish(FIRST, *(prediction(0.5, name, 0.9) for name in names), event(60))
    for minute, some in ((2.5, names[:20]), (3.5, names[20:40]), (7.5, names[40:80]), (8.5, names[80:90])):
        log.publish(LABELS, *(label(minute, id=name, label=int(name != "a0")) for name in some))
    log.publish(LABELS, label(60, id="nobody"))
    log.read().commit()
    assert told(log) == {
        1: [
            (4, "provisional", 0.975, 40),
            (8, "mature", 0.9875, 80),
            (31, "final", pytest.approx(89 / 90, abs=1e-6), 90),
        ]
    }
    assert told(log, minutes=5)[5][-1][:2] == (35, "final")


def test_a_corrected_label_takes_the_old_one_back() -> None:
    """Cells lose the pair and gain another; detectors would not move again."""
    log = story()
    log.publish(FIRST, *(prediction(0.5, name, 0.9) for name in "abcd"), event(60))
    log.publish(LABELS, *(label(2.5, id=name) for name in "abcd"))
    log.publish(LABELS, label(6.5, id="a", label=0, event="correct"), label(8.5, id="b", event="retract"), label(60))
    log.read().commit()
    assert [row[2:] for row in told(log)[1]] == [(1.0, 4), (0.75, 4), (pytest.approx(2 / 3, abs=1e-6), 3)] * 1 + [
        (pytest.approx(2 / 3, abs=1e-6), 3)
    ] * (len(told(log)[1]) - 3)
    changes = [(row["step"], row["change"], row["first"], row["label"]) for row in log.rows(tables.PAIRS)]
    assert sorted(changes)[4:] == [(7, -1, False, "1"), (7, 1, False, "0"), (9, -1, False, "1")]


def test_a_window_whose_labels_are_all_taken_back_has_no_number_any_more() -> None:
    """The newest word on each metric is that it is unknown, not what it once was."""
    log = story()
    log.publish(FIRST, *(prediction(0.5, name, 0.9) for name in "abcd"), event(20))
    log.publish(LABELS, *(label(2.5, id=name) for name in "abcd"))
    log.publish(LABELS, *(label(6.5, id=name, event="retract") for name in "abcd"), label(20))
    log.read().commit()
    rows = [row for row in log.rows(tables.PERFORMANCE) if not row["segment"] and row["length"] == MINUTE]
    last = {row["metric"]: row for row in sorted(rows, key=lambda row: row["step"])}
    assert (last["coverage"]["value"], last["coverage"]["labelled"]) == (0, 0)
    assert {"coverage"} == {metric for metric, row in last.items() if row["value"] == row["value"]}
    assert {7} == {row["step"] for row in last.values()}


def test_nothing_is_dropped_without_a_counter() -> None:
    """Again, corrected, retracted, unusable, late, and of nobody: each label is counted once as what it was."""
    log = story()
    log.publish(FIRST, *(prediction(0.5, name, 0.9) for name in "abcde"), prediction(0.7, "a", 0.1), event(120))
    log.publish(LABELS, *(label(1.5, id=name) for name in "abc"), label(1.6, id="a", label=0))
    log.publish(LABELS, label(2.5, id="b", event="correct", label=0), label(3.5, id="c", event="retract"))
    log.publish(LABELS, label(4.5, id="d", label=None), label(5.5, id="nobody"), label(40.5, id="e"), label(120))
    log.read().commit()
    names = [column.name for column in tables.MET.columns[2:]]
    found = {name: sum(row[name] for row in log.rows(tables.MET)) for name in names}
    wanted = {"repeats": 1, "pairs": 3, "corrected": 1, "retracted": 1, "again": 1, "late": 1, "orphans": 1}
    assert found == {"predictions": 5, "unusable": 1, "unsampled": 0, **wanted}


@pytest.mark.parametrize("often", [False, True])
def test_a_label_that_met_its_prediction_is_no_orphan_however_finely_steps_are_cut(often: bool) -> None:
    """Its wait ends long after its prediction is forgotten; one of nobody, and one that came too early, are orphans."""
    log = story(**{"within: 30m": "within: 4d"})
    day = 24 * 60
    log.publish(FIRST, *(prediction(minute, name, 0.9) for minute, name in ((0.5, "a"), (0.6, "b"))))
    log.publish(LABELS, label(1, id="late"), label(2, id="nobody"), label(3, id="early"))
    for i in range(1, 10):
        at = i * day
        log.publish(FIRST, event(at), *([prediction(at, "early", 0.9)] if i == 3 else []))
        log.publish(FIRST, *([prediction(at, "late", 0.9)] if i == 5 else []))
        log.publish(LABELS, *([label(at, id="a"), label(at, id="b"), label(at, id="b")] if i == 3 else []))
        log.publish(LABELS, label(at, id=f"day {i}"))
        if often:
            log.read().commit()
    log.read().commit()
    found = Counter[tuple[str, float]]()
    for row in log.rows(tables.MET):
        found.update({(name, row["step"]): row[name] for name in ("pairs", "again", "orphans") if row[name]})
    days = {("orphans", (i + 4) * day + 1): 1 for i in range(1, 5)}
    pairs = {("pairs", 3 * day + 1): 3, ("again", 3 * day + 1): 1}
    assert found == pairs | days | {("orphans", 4 * day + 2): 1, ("orphans", 4 * day + 3): 1}


@pytest.mark.parametrize("seed", range(4))
def test_in_the_end_windows_say_what_scikit_learn_says_of_the_finished_files(seed: int) -> None:
    """Labels shuffled, delayed, doubled and corrected, read in batches, with crashes: the last word is the truth."""
    dice = random.Random(seed)
    log = story()
    truth: dict[str, tuple[float, float, int, str]] = {}
    events, labels = [], []
    for i in range(400):
        minute, score = dice.uniform(0, 20), dice.random()
        answer, country = int(dice.random() < score), dice.choice(("FR", "DE"))
        truth[f"i{i}"] = (minute, score, answer, country)
        events.append((minute, prediction(minute, f"i{i}", score, features={"amount": 1.0, "country": country})))
        at = minute + dice.uniform(0, 25)
        wrong = dice.random() < 0.1
        labels.append((at, label(at, id=f"i{i}", label=answer ^ wrong)))
        if wrong:
            labels.append((at + 2, label(at + 2, id=f"i{i}", label=answer, event="correct")))
        if dice.random() < 0.1:
            labels.append((at + 1, label(at + 1, id=f"i{i}", label=1 - answer)))
    log.publish(FIRST, *(value for _, value in sorted(events)), event(90))
    log.publish(LABELS, *(value for _, value in sorted(labels)), label(90))
    batch = dice.choice((7, 50, 1_000))
    for upto in (100, 250, 1_000):
        log.read(batch=batch, upto=upto).commit().crash()
    log.read().commit()
    for segment in ("", "country=FR"):
        for end in (5, 10, 15, 20):
            mine = [t for t in truth.values() if end - 5 <= t[0] < end and segment in ("", f"country={t[3]}")]
            scores, answers = [t[1] for t in mine], [t[2] for t in mine]
            guesses = [int(score >= 0.5) for score in scores]
            value = told(log, "accuracy", segment, 5)[end][-1]
            assert value[1:] == ("final", pytest.approx(accuracy_score(answers, guesses), abs=1e-6), len(mine))
            if not segment:
                expected = {"f1": f1_score(answers, guesses), "log_loss": log_loss(answers, scores)}
                for metric, wanted in expected.items():
                    assert told(log, metric, segment, 5)[end][-1][2] == pytest.approx(wanted, abs=2e-6)
                auc = told(log, "roc_auc", segment, 5)[end][-1][2]
                assert auc == pytest.approx(roc_auc_score(answers, scores), abs=0.01)


def test_a_fall_of_accuracy_is_found_within_two_hundred_labels() -> None:
    """0.90 becomes 0.72 under the same inputs: one finding says so, soon, and before that there was none."""
    dice = random.Random(3)
    log = story()
    fell_at, n = 24, 100  # predictions per minute
    for minute in range(30):
        names = [f"{minute}-{i}" for i in range(n)]
        right = 0.9 if minute < fell_at else 0.72
        log.publish(FIRST, *(prediction(minute + 0.5, name, 0.9) for name in names))
        log.publish(LABELS, *(label(minute + 0.6, id=name, label=int(dice.random() < right)) for name in names))
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60))
    log.read(batch=333).commit()
    found = [row for row in log.rows(tables.FINDINGS) if row["detector"] == "error_rate"]
    assert 1 == len(found)  # as long as it lasts
    assert [] == [row for row in found if row["end"] <= fell_at]
    assert min(row["end"] for row in found) <= fell_at + 2
    assert 0.2 < found[0]["value"] < 0.45
    assert 0.07 < found[0]["limit"] < 0.13


def test_chosen_detectors_see_the_same_pairs() -> None:
    """0.90 becomes 0.60: each says so soon, by its own name, and the chart's finding is the same as without them."""
    dice = random.Random(3)
    plain, log = story(), story(**{"segments: [country]": "segments: [country], sequential: {errors: [ddm, hddm_w]}"})
    for minute in range(30):
        names = [f"{minute}-{i}" for i in range(100)]
        answers = [label(minute + 0.6, id=each, label=int(dice.random() < (0.9, 0.6)[minute >= 24])) for each in names]
        for one in (plain, log):
            one.publish(FIRST, *(prediction(minute + 0.5, name, 0.9) for name in names))
            one.publish(LABELS, *answers)
    for one in (plain, log):
        one.publish(FIRST, event(60))
        one.publish(LABELS, label(60))
    plain.read().commit()
    log.read(batch=77).commit()
    found = [row for row in log.rows(tables.FINDINGS) if row["detector"] in {"ddm", "hddm_w"}]
    for name in ("ddm", "hddm_w"):
        first = min((row for row in found if row["detector"] == name and row["end"] > 24), key=lambda row: row["end"])
        assert first["end"] <= 26
        assert first["value"] > 0.25
        assert 0.05 < first["limit"] < 0.15
    assert plain.rows(tables.FINDINGS) == [row for row in log.rows(tables.FINDINGS) if row not in found]


def test_models_with_several_classes_and_numbers_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """As scikit-learn does, each class too, and one that no plan knows."""
    dice = random.Random(5)
    names = [dice.choice("abc") for _ in range(60)]
    truth = [name if dice.random() < 0.7 else dice.choice("abcd") for name in names]
    numbers = [round(dice.gauss(50, 9), 2) for _ in range(60)]
    real = [round(number + dice.gauss(1, 3), 2) for number in numbers]
    found = {}
    for kind, said, labels in (("multiclass", names, truth), ("regression", numbers, real)):
        rows = (event(-60 + i / 100, seed=i, prediction=each) for i, each in enumerate(said))
        monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_events([*rows]), kind))
        log = story(binary=kind)
        predictions = (event(0.5, seed=i, id=f"a{i}", prediction=each) for i, each in enumerate(said))
        log.publish(FIRST, *predictions, event(60))
        log.publish(LABELS, *(label(1.5, id=f"a{i}", label=each) for i, each in enumerate(labels)), label(60))
        log.read().commit()
        rows = log.rows(tables.PERFORMANCE)
        found |= {row["metric"]: row["value"] for row in rows if not row["segment"] and row["status"] == "final"}
    precision, recall, *_ = precision_recall_fscore_support(truth, names, labels=["a", "b", "c"])
    expected = {f"precision:{name}": value for name, value in zip("abc", precision, strict=True)}
    expected |= {f"recall:{name}": value for name, value in zip("abc", recall, strict=True)}
    expected |= {"accuracy": accuracy_score(truth, names), "mae": mean_absolute_error(real, numbers)}
    assert {name: pytest.approx(value, abs=1e-6) for name, value in expected.items()} == {
        name: found[name] for name in expected
    }


def test_metrics_of_ones_own_are_told_like_any_other() -> None:
    """Of everything and of segments, with their intervals and a reference; what decisions are worth, too."""
    dice = random.Random(8)
    own = "metrics: {cost: 5 * false_negatives + false_positives, f3: 10 * true_positives / (10 * true_positives + "
    own += "9 * false_negatives + false_positives), gini: 2 * roc_auc - 1, unlabelled: 1 - accuracy}, segments"
    log = story(segments=own, **{"kind: binary": "kind: binary, worth: {false_positive: -1, false_negative: -5}"})
    for minute in range(12):
        for i in range(120):
            name, score = f"{minute}-{i}", dice.random()
            log.publish(FIRST, prediction(minute + 0.5, name, score, features={"country": dice.choice(("FR", "DE"))}))
            log.publish(LABELS, label(minute + 0.6, id=name, label=int(dice.random() < score)))
    log.publish(FIRST, event(60))
    log.publish(LABELS, label(60, id="nobody"))
    log.read(batch=500).commit()
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["status"] == "final"]
    windows: dict[Any, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        windows[row["segment"], row["length"], row["end"]][row["metric"]] = row
    assert {"", "country=FR", "country=DE"} <= {segment for segment, *_ in windows}
    for (segment, *_), found in windows.items():
        value = {metric: row["value"] for metric, row in found.items()}
        assert value["unlabelled"] == pytest.approx(1 - value["accuracy"])
        assert value["gini"] == pytest.approx(2 * value["roc_auc"] - 1)
        assert found["gini"]["low"] == pytest.approx(2 * found["roc_auc"]["low"] - 1)
        if not segment:
            assert value["cost"] == pytest.approx(5 * value["false_negatives"] + value["false_positives"])
            assert value["cost"] == pytest.approx(-value["worth"])
            hits, misses, false = (value[f"{each}s"] for each in ("true_positive", "false_negative", "false_positive"))
            assert value["f3"] == pytest.approx(10 * hits / (10 * hits + 9 * misses + false))
        for metric in ("cost", "f3", "gini", "unlabelled"):
            row = found[metric]
            assert row["low"] < row["value"] < row["high"]
            assert row["error"] > 0
            assert not row["verdict"]
    last = max(windows[key]["cost"]["end"] for key in windows if not key[0])
    references = [windows[key]["cost"]["reference"] for key in windows if not key[0] and key[2] == last]
    assert all(0.2 < each < 1.8 for each in references)


def test_a_store_that_fails_amid_a_step_is_asked_again_as_if_nothing_had_been() -> None:
    """Whichever of its answers fails: charts, windows and rows are those of a store that never failed."""
    dice = random.Random(5)
    names = [f"a{i}" for i in range(700)]
    labels = [label(3.5, id=name, label=int(dice.random() < 0.9)) for name in names]

    def told_by(failing: int) -> tuple[dict[str, list[str]], bytes]:
        log = story()
        log.publish(FIRST, *(prediction(0.5 + 0.001 * i, name, 0.9) for i, name in enumerate(names)), event(60))
        log.publish(LABELS, *labels, label(60, id="nobody"))
        log.read()
        log.store.write(log.journey.take())
        asked = log.store.within = Failing(log.store.within, failing)  # type: ignore[method-assign]  # as a disk would
        for _ in range(2):
            with suppress(StoreFailed):
                meet(log.journey, log.store)
        assert asked.left < 0, "nothing was asked so often"
        return log.commit().results(), pack(log.journey.state)

    undisturbed = told_by(-1)
    assert undisturbed[0]["performance"]
    assert undisturbed == told_by(0)  # all windows are one question


class Failing:
    """The n-th question about pairs is not answered."""

    def __init__(self, within: Any, failing: int) -> None:  # noqa: ANN401 - a store's
        self._within, self.left = within, failing

    def __call__(self, *about: Any) -> Any:  # noqa: ANN401 - as a store's
        """The rows, or none."""
        self.left -= 1
        if self.left == -1:
            raise StoreFailed("no memory left")
        return self._within(*about)


DAY_MIN, MIDNIGHT = 24 * 60, 16 * 60  # the story's clock begins at eight in the morning
DAYS = """
events: {predictions: [events], labels: [labels], max_ahead: 20d, max_skew: 30d}
defaults: {windows: [1d], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 20d, coverage: 0.8}, output: {kind: binary}, tolerate: 0.02}}
"""


@pytest.mark.parametrize("delay", [1, 7, 14])
def test_a_fall_is_found_in_the_first_commit_that_has_enough_labels(delay: int) -> None:
    """Labels come a day, a week or two after their predictions; on day 6 the model falls from 0.9 to 0.75."""
    dice, fell, n = random.Random(delay), 6, 250
    log = Story(DAYS, (FIRST, LABELS))
    for day in range(fell + 2):
        for i in range(n):
            minute, name = MIDNIGHT + DAY_MIN * (day + i / n), f"{day}-{i}"
            right = 0.9 if day < fell else 0.75
            log.publish(FIRST, prediction(minute, name, 0.9))
            log.publish(LABELS, label(minute + DAY_MIN * delay, id=name, label=int(dice.random() < right)))
    log.publish(FIRST, event(DAY_MIN * 40))
    log.publish(LABELS, label(DAY_MIN * 40, id="nobody"))
    log.read(batch=500).commit()
    found = [row for row in log.rows(tables.FINDINGS) if row["detector"] == "performance"]
    ends = [row["end"] for row in found if row["feature"] == "performance:accuracy"]
    assert [MIDNIGHT + DAY_MIN * (fell + i) for i in (1, 2)] == sorted(ends)
    rows = [row for row in log.rows(tables.PERFORMANCE) if row["metric"] == "accuracy" and row["verdict"]]
    first = min((row for row in rows if row["end"] == MIDNIGHT + DAY_MIN * (fell + 1)), key=lambda row: row["step"])
    enough = MIDNIGHT + DAY_MIN * (fell + delay + (0.8 * n - 1) / n)  # when the label comes that makes four fifths
    assert (first["status"], first["verdict"]) == ("mature", "worse")
    assert 0 < first["step"] - enough <= log.journey.settings.pane / MINUTE
    assert first["value"] < first["limit"] < first["reference"]
    first_said: dict[float, str] = {}
    for row in sorted(rows, key=lambda row: row["step"]):
        first_said.setdefault(row["end"], row["verdict"])
    early = [verdict for end, verdict in sorted(first_said.items()) if end <= MIDNIGHT + DAY_MIN * fell]
    assert early == ["unknown"] * 5 + ["well"]  # of a thousand pairs is the standard, 200 of each day
