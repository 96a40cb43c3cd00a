"""When the endless publisher sends what."""

import numpy as np

from stream.demo.live import due_ms, start_ms
from stream.demo.world import HOUR_MS

NOW_MS = 1_000 * HOUR_MS + 1_234
ARRIVALS = NOW_MS + np.array([-4 * HOUR_MS, -2 * HOUR_MS, 0, HOUR_MS])


def test_a_fresh_topic_begins_with_a_past() -> None:
    """Sixty hours of it, from a full hour on; a topic that has one goes on with the present."""
    assert [940 * HOUR_MS, 1_000 * HOUR_MS] == [start_ms(NOW_MS, fresh=fresh) for fresh in (True, False)]


def test_the_past_goes_as_fast_as_it_can() -> None:
    """It is due at once, and the future when it happens."""
    due = due_ms(ARRIVALS, NOW_MS - 4 * HOUR_MS, NOW_MS, None)
    assert [True, True, True, False] == (due <= NOW_MS).tolist()
    assert ARRIVALS.tolist() == due.tolist()


def test_the_past_may_be_played_at_a_speed() -> None:
    """At twice the speed two hours of it take one, and it meets the present where both are at the same time."""
    due = due_ms(ARRIVALS, NOW_MS - 4 * HOUR_MS, NOW_MS, 2.0)
    assert [NOW_MS + hours * HOUR_MS for hours in (0.0, 1.0, 2.0, 2.5)] == due.tolist()
