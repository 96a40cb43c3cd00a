"""Times in bulk are what they are one by one, and both are what `datetime` says."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.encodings.times import BAD, DATES_MAX, LATEST_MS, one, times
from tests.stream.encodings.oracle import time_ns

N = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXTS = st.text("0123456789-:.TZ+\n ", max_size=30)
USUAL = "2026-11-20T17:00:00.123Z"
KNOWN: dict[str | int, int] = {
    USUAL: 1_795_194_000_123_000_000,
    "2026-11-20T17:00:00Z": 1_795_194_000_000_000_000,
    "2026-11-20T17:00:00.1Z": 1_795_194_000_100_000_000,
    "2026-11-20T17:00:00.123456Z": 1_795_194_000_123_456_000,
    "2026-11-20T17:00:00.123456789Z": 1_795_194_000_123_456_789,
    "2026-11-20T17:00:00.1234567899999Z": 1_795_194_000_123_456_789,
    "2026-11-20T17:00:00.123456+00:00": 1_795_194_000_123_456_000,
    "2026-11-20T17:00:00+00:00": 1_795_194_000_000_000_000,
    "2026-11-20T18:30:00.123+01:30": 1_795_194_000_123_000_000,
    "2026-11-20T15:30:00.123-01:30": 1_795_194_000_123_000_000,
    "2026-11-20t17:00:00.123z": 1_795_194_000_123_000_000,
    "2026-11-20 17:00:00.123Z": 1_795_194_000_123_000_000,
    "2016-12-31T23:59:60.500Z": 1_483_228_800_500_000_000,
    "2024-02-29T00:00:00.000Z": 1_709_164_800_000_000_000,
    "1970-01-01T00:00:00.000Z": 0,
    "1970-01-01T01:00:00.000+01:00": 0,
    "2261-12-31T23:59:59.999999999Z": 9_214_646_399_999_999_999,
    0: 0,
    1_795_194_000_123: 1_795_194_000_123_000_000,
    LATEST_MS - 1: 9_214_646_399_999_000_000,
}
ODD: list[str | int] = [
    "", "Z", "now", "2026-11-20", "2026-11-20T17:00:00.123", "2026-11-20T17:00Z", "2026-11-20T17Z", "20261120T170000Z",
    "2026-W47-5T17:00:00Z", "2026-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-00-10T00:00:00.000Z",
    "2026-11-31T00:00:00.000Z", "2026-11-20T24:00:00.000Z", "2026-11-20T17:60:00.000Z", "2026-11-20T17:00:61.000Z",
    "2026-11-20T17:00:00,123Z", "2026-11-20T17:00:00.Z", "2026-11-20T17:00:00.123+24:00",
    "2026-11-20T17:00:00.123+0100",
    "2026-11-20T17:00:00.123+01:60", "2026-11-20T17:00:00.123 Z", " 2026-11-20T17:00:00.123Z",
    "2026-11-20x17:00:00.123Z",
    "2026-11-20T17:00:00.123Z\n", "\u0662026-11-20T17:00:00.123Z", "2026-11-20T17:00:00.12\u0663Z", "1795194000123",
    "1969-12-31T23:59:59.999Z", "1970-01-01T00:30:00.000+01:00", "2262-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
    "-026-11-20T17:00:00.123Z", "+2026-11-20T17:00:00.12Z", "2026-11-20T17:00:00.123+00:00Z",
    "2026-1\n-20T17:00:00.123Z",
    -1, LATEST_MS, 1_795_194_000_123_000_000, 2**63, 2**64, 10**400,
]  # fmt: skip
FORMS: dict[str, Callable[[datetime], str]] = {
    "seconds": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "milliseconds": lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "microseconds": lambda moment: moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    "isoformat": lambda moment: moment.isoformat(),
    "isoformat with milliseconds": lambda moment: moment.isoformat(timespec="milliseconds"),
    "elsewhere": lambda moment: moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(),
    "nanoseconds": lambda moment: moment.isoformat(timespec="microseconds").replace("+00:00", "789Z"),
    "tenths": lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "")[:-2] + "Z",
}


def bulk(column: list[str | int]) -> list[int]:
    """The times of a column."""
    return times(column, {}).tolist()


@pytest.mark.parametrize(("value", "expected"), KNOWN.items())
def test_a_time_is_nanoseconds_since_1970(value: str | int, expected: int) -> None:
    """Alone, in a column of its kind, and beside a time of another form."""
    other = 5 if isinstance(value, str) else USUAL
    assert expected == one(value)
    assert [expected] * 3 == bulk([value] * 3)
    assert [expected, one(other), expected] == bulk([value, other, value])
    assert [one(USUAL), expected] == bulk([USUAL, value])


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_time_is_bad_and_harms_no_neighbour(value: str | int) -> None:
    """Alone, and between times of the usual form or integers."""
    assert one(value) == BAD
    assert bulk([value, value]) == [BAD, BAD]
    assert [one(USUAL), BAD, one(USUAL)] == bulk([USUAL, value, USUAL])
    assert bulk([7, value, 7]) == [7_000_000, BAD, 7_000_000]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_bulk_equals_datetime(form: Callable[[datetime], str]) -> None:
    """10,000 random moments of 150 years, all written in one form."""
    dice = random.Random(5)
    microseconds = [dice.randrange(150 * 365 * 86_400 * 10**6) for _ in range(N)]
    column: list[str | int] = [form(EPOCH + timedelta(microseconds=n)) for n in microseconds]
    read = [datetime.fromisoformat(str(value)) for value in column]
    expected = [(moment - EPOCH) // timedelta(microseconds=1) for moment in read]
    assert expected == [time // 1_000 for time in bulk(column)]


@pytest.mark.parametrize("seed", range(5))
def test_mutated_times_are_what_they_are_alone(seed: int) -> None:
    """2,000 texts with wrong digits, in columns of all lengths: bulk, single and `datetime` agree."""
    dice = random.Random(seed)
    column: list[str | int] = []
    for _ in range(2_000):
        text = list(dice.choice([str(value) for value in KNOWN]))
        if dice.random() < 0.3:
            text[dice.randrange(len(text))] = dice.choice("0123456789-:.TZz \n+")
        column.append("".join(text) if dice.random() < 0.9 else dice.choice([*KNOWN, *ODD]))
    alone = [one(value) for value in column]
    assert [BAD if (moment := time_ns(value)) is None else moment for value in column] == alone
    for n in (1, 2, 3, 7, 50, 2_000):
        assert alone == [time for i in range(0, len(column), n) for time in bulk(column[i : i + n])]


@given(st.lists(TEXTS | st.integers() | st.sampled_from([*KNOWN, *ODD]), max_size=6))
def test_a_column_is_its_times(column: list[str | int]) -> None:
    """Whatever stands in a column, each is what it is alone."""
    assert [one(value) for value in column] == bulk(column)


def test_rows_that_only_look_like_times_are_not_taken_for_them() -> None:
    """Two texts whose joined bytes are two usual times with a line feed between are still what they are."""
    assert bulk([f"{USUAL}\n{USUAL[:3]}", USUAL[4:]]) == [BAD, BAD]
    assert bulk([USUAL[:23], f"Z{USUAL}"]) == [BAD, BAD]


def test_dates_are_remembered_up_to_a_bound() -> None:
    """A log that jumps through the centuries does not fill the memory."""
    dates: dict[bytes, int] = {}
    days = np.datetime_as_string(np.datetime64("1990-01-01") + np.arange(2_500)).tolist()
    found = times([f"{day}T00:00:00.000Z" for day in days], dates).tolist()
    assert [one(f"{day}T00:00:00Z") for day in days] == found
    assert len(dates) <= DATES_MAX
