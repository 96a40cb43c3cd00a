"""Several monitors share the models: together they have the rows of one, whoever is away meanwhile."""

from collections import Counter

import pytest

from sinks import commit as tables
from stream.config.parse import parse
from stream.config.sections.monitors import Monitors as Sharing
from stream.monitor.state import State
from stream.tiers.handover import NotHandedOver, hand_over, joined
from stream.tiers.moving import MEMORY
from tests.stream.monitors import Monitors, alone
from tests.stream.rules.story import FIRST, SECOND, event, label

NAMES = ("a", "b", "c")
LABELS = ("labels", 0)
LEARNING = """
events: {predictions: [events], labels: [labels]}
limits: {models: 12}
defaults: {windows: [1m, 5m], lateness: 1m, reference: {learn: 5m}}
"""
SHOPS = [f"shop{i}" for i in range(6)]


def minutes(log: Monitors, first: int, last: int, models: list[str] | None = None, **changes: object) -> None:
    """Enough events of each model to learn from, on both partitions; a label and a refusal each minute."""
    for minute in range(first, last):
        for place, partition in enumerate((FIRST, SECOND)):
            for model in models or SHOPS:
                log.publish(partition, *(event(minute + 0.4, model, 2 * seed + place, **changes) for seed in range(25)))
            log.publish(partition, b"{")
        log.publish(LABELS, label(minute + 0.5, "shop1"))


def shared(names: tuple[str, ...] = NAMES) -> Monitors:
    """Monitors, and nothing published yet."""
    return Monitors(LEARNING, names, (FIRST, SECOND, LABELS))


def owners(log: Monitors) -> dict[str, str]:
    """The monitor of each shop."""
    monitors = parse(log.configuration).monitors
    return {model: monitors.owner(model) for model in SHOPS}


@pytest.mark.parametrize("batch", [10_000, 333])
def test_together_they_have_the_rows_of_one_process(batch: int) -> None:
    """Models that are learned, new versions, strangers beyond the limit, late events, labels, refusals."""
    log = shared()
    minutes(log, 0, 12)
    minutes(log, 12, 16, version="2")
    minutes(log, 16, 22, ["shop1", "shop2", *(f"new{i}" for i in range(9))])
    log.publish(FIRST, event(3, "shop2"))
    minutes(log, 22, 30)
    log.read(batch).end()
    assert alone(LEARNING, log) == log.results()
    assert 3 == len(set(owners(log).values())), "each has some"
    assert 12 == len({row["model"] for row in log.rows(tables.PLANS)})
    judged = Counter(row["verdict"] for row in log.rows(tables.WINDOWS))
    assert judged["ok"] > 100, judged
    assert {"late": 1} == {"late": sum(row["late"] for row in log.rows(tables.TRAFFIC))}


def test_who_is_away_holds_up_nobody_while_its_models_have_their_plans() -> None:
    """The others judge on; what it has missed it reads later."""
    log = shared()
    minutes(log, 0, 15)
    log.read()
    away = owners(log)["shop0"]
    log.go(away)
    minutes(log, 15, 60)
    log.read()
    others = [name for name in NAMES if name != away]
    assert 58 == max(row["end"] for row in log.rows(tables.WINDOWS, others))
    assert 14 > max(row["end"] for row in log.rows(tables.WINDOWS, [away]))
    log.come(away)
    log.read().end()
    assert alone(LEARNING, log) == log.results()


def test_all_of_them_decide_the_same_rates_and_who_is_away_finds_what_was_decided() -> None:
    """Workers go on by what the others say of its models; it decides the same later."""
    configuration = LEARNING.replace("{models: 12}", "{models: 12, pending: 1000}").replace(
        "{learn: 5m}}", "{learn: 5m}, labels: {within: 6m}}"
    )
    log = Monitors(configuration, NAMES, (FIRST, SECOND, LABELS))
    minutes(log, 0, 15)
    log.read()
    away = owners(log)["shop0"]
    assert not any(entry.rates for entry in log.present[away].state.roster.entries)
    log.go(away)
    minutes(log, 15, 45)
    log.read()
    log.come(away)
    minutes(log, 45, 60)
    log.read().end()
    assert alone(configuration, log) == log.results()
    rates = {row["end"]: row["rate"] for row in log.rows(tables.PENDING, [away]) if row["model"] == "shop0"}
    assert {min(rates): 1.0, 44: 0.5} == {end: rates[end] for end in (min(rates), 44)}


