"""Instants of a cron expression in event time: five fields, UTC, so that no clock is ever set and none is skipped."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

MINUTE_NS: Final = 60 * 1_000_000_000
DAY_NS: Final = 24 * 60 * MINUTE_NS
# How far back an instant is looked for: 29 February comes after eight years at most.
DAYS_MAX: Final = 3_000
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
EXPECTED: Final = "a cron expression of five fields, UTC: minute hour day month weekday, such as 0 3 * * mon"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Cron(NamedTuple):
    """A read expression: `minutes` of a day, ascending, and the days that have them."""

    minutes: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool  # day and weekday are both restricted: then one of them is enough, as everywhere

    def latest(self, after: int, upto: int) -> int | None:
        """The last instant in (after, upto], ns; None without one."""
        last = upto // DAY_NS
        for day in range(last, max(after // DAY_NS, last - DAYS_MAX) - 1, -1):
            if not self._has(day):
                continue
            most = min((upto - day * DAY_NS) // MINUTE_NS, 24 * 60)
            place = bisect_right(self.minutes, most) - 1
            if place >= 0:
                instant = day * DAY_NS + self.minutes[place] * MINUTE_NS
                return instant if instant > after else None
        return None

    def _has(self, day: int) -> bool:
        date = EPOCH + timedelta(days=day)
        if date.month not in self.months:
            return False
        by_day, by_weekday = date.day in self.days, date.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday


@lru_cache(maxsize=1_024)
def read(text: str) -> Cron:
    """The meaning of an expression. ValueError says what was expected."""
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(EXPECTED)
    minute, hour, day, month, weekday = fields
    hours = sorted(_field(hour, 0, 23))
    minutes = sorted(_field(minute, 0, 59))
    return Cron(
        tuple(60 * h + m for h in hours for m in minutes),
        frozenset(_field(day, 1, 31)),
        frozenset(_field(month, 1, 12, MONTHS)),
        frozenset(each % 7 for each in _field(weekday, 0, 7, WEEKDAYS)),
        not day.startswith("*") and not weekday.startswith("*"),
    )


def checked(text: str) -> str:
    """The expression as it is, if it has instants at all. ValueError says what was expected."""
    if read(text).latest(-DAYS_MAX * DAY_NS, 0) is None:
        raise ValueError("a cron expression whose day comes: 30 February does not")
    return text


def _field(text: str, least: int, most: int, names: tuple[str, ...] = ()) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isascii() and step.isdigit() and int(step)):
            raise ValueError(EXPECTED)
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = least, most
        else:
            low = _number(first, least, most, names)
            high = _number(last, least, most, names) if dash else most if slash else low
        if low > high:
            raise ValueError(EXPECTED)
        found.update(range(low, high + 1, int(step or 1)))
    return found


def _number(text: str, least: int, most: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + least if len(names) == 12 else names.index(text)
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and least <= int(text) <= most):
        raise ValueError(EXPECTED)
    return int(text)
