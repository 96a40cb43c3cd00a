"""Steps of labels go on where they were: per model, a bounded piece at a time, whatever happens between them."""

import pytest
from msgspec.structs import replace

from sinks import commit as tables
from sinks.commit import Meeting, Steps
from tests.stream.rules.story import FIRST, Story, event, label

LABELS, OTHER = ("labels", 0), ("others", 0)
ONE = """
events: {predictions: [events], labels: [labels]}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {file: reference}}
models: {shop: {labels: {within: 30m, coverage: 0.8}, output: {kind: binary}}}
"""
BOTH = ONE.replace("[events]", "[events, others]")
MODELS = ("shop", "bakery")
UNKNOWN = ONE.replace("models: {shop:", "models: {'*':")


def busy(configuration: str, *partitions: tuple[str, int], since: int = 0) -> Story:
    """A label half a minute after each prediction, now and then a correction, a repeat and somebody unknown."""
    log = Story(configuration, (FIRST, LABELS, *partitions))
    for minute in range(since, 40):
        for seed in range(4):
            name, score = f"{minute}-{seed}", 0.2 * seed + 0.1
            log.publish(FIRST, event(minute + 0.1 * seed, seed=seed, id=name, score=score, prediction=int(score > 0.5)))
        log.publish(LABELS, *(label(minute + 0.6, id=f"{minute}-{seed}", label=seed % 2) for seed in range(4)))
        log.publish(LABELS, label(minute + 0.7, id=f"{minute - 3}-0", label=1, event="correct"))
        log.publish(LABELS, label(minute + 0.8, id=f"nobody-{minute}"))
    return log


def told(log: Story) -> list[list[str]]:
    """What became of whom."""
    return [[repr(row) for row in log.rows(table)] for table in (tables.MET, tables.PAIRS, tables.UNMET)]


@pytest.mark.parametrize("back", [False, True])
def test_a_model_whose_topics_change_goes_on_with_its_next_step(back: bool) -> None:
    """A topic more or less: no step is taken twice, and none is left out."""
    log = busy(BOTH if back else ONE, *([OTHER] if back else []))
    log.read(FIRST, LABELS, upto=100)
    if back:
        log.idle(OTHER, 26)
    log.commit().crash(ONE if back else BOTH)
    assert len(log.rows(tables.MET)) > 10
    if not back:
        log.find(OTHER)
        log.idle(OTHER, 60)
    log.read(batch=7).commit().end()
    assert told(busy(ONE).read().commit().end()) == told(log)


@pytest.mark.parametrize("first", [1, 3, 8])
def test_labels_before_their_model_is_known_count_the_same_however_often_is_committed(first: int) -> None:
    """Its steps are its own, whether or not those of others were taken by then."""

    def newcomer() -> Story:
        log = Story(UNKNOWN, (FIRST, LABELS))
        for minute in range(24):
            log.publish(FIRST, *(event(minute + 0.1, model, id=f"{model}-{minute}", score=0.4) for model in MODELS))
            log.publish(LABELS, *(label(minute + 0.2, model, id=f"{model}-{minute}") for model in MODELS))
            log.publish(LABELS, label(minute + 0.3, "late", id=f"late-{minute + first}"))
            if minute > first:
                log.publish(FIRST, event(minute + 0.4, "late", id=f"late-{minute}", score=0.6))
        return log

    often = newcomer()
    for offset in range(0, 120, 4):
        often.read(batch=4, upto=offset).commit()
    assert told(newcomer().read().commit().end()) == told(often.read().commit().end())


def test_a_long_outage_is_made_good_in_pieces_with_the_rows_of_one() -> None:
    """Each Commit takes some of the steps that were due, and the next one goes on."""
    whole, pieces = busy(ONE), busy(ONE)
    answer, sizes = pieces.store.meeting, []

    def few(steps: Steps) -> Meeting:
        met = answer(replace(steps, rows_max=steps.rows_max and 30))
        sizes.append(len(met.answers["key"]) + len(met.predictions["key"]))
        return met

    pieces.store.meeting = few  # type: ignore[method-assign]  # as a large one would
    assert whole.read().commit().end().results() == pieces.read().commit().end().results()
    assert len(sizes) > 10
    assert max(sizes) < 100


def test_a_repeat_is_counted_apart_and_takes_nothing_from_the_coverage() -> None:
    """Of three predictions that are sent twice, with all labels there, all are covered."""
    log = Story(ONE, (FIRST, LABELS))
    for minute in (0.2, 0.4):
        log.publish(FIRST, *(event(minute, id=f"a{i}", seed=i, score=0.9, prediction=1) for i in range(3)))
    log.publish(LABELS, *(label(0.5, id=f"a{i}") for i in range(3)))
    log.read().commit().end()
    told = {
        (row["predicted"], row["repeats"], row["labelled"])
        for row in log.rows(tables.PERFORMANCE)
        if not row["segment"]
    }
    assert {(3, 3, 3)} == told
    assert 3 == sum(row["repeats"] for row in log.rows(tables.MET))
