"""Schedules: instants and counts in event time, whatever closes when; and maintenance."""

from hypothesis import given
from hypothesis import strategies as st

from stream.config.sections.policy import Maintenance, Scheduled
from stream.config.settings import HOUR, MINUTE
from stream.policy.quiet import maintenance
from stream.policy.schedules import Due, due

HOURLY, MANY = Scheduled("hourly", "0 * * * *"), Scheduled("many", None, 100)


def test_an_instant_is_told_at_the_first_close_behind_it() -> None:
    """With its own time; of several that nobody saw pass only the newest."""
    known, asked = due(Due(0), (HOURLY,), 59 * MINUTE)
    assert () == asked
    known, asked = due(known, (HOURLY,), 64 * MINUTE)
    assert [("hourly", HOUR)] == [(one.name, one.at) for one in asked]
    known, asked = due(known, (HOURLY,), 10 * HOUR + MINUTE)
    assert [10 * HOUR] == [one.at for one in asked]


def test_every_n_events_ask_once() -> None:
    """What is beyond counts for the next time."""
    known, times = Due(0), []
    for i in range(1, 12):
        known = known.count((MANY,), 30)
        known, asked = due(known, (MANY,), i * MINUTE)
        times += [one.at // MINUTE for one in asked]
    assert [4, 7, 10] == times


def test_while_nothing_may_be_asked_for_a_schedule_waits() -> None:
    """It asks once when that is over, at that time."""
    known, asked = due(Due(0), (HOURLY,), HOUR, "moving")
    assert () == asked
    known, asked = due(known, (HOURLY,), HOUR + 5 * MINUTE)
    assert [HOUR + 5 * MINUTE] == [one.at for one in asked]
    assert () == due(known, (HOURLY,), HOUR + 10 * MINUTE)[1]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=30))
def test_a_replay_asks_at_the_same_instants(gaps: list[int]) -> None:
    """Wherever windows end, the instants are some of the hours, each once, in order."""
    known, at, times = Due(0), 0, list[int]()
    for gap in gaps:
        at += gap * MINUTE
        known, asked = due(known, (HOURLY,), at)
        times += [one.at for one in asked]
    assert sorted(set(times)) == times
    assert all(not time % HOUR for time in times)
    assert times[-1:] == ([at // HOUR * HOUR] if at >= HOUR else [])


def test_maintenance_is_a_span_or_comes_again() -> None:
    """Both ends count: a window is told when it ends."""
    once, nightly = Maintenance("move", HOUR, 2 * HOUR), Maintenance("job", None, None, "0 2 * * *", HOUR)
    assert ["", "move", "move", ""] == [maintenance((once,), at) for at in (HOUR - 1, HOUR, 2 * HOUR, 2 * HOUR + 1)]
    assert ["", "job", "job", ""] == [
        maintenance((nightly,), 48 * HOUR + at) for at in (2 * HOUR - 1, 2 * HOUR, 3 * HOUR, 3 * HOUR + 1)
    ]
