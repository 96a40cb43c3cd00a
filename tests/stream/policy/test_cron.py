"""Cron in event time: instants by the fields, in UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.config.cron import checked, read

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60 * 1_000_000_000


def ns(text: str) -> int:
    """A moment."""
    return int((datetime.fromisoformat(text) - EPOCH) / timedelta(minutes=1)) * MINUTE


@pytest.mark.parametrize(
    ("text", "before", "expected"),
    [
        ("0 3 * * mon", "2026-11-20T17:00:00+00:00", "2026-11-16T03:00:00+00:00"),
        ("*/15 * * * *", "2026-11-20T17:14:00+00:00", "2026-11-20T17:00:00+00:00"),
        ("0 0 1 jan,jul *", "2026-11-20T00:00:00+00:00", "2026-07-01T00:00:00+00:00"),
        ("30 6 13 * fri", "2026-11-19T00:00:00+00:00", "2026-11-13T06:30:00+00:00"),  # either of the two
        ("0 12 29 2 *", "2026-01-01T00:00:00+00:00", "2024-02-29T12:00:00+00:00"),
        ("5-10/5 22 * * 7", "2026-11-20T00:00:00+00:00", "2026-11-15T22:10:00+00:00"),
        ("0 17 20 11 *", "2026-11-20T17:00:00+00:00", "2026-11-20T17:00:00+00:00"),  # the end counts
    ],
)
def test_the_latest_instant_is_the_calendars(text: str, before: str, expected: str) -> None:
    """Names, steps, lists, leap days; a day of the month or of the week is enough where both are said."""
    assert ns(expected) == read(text).latest(-(2**62), ns(before))
    assert read(text).latest(ns(expected), ns(expected)) is None


@given(
    st.sampled_from(["*/7 1,5 * * *", "0 */6 1-7 * 1", "59 23 31 * *", "3 4 * 2-3 sat,sun"]),
    st.integers(0, 60 * 24 * 60),
    st.integers(0, 4_000),
)
def test_no_instant_is_missed(text: str, begin: int, minutes: int) -> None:
    """The slow oracle: minute by minute, by the fields."""
    cron = read(text)

    def matches(minute: int) -> bool:
        time = EPOCH + timedelta(minutes=minute)
        day, weekday = time.day in cron.days, time.isoweekday() % 7 in cron.weekdays
        right = (day or weekday) if cron.either else (day and weekday)
        return right and time.month in cron.months and 60 * time.hour + time.minute in cron.minutes

    found = [minute for minute in range(begin + 1, begin + minutes + 1) if matches(minute)]
    assert (found[-1] * MINUTE if found else None) == cron.latest(begin * MINUTE, (begin + minutes) * MINUTE)


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "a * * * *"])
def test_what_is_no_cron_is_a_mistake(text: str) -> None:
    """Too few fields, values beyond their range."""
    with pytest.raises(ValueError, match="cron expression"):
        read(text)


def test_a_day_that_never_comes_is_a_mistake() -> None:
    """30 February."""
    with pytest.raises(ValueError, match="day comes"):
        checked("0 0 30 2 *")
