"""Event times, which are nanoseconds inside, as datetimes in UTC and as people read them."""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at_ns: int) -> datetime:
    """Nanoseconds since the epoch as a datetime in UTC, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=at_ns // 1000)


def moments(column: NDArray[np.generic]) -> list[datetime]:
    """A time column of the store as datetimes in UTC."""
    return [at.replace(tzinfo=UTC) for at in column.astype("datetime64[us]").tolist()]


def nanoseconds(at: datetime) -> int:
    """A datetime as nanoseconds since the epoch; one without a zone is UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1) * 1000


def short(at: datetime) -> str:
    """A time for a person: `2026-11-20 17:00 UTC`."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
