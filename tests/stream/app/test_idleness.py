"""Idleness: who is at the end for long enough, and how far a clock may be raised."""

import random

import pytest

from stream.app.idleness import BREAK_S, Idleness
from stream.broker.silence import FRESH_S
from stream.config.parse import parse
from stream.config.settings import DAY, MINUTE, SECOND
from stream.counting.clocks import Mark
from stream.events import NEVER, Partition

SETTINGS = parse(
    'events: {predictions: [p], labels: [l], idle: 10s}\ndefaults: {windows: [1m], lateness: 20s}\nmodels: {"*": {}}'
)
A, B, C, L = ("p", 0), ("p", 1), ("p", 2), ("l", 0)
NOON = 1_795_000_000 * SECOND
LOOKED = 60 + FRESH_S  # seconds: what is known by then holds for a minute


def watched(until_s: int, at_end: dict[Partition, int]) -> Idleness:
    """Looked at each second, from 0 on; partitions are at their end from a second on, all at offset 7."""
    idleness = Idleness(SETTINGS)
    for now in range(until_s + 1):
        idleness.observe({partition: 7 for partition, since in at_end.items() if now >= since}, float(now))
    return idleness


def clocks(**minutes: float | None) -> dict[Partition, Mark]:
    """Clocks in minutes after noon, by the names above; None: no event yet."""
    places = {"a": A, "b": B, "c": C, "l": L}
    times = {places[name]: NEVER if at is None else NOON + int(at * MINUTE) for name, at in minutes.items()}
    return {place: Mark(0, 0, NEVER, at) if place == L else Mark(0, 0, at) for place, at in times.items()}


def test_a_partition_is_idle_when_it_has_been_at_its_end_for_long_enough() -> None:
    """Ten seconds, and what an answer may be old: the last one must say so too."""
    assert [set(), {A}] == [watched(second, {A: 0}).idle(second) for second in (11, 12)]


def test_one_record_begins_the_wait_anew() -> None:
    """Whoever was not at its end once has not been at it without a break."""
    idleness = watched(9, {A: 0})
    idleness.observe({}, 9.5)
    for now in range(10, 21):
        idleness.observe({A: 7}, float(now))
    assert [set(), {A}] == [idleness.idle(21.9), idleness.idle(22.0)]


