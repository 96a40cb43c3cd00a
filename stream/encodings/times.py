"""Event times as texts or integers become int64 nanoseconds, a whole column at once."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

MILLISECOND = 1_000_000
BAD = -1  # stands for a time that cannot be used; event times begin at 0
LATEST_MS = 9_214_646_400_000  # 2262-01-01: int64 nanoseconds end a few months later

# The usual form, 2026-11-20T17:00:00.123Z, as bytes: where separators and digits stand, and what each digit weighs in ms.
_LENGTH = 24
_SEPARATORS = np.array([4, 7, 10, 13, 16, 19, 23])
_SEPARATOR_BYTES = np.frombuffer(b"--T::.Z", np.uint8)
_CLOCK_DIGITS = np.array([11, 12, 14, 15, 17, 18, 20, 21, 22])
_WEIGHTS = np.array([36e6, 36e5, 6e5, 6e4, 1e4, 1e3, 100.0, 10.0, 1.0])
_PAIRS = np.array([[10.0, 1.0, 0, 0, 0, 0], [0, 0, 10.0, 1.0, 0, 0], [0, 0, 0, 0, 10.0, 1.0]]).T
_PAIR_ENDS = np.array([24, 60, 60])


def times(column: Sequence[str | int], dates: dict[bytes, int]) -> NDArray[np.int64]:
    """Nanoseconds since 1970 of RFC 3339 texts with a zone, or integers of epoch milliseconds; BAD where it is neither.

    `dates` remembers the milliseconds of midnights; the caller owns and bounds it.
    """
    if isinstance(column[0], str):
        usual = _usual(column, dates)
        if usual is not None:
            return usual
    else:
        try:
            whole = np.fromiter(column, np.int64, len(column))  # type: ignore[arg-type]  # a text in it is a ValueError
        except (TypeError, ValueError, OverflowError):
            pass
        else:
            return np.where((whole >= 0) & (whole < LATEST_MS), whole * MILLISECOND, BAD)
    return np.fromiter((one(value) for value in column), np.int64, len(column))


def one(value: str | int) -> int:
    """A single time in ns; BAD where it cannot be used."""
    if isinstance(value, int):
        return value * MILLISECOND if 0 <= value < LATEST_MS else BAD
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return BAD
    if moment.tzinfo is None:
        return BAD
    past = moment - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds
    return microseconds * 1_000 if 0 <= microseconds < LATEST_MS * 1_000 else BAD


def _usual(column: Sequence[str | int], dates: dict[bytes, int]) -> NDArray[np.int64] | None:
    """All of them in the usual form; None where one is not."""
    try:
        text = np.frombuffer("".join(column).encode("ascii"), np.uint8)  # type: ignore[arg-type]  # caught below
    except (TypeError, UnicodeEncodeError):
        return None
    if len(text) != len(column) * _LENGTH:
        return None
    text = text.reshape(len(column), _LENGTH)
    digits = text[:, _CLOCK_DIGITS] - np.uint8(48)  # wraps: what is no digit becomes large
    if not ((text[:, _SEPARATORS] == _SEPARATOR_BYTES).all() and (digits < 10).all()):
        return None
    weighed = digits.astype(np.float64)
    if not (weighed[:, :6] @ _PAIRS < _PAIR_ENDS).all():
        return None
    clock = (weighed @ _WEIGHTS).astype(np.int64)
    days = np.ascontiguousarray(text[:, :10]).view("S10")[:, 0]
    for day in days[:1] if (days == days[0]).all() else np.unique(days):
        midnight = _midnight(bytes(day), dates)
        if midnight is None:
            return None
        clock[days == day] += midnight
    return clock * MILLISECOND


def _midnight(day: bytes, dates: dict[bytes, int]) -> int | None:
    """Milliseconds of a date's midnight; None where it is no date between 1970 and 2261."""
    if day not in dates:
        start = one(f"{day.decode('ascii')}T00:00:00Z")
        if start == BAD:
            return None
        if len(dates) >= 1_000:  # a bound for logs that jump through the centuries
            dates.clear()
        dates[day] = start // MILLISECOND
    return dates[day]
