"""Spans of event time: panes, windows, T."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.counting.windows import decided_from, due, last_end, oldest_start, pane_end, watermark, window_end
from stream.events import NEVER

TIMES = st.integers(-(10**19), 10**19)
LENGTHS = st.integers(1, 10**15)
Span = tuple[int, int]


@given(TIMES, LENGTHS)
def test_a_pane_holds_its_times(time: int, pane: int) -> None:
    """From its start to before its end, before 1970 too."""
    end = pane_end(time, pane)
    assert end - pane <= time < end
    assert 0 == end % pane


@given(TIMES, LENGTHS, st.integers(1, 50))
def test_the_panes_of_a_window_are_those_inside_it(time: int, pane: int, n: int) -> None:
    """A window is a whole number of panes; each pane is in one window."""
    end = pane_end(time, pane)
    closes = window_end(end, n * pane)
    assert closes - n * pane <= end - pane
    assert end <= closes
    assert 0 == closes % (n * pane)


@given(TIMES, LENGTHS, st.integers(0, 10**15), st.integers(0, 10**15))
def test_t_is_the_first_pane_that_nobody_can_have_read(end: int, pane: int, lateness: int, ahead: int) -> None:
    """Reading stops before `max_ahead` past a watermark, and none was past this close."""
    since = decided_from(end, pane, lateness, ahead)
    assert 0 == since % pane
    assert since - pane < end + lateness + ahead <= since


SPANS = st.tuples(st.integers(1, 100), st.integers(1, 12)).map(lambda drawn: (drawn[0] * drawn[1], drawn[0]))


@given(st.integers(0, 10**6), st.lists(SPANS, min_size=1, max_size=4))
def test_the_oldest_start_is_that_of_a_window_that_can_still_get_a_pane(closed: int, spans: list[Span]) -> None:
    """By trial: the start of every window that holds a time from there on."""
    starts = [window_end(t + 1, every) - length for t in range(closed, closed + 5) for length, every in spans]
    assert min(starts) == oldest_start(closed, spans)


@given(st.integers(1, 10**6), SPANS)
def test_a_pane_is_in_windows_up_to_the_last(end: int, span: Span) -> None:
    """That begins before the pane ends, and the next does not; where windows do not slide it is the only one."""
    length, every = span
    last = last_end(end, *span)
    assert last - length < end <= last - length + every
    assert last == window_end(end, length) or every < length


@pytest.mark.parametrize(
    ("clocks", "expected"), [([], NEVER), ([5, 3], 3), ([5, NEVER], NEVER)], ids=["none", "least", "one unseen"]
)
def test_the_watermark_is_the_least_clock(clocks: list[int], expected: int) -> None:
    """One that has seen nothing holds all; so do none."""
    assert expected == watermark(clocks)


def test_a_pane_is_due_when_the_watermark_has_passed_its_end_and_the_lateness() -> None:
    """Exactly then, and never without a watermark."""
    assert [False, True, True] == [due(60, 20, mark) for mark in (79, 80, 81)]
    assert not due(NEVER, 0, NEVER)
