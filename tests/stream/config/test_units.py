"""Durations and sizes are read exactly, and written so that they are read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.config.settings import DAY, HOUR, MINUTE, SECOND
from stream.config.units import DURATION_MAX, duration, size, spelled_duration, spelled_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", SECOND // 2),
        ("30s", 30 * SECOND),
        ("5m", 5 * MINUTE),
        ("1h", HOUR),
        ("7d", 7 * DAY),
        ("1.5h", 90 * MINUTE),
        ("0.1s", 100_000_000),
        ("0s", 0),
        ("2 m", 2 * MINUTE),
        ("1ns", 1),
        ("36500d", DURATION_MAX),
    ],
)
def test_durations_are_exact(text: str, expected: int) -> None:
    """In nanoseconds, whatever binary floats make of a tenth."""
    assert expected == duration(text)


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 min", "1h30m", "-5m", "5M", "1e3s", "0.1ns", "36501d", "9" * 30 + "s", "٣s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Without a unit nobody knows whether seconds or minutes were meant."""
    with pytest.raises(ValueError, match="a duration such as"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("65536", 65_536), ("64KiB", 65_536), ("1MB", 1_000_000), ("1.5 GiB", 3 * 1024**3 // 2)]
)
def test_sizes_are_bytes(text: str, expected: int) -> None:
    """Decimal and binary units are told apart."""
    assert expected == size(text)


@pytest.mark.parametrize("text", ["", "KiB", "64kib", "0.5B", "1TiB", "1025GiB", "-1"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """A size is a whole number of bytes, and not too many."""
    with pytest.raises(ValueError, match="a size such as"):
        size(text)


@given(st.integers(0, DURATION_MAX))
def test_a_spelled_duration_is_read_again(ns: int) -> None:
    """Law: writing and reading are inverse."""
    assert ns == duration(spelled_duration(ns))


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "0 B"), (999, "999 B"), (65_536, "64 KiB"), (3 * 2**29, "1.5 GiB"), (2**52, "4,096 TiB")]
)
def test_sizes_are_spelled_to_three_figures(n: int, expected: str) -> None:
    """For people, who compare rather than compute."""
    assert expected == spelled_size(n)