def test_a_partition_that_is_read_at_once_is_not_idle() -> None:
    """It is at its end at every look, but each time further: it speaks."""
    idleness = Idleness(SETTINGS)
    for now in range(60):
        idleness.observe({A: now // 2}, float(now))
    assert set() == idleness.idle(60.0)


def test_time_passes_once_while_all_are_idle() -> None:
    """Raised for ten minutes, clocks have moved by ten minutes, in steps of the pane that they would close."""
    idleness, marks = Idleness(SETTINGS), clocks(a=1, b=5)
    for now in range(601):
        idleness.observe({A: 7, B: 7}, float(now))
        marks |= {place: Mark(0, 0, until) for place, until in idleness.releases(marks, float(now))}
    assert marks[A] == marks[B]
    assert 14 < (marks[A].clock - NOON) / MINUTE <= 15


@pytest.mark.parametrize(("b", "expected"), [(2.9, []), (3.0, [(A, NOON + 3 * MINUTE)])])
def test_who_stops_others_within_a_pane_is_raised_as_well(b: float, expected: list[object]) -> None:
    """Panes of five minutes, and nobody reads more than two past an idle partition: no close would ever come."""
    events = "events: {predictions: [p], max_ahead: 2m}"
    idleness = Idleness(parse(events + '\ndefaults: {windows: [1h], lateness: 1m}\nmodels: {"*": {}}'))
    for now in range(60):
        idleness.observe({A: 7}, float(now))
    assert expected == idleness.releases(clocks(a=1, b=b), 59.0)


def test_a_process_that_was_suspended_knows_nothing_of_the_time() -> None:
    """Both looks found it at its end; what the first one knew is forgotten after a break."""
    idleness = watched(5, {A: 0})
    idleness.observe({A: 7}, 5 + BREAK_S + 0.1)
    assert set() == idleness.idle(15.0)


@pytest.mark.parametrize(
    ("at", "at_end", "expected"),
    [
        ({"a": 1, "b": 5}, {A: 0}, [(A, 5.0)]),  # up to the one that is not idle
        ({"a": 1, "b": 5, "c": 3}, {A: 0}, [(A, 3.0)]),  # up to the slowest of those
        ({"a": 5, "b": 1}, {A: 0}, []),  # it leads: nobody waits for it
        ({"a": 1, "b": None}, {A: 0}, []),  # the other has yet to begin
        ({"a": None, "b": 5}, {A: 0}, [(A, 5.0)]),  # an empty partition holds nobody up
        ({"a": None, "b": None}, {A: 0, B: 0}, []),  # nobody knows what time it is
        ({"a": 4.9, "b": 5}, {A: 0}, []),  # the same pane: it would close nothing
        ({"a": 1, "b": 5}, {A: 0, B: 0}, [(A, 6.0), (B, 6.0)]),  # all: the greatest, and the minute for which all were
        ({"a": 1, "b": 5}, {A: 0, B: 30}, [(A, 5.5)]),  # half a minute: b's own pane is not over
    ],
)
def test_a_clock_is_raised(at: dict[str, float | None], at_end: dict[Partition, int], expected: list[object]) -> None:
    """After a minute of looking, with clocks and ends as in the table."""
    released = watched(int(LOOKED), at_end).releases(clocks(**at), LOOKED)
    assert expected == [(partition, (until - NOON) / MINUTE) for partition, until in released]


def test_a_label_topic_without_labels_follows_the_predictions() -> None:
    """A label topic is released by its label clock; one that never had an event has no clock of its own to follow."""
    idleness = watched(int(LOOKED), {A: 0, B: 0, L: 0})
    released = dict(idleness.releases(clocks(a=5, b=5, l=2), LOOKED))
    assert NOON + 3 * MINUTE == released[L]


def test_where_no_label_ever_came_labels_are_as_far_behind_as_they_may_be() -> None:
    """Else predictions would wait for the first one for ever. It is so until there is one, and after a restart too."""
    within, looked, released = 7 * DAY, int(LOOKED), {}
    idleness, at = watched(looked, {L: 0}), NEVER
    for minute in (5, 6, 8):
        marks = clocks(a=minute, b=5) | {L: Mark(0, 0, NEVER, at)}
        released[minute] = at = dict(idleness.releases(marks, LOOKED))[L]
    assert released == {minute: NOON + minute * MINUTE - within for minute in (5, 6, 8)}
    for now in range(looked + 1, 2 * looked + 1):  # a label of long ago, and again nothing
        idleness.observe({L: 8}, float(now))
    (_, until), *_ = idleness.releases(clocks(a=9, b=9) | {L: Mark(8, 0, NEVER, at)}, looked + LOOKED)
    assert at < until <= at + MINUTE


def test_labels_that_nobody_has_read_yet_are_waited_for() -> None:
    """A topic that is not at its end may have a label of any time."""
    assert L not in dict(watched(int(LOOKED), {A: 0, B: 0}).releases(clocks(a=5, b=5, l=None), LOOKED))
    assert watched(int(LOOKED), {L: 0}).releases(clocks(a=None, l=None), LOOKED) == []


@pytest.mark.parametrize("seed", range(30))
def test_a_release_never_exceeds_what_the_others_have_reached(seed: int) -> None:
    """The law: the least clock of those that are not idle, else the greatest and the time for which all were."""
    dice = random.Random(seed)
    at = {name: dice.choice([None, dice.uniform(0, 30)]) for name in ("a", "b", "c")}
    at_end = {place: dice.randrange(0, 60) for place in (A, B, C) if dice.random() < 0.7}
    idleness = watched(int(LOOKED), at_end)
    idle, known = idleness.idle(LOOKED), {place: mark.clock for place, mark in clocks(**at).items()}
    for partition, until in idleness.releases(clocks(**at), LOOKED):
        assert partition in idle
        assert until > known[partition]
        busy = [clock for place, clock in known.items() if place not in idle]
        waited = 60 - max(at_end.get(place, 0) for place in known)
        assert until == (min(busy) if busy else max(known.values()) + waited * SECOND)


@pytest.mark.parametrize("seed", range(20))
def test_no_release_makes_an_event_late_that_came_in_time(seed: int) -> None:
    """The law: where no clock runs ahead of the world, an event read within the lateness of its time is not late.

    Partitions fall silent and speak again at random; every second each event that comes is held against its clock.
    """
    dice = random.Random(seed)
    idleness, marks = Idleness(SETTINGS), {place: Mark(0) for place in (A, B, C)}
    silent_until, n_released = dict.fromkeys(marks, 0), 0
    for now in range(600):
        speaking = {place for place in marks if silent_until[place] <= now}
        for place in sorted(speaking):
            time = NOON + now * SECOND - dice.randrange(SETTINGS.lateness)
            end = (time // SETTINGS.pane + 1) * SETTINGS.pane
            assert end + SETTINGS.lateness > marks[place].clock, f"late at {now} on {place}"
            marks[place] = Mark(0, 0, max(marks[place].clock, time))
            if dice.random() < 0.02:
                silent_until[place] = now + dice.randrange(200)
        idleness.observe(dict.fromkeys(marks.keys() - speaking, 7), float(now))
        for place, until in idleness.releases(marks, float(now)):
            n_released += 1
            marks[place] = Mark(0, 0, until)
    assert n_released > 3