def test_who_is_to_learn_a_model_is_waited_for() -> None:
    """Its plan holds from a pane that nobody may have read: so nobody reads on without it."""
    log = shared()
    minutes(log, 0, 3)
    log.read()
    away = owners(log)["shop0"]
    log.go(away)
    minutes(log, 3, 40)
    log.read()
    assert all(worker.held for partition, worker in log.workers.items() if partition != LABELS)
    assert 10 > max(row["end"] for row in log.rows(tables.TRAFFIC))
    log.come(away)
    log.read().end()
    assert alone(LEARNING, log) == log.results()


def test_what_is_new_while_its_monitor_is_away_is_admitted_by_the_others() -> None:
    """A version goes on at once; a model waits to be learned by its own monitor."""
    log = shared()
    minutes(log, 0, 15)
    log.read()
    monitors = parse(log.configuration).monitors
    away = owners(log)["shop0"]
    stranger = next(name for name in (f"new{i}" for i in range(99)) if monitors.owner(name) == away)
    log.go(away)
    minutes(log, 15, 30, version="2")
    log.read()
    versions = log.boards.newest.roster.get("shop0").versions  # type: ignore[union-attr]  # it is there
    assert {"1", "2"} == set(versions)
    assert not any(worker.held for worker in log.workers.values())
    minutes(log, 30, 50, [stranger, *SHOPS])
    log.read()
    assert all(worker.held for partition, worker in log.workers.items() if partition != LABELS)
    log.come(away)
    log.read().end()
    assert alone(LEARNING, log) == log.results()
    assert stranger in {row["model"] for row in log.rows(tables.PLANS, [away])}


@pytest.mark.parametrize("crash_at", [2, 9, 14, 21])
def test_one_that_crashes_goes_on_alone(crash_at: int) -> None:
    """Each has its own store and its own places."""
    log = shared()
    for minute in range(0, 24, 3):
        minutes(log, minute, minute + 3)
        log.read(500)
        if minute <= crash_at < minute + 3:
            for name in NAMES[:2]:
                log.go(name)
                log.come(name)
    log.end()
    assert alone(LEARNING, log) == log.results()


def test_a_partition_is_begun_when_all_have_found_it() -> None:
    """It begins behind what any of them has closed, and all agree where, also one that comes back later."""
    log = Monitors(LEARNING, NAMES, (FIRST, LABELS))
    log.log[SECOND], log.partials[SECOND] = [], []
    minutes(log, 0, 1)  # SECOND is published to; nobody has found it
    del log.log[SECOND], log.partials[SECOND]
    for minute in range(15):
        for model in SHOPS:
            log.publish(FIRST, *(event(minute + 0.4, model, seed) for seed in range(50)))
        log.publish(LABELS, label(minute + 0.5, "shop1"))
    log.read()
    away = owners(log)["shop0"]
    log.go(away)
    log.add(SECOND)
    minutes(log, 12, 30)
    log.read()
    assert SECOND not in log.workers
    log.come(away)
    log.read().end()
    late = sum(row["late"] for row in log.rows(tables.TRAFFIC))
    counted = sum(row["events"] + row["late"] + row["waiting"] for row in log.rows(tables.TRAFFIC))
    assert sum(len(kept) for partition, kept in log.log.items() if partition != LABELS) - counted == 2 * 18 + 1
    assert late > 0
    starts = {one.clocks[SECOND] for one in log.present.values()}
    assert 1 == len(starts)


