"""Event times as texts or integers become int64 nanoseconds, a whole column at once.

What a time means does not depend on its neighbours: `times` gives what `one` gives for each.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
BAD = -1  # stands for a time that cannot be used; event times begin at 0
LATEST_MS = 9_214_646_400_000  # 2262-01-01: int64 nanoseconds end a few months later
DATE = 10  # bytes of a date
FEW = 32  # times that are as fast one by one
DATES_MAX = 1_000  # midnights remembered at once: a bound for logs that jump through the centuries

_EPOCH = date(1970, 1, 1).toordinal()
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


def times(column: Sequence[str | int], dates: dict[bytes, int]) -> NDArray[np.int64]:
    """Nanoseconds since 1970 of RFC 3339 texts with a zone, or integers of epoch milliseconds; BAD where it is neither.

    `dates` remembers midnights, ns; the caller owns it, its bound is DATES_MAX.
    """
    if not column:
        return np.empty(0, np.int64)
    usual = _texts(column, dates) if isinstance(column[0], str) else _integers(column)
    if usual is not None:
        return usual
    if len(column) <= FEW:
        return np.fromiter(map(one, column), np.int64, len(column))
    half = len(column) // 2  # so a time in another form costs its neighbours little
    return np.concatenate((times(column[:half], dates), times(column[half:], dates)))


def one(value: str | int) -> int:
    """A single time in ns; BAD where it cannot be used.

    A leap second is the second after it; what is below a nanosecond is cut off.
    """
    if isinstance(value, int):
        return value * MILLISECOND if 0 <= value < LATEST_MS else BAD
    match = _RFC_3339.fullmatch(value)
    if match is None:
        return BAD
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    fraction, sign, *offset = match.group(7, 8, 9, 10)
    ahead_h, ahead_min = (int(digits or 0) for digits in offset)
    if hour > 23 or minute > 59 or second > 60 or ahead_h > 23 or ahead_min > 59:
        return BAD
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return BAD
    ahead = (ahead_h * 3_600 + ahead_min * 60) * (-1 if sign == "-" else 1)
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - ahead
    nanoseconds = int((fraction or "")[:9].ljust(9, "0"))
    return seconds * SECOND + nanoseconds if 0 <= seconds < LATEST_MS // 1_000 else BAD


@dataclass(frozen=True, eq=False)
class _Form:
    """A form of fixed length, such as 2026-11-20T17:00:00.123Z with a line feed behind it."""

    length: int
    least: NDArray[np.uint8]  # (length,): the separator, or the digit 0
    span: NDArray[np.uint8]  # (length,): 0 for a separator, 9 for a digit
    weights: NDArray[np.float64]  # (length - DATE, 4): of the bytes behind the date; ns of the day, h, min, s


_LIMITS = np.array([86_400e9, 24, 60, 60])


@cache  # at most 22 forms, see `_form_of`
def _form(n_digits: int, zone: str) -> _Form:
    pattern = "0000-00-00T00:00:00" + ("." + "0" * n_digits if n_digits else "") + zone + "\n"
    least = np.frombuffer(pattern.encode(), np.uint8)
    span = np.where(least == ord("0"), 9, 0).astype(np.uint8)
    span[len(pattern) - 1 - len(zone) :] = 0  # the zeros of +00:00 are no digits
    weights = np.zeros((len(pattern), 4))
    for column, (place, unit) in enumerate(((11, 3_600e9), (14, 60e9), (17, 1e9)), start=1):
        weights[place : place + 2, column] = 10, 1
        weights[place : place + 2, 0] = 10 * unit, unit
    weights[20 : 20 + n_digits, 0] = [10.0 ** (8 - i) for i in range(n_digits)]
    return _Form(len(pattern), least, span, weights[DATE:])


def _form_of(text: str) -> _Form | None:
    """The form that a text may have: up to nine digits of a second, and Z or +00:00."""
    zone = "Z" if text.endswith("Z") else "+00:00"
    n_digits = len(text) - len("0000-00-00T00:00:00.") - len(zone)
    return _form(max(n_digits, 0), zone) if n_digits in range(-1, 10) and n_digits != 0 else None


def _texts(column: Sequence[str | int], dates: dict[bytes, int]) -> NDArray[np.int64] | None:
    """All of them in the form of the first; None where one is not."""
    form = _form_of(str(column[0]))
    text = None if form is None else _rows(column, form.length)
    if form is None or text is None:
        return None
    digits = text - form.least  # wraps: what is below becomes large
    if not (digits <= form.span).all():
        return None
    clock = digits[:, DATE:].astype(np.float64) @ form.weights  # exact: all are integers below 2^53
    if not (clock < _LIMITS).all():
        return None
    midnights = _midnights(text[:, :DATE], dates)
    return None if midnights is None else midnights + clock[:, 0].astype(np.int64)


def _rows(column: Sequence[str | int], length: int) -> NDArray[np.uint8] | None:
    """The texts as bytes, each with a line feed behind it, (n, length); None where they are not that long.

    If every row ends with a line feed and has no other, then the rows are the texts, for there are n line feeds.
    """
    try:
        joined = ("\n".join(column) + "\n").encode("ascii")  # type: ignore[arg-type]  # a TypeError for integers
    except (TypeError, UnicodeEncodeError):
        return None
    if len(joined) != len(column) * length:
        return None
    return np.frombuffer(joined, np.uint8).reshape(-1, length)


def _integers(column: Sequence[str | int]) -> NDArray[np.int64] | None:
    """All of them integers of 64 bits; None where one is not."""
    whole = np.array(column)
    if whole.dtype != np.int64:
        return None
    return np.where((whole >= 0) & (whole < LATEST_MS), whole * MILLISECOND, BAD)


def _midnights(days: NDArray[np.uint8], dates: dict[bytes, int]) -> NDArray[np.int64] | None:
    """When each date begins, (n,) or (1,) if it is the same for all; None where one is no date."""
    if (days == days[0]).all():
        found = np.array([_midnight(days[0].tobytes(), dates)])
    else:
        distinct, places = np.unique(np.ascontiguousarray(days).view(f"S{DATE}")[:, 0], return_inverse=True)
        found = np.array([_midnight(bytes(day), dates) for day in distinct])[places]
    return None if (found == BAD).any() else found


def _midnight(day: bytes, dates: dict[bytes, int]) -> int:
    """When a date begins, ns; BAD where it is no date between 1970 and 2261."""
    if day not in dates:
        if len(dates) >= DATES_MAX:
            dates.clear()
        dates[day] = one(f"{day.decode('ascii')}T00:00:00Z")
    return dates[day]