def test_who_finds_a_partition_before_it_has_read_anything_hears_where_it_began() -> None:
    """Its workers begin where the others are, and cannot read on before it knows: nobody waits for the other."""
    log = Monitors(LEARNING, NAMES, (FIRST, LABELS))
    late = owners(log)["shop0"]
    log.go(late)
    for minute in range(4):
        log.publish(FIRST, *(event(minute + 0.4, model, seed) for model in SHOPS for seed in range(50)))
        log.read()
    log.add(SECOND)
    log.come(late)
    log.publish(SECOND, event(0.2, "shop1"))  # no later than the clock with which it begins, so it moves no clock
    log.read()
    minutes(log, 1, 30)
    log.read()
    assert not [partition for partition, worker in log.workers.items() if worker.held]
    assert 28 == max(row["end"] for row in log.rows(tables.WINDOWS, [late]))


def test_with_another_configuration_it_is_waited_for() -> None:
    """Its plans may change from a pane on that workers of the former configuration would pass."""
    log = shared()
    minutes(log, 0, 15)
    log.read()
    away = owners(log)["shop0"]
    log.go(away)
    log.configuration = log.configuration.replace("lateness: 1m", "lateness: 1m, segments: [country]")
    log.come(away)
    log.go(away)
    minutes(log, 15, 40)
    log.read()
    assert all(worker.held for partition, worker in log.workers.items() if partition != LABELS)


@pytest.mark.parametrize(("before", "after"), [("a", "ab"), ("ab", "abcd"), ("abcd", "bc"), ("abc", "d")])
@pytest.mark.parametrize("minute", [3, 16])
def test_models_are_handed_over_with_all_that_is_known_of_them(before: str, after: str, minute: int) -> None:
    """While they are learned, and later: open panes, windows and policies go on as if nothing had happened."""
    log = shared(tuple(before))
    minutes(log, 0, minute)
    log.read(700).share(*after)
    minutes(log, minute, 30, version="2")
    log.read().end()
    assert alone(LEARNING, log) == log.results()
    with_rows = {name for name in after if log.rows(tables.PANES, [name])}
    assert set(after) == with_rows


def test_stores_that_stand_apart_are_not_joined() -> None:
    """One has not read all; the sentence says what to do."""
    log = shared()
    minutes(log, 0, 4)
    log.read()
    log.go("b")
    minutes(log, 4, 8)
    log.read()
    stores = [(name, log.stores[name]) for name in NAMES]
    with pytest.raises(NotHandedOver, match="b and a stand at different positions: let the workers stop"):
        next(hand_over(stores, parse(log.configuration)))


def test_memories_add_up_in_everything_that_belongs_to_a_model() -> None:
    """What each former monitor knows of its own models, steps of labels and lessons included."""
    names = [name for name, join in MEMORY.items() if join == "joined"]
    states = [State(**{name: {model: model} for name in names}) for model in ("shop1", "shop2")]  # type: ignore[arg-type]  # whatever it is
    together = joined(states)
    assert all(["shop1", "shop2"] == list(getattr(together, name)) for name in names)


def test_what_is_still_to_be_sent_is_not_left_behind() -> None:
    """The dead letters of a topic are sent by one monitor; a store that holds some is not taken apart."""
    log = shared(("a",))
    minutes(log, 0, 4)
    log.read()
    with pytest.raises(NotHandedOver, match="a has dead letters still to send"):
        next(hand_over([("a", log.stores["a"])], parse(log.configuration)))


def test_a_monitor_more_takes_models_and_moves_none_among_the_others() -> None:
    """Rendezvous hashing; and every one has about its share."""
    models = [f"model{i}" for i in range(3_000)]
    before, after = Sharing(NAMES), Sharing((*NAMES, "d"))
    moved = [model for model in models if before.owner(model) != after.owner(model)]
    assert {"d"} == {after.owner(model) for model in moved}
    assert 650 < len(moved) < 850
    shares = Counter(before.owner(model) for model in models)
    assert all(900 < n < 1_100 for n in shares.values()), shares


def test_a_pin_is_stronger_than_a_share() -> None:
    """The exact name first, then the longest pattern."""
    sharing = Sharing(NAMES, {"fraud*": "a", "fraud-eu*": "b", "fraud-eu": "c"}, "b")
    assert ["a", "b", "c"] == [sharing.owner(model) for model in ("fraud-us", "fraud-eu-1", "fraud-eu")]
    assert [False, True] == [sharing.mine("fraud-us"), sharing.mine("fraud-eu-1")]
