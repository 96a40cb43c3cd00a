"""A window that slides is the sum of its panes, whatever came before, and whichever pieces are silent."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors import parts, service
from detectors.grids import build
from detectors.parts import Summary
from stream.counting.windows import last_end, window_end
from stream.monitor.panes.accumulator import Either, Key, grown
from stream.monitor.panes.window import LEARNING, TWO_PLANS, Pane
from stream.plan import Plan

KEY: Key = ("shop", "1", 12)
SPAN = (12, 3)  # of panes 1 long
Drawn = tuple[int, int]  # of a pane: how many events, 0 where it is silent; which plan, 0 where there is none


@cache
def plan(n: int) -> Plan:
    """One of two plans with grids of their own."""
    grid = build({"amount": np.linspace(-1.0, n, 50)}, {"country": ["FR", "DE"] * 5})
    return Plan("shop", n, grid, (), parts.empty(grid, 1), "test", ())


def pane(end: int, events: int, of: int) -> Pane:
    """A pane with so many events by a plan."""
    if not of:
        return Pane(end, None, None, events)
    dice = np.random.default_rng((end, events))
    values, cells = dice.normal(0, 10.0 ** dice.integers(0, 12), (events, 1)), dice.integers(0, 3, (events, 1))
    counted = parts.of(plan(of).grid, values, cells.astype(np.uint16), np.empty((events, 0), np.int64), 1)
    answers = service.of(dice.normal(3, 3, events), dice.integers(0, 3, events))
    return Pane(end, plan(of), counted.served(answers if end % 2 else service.NOTHING), events)


def recounted(panes: Sequence[Pane]) -> tuple[int, str, Summary | None]:
    """The slow oracle: all panes of a window added up again."""
    events = sum(each.events for each in panes)
    if any(each.plan is None for each in panes):
        return events, LEARNING, None
    if len({each.plan for each in panes}) > 1:
        return events, TWO_PLANS, None
    total = panes[0].summary
    for each in panes[1:]:
        assert total is not None
        assert each.summary is not None
        total = total + each.summary
    return events, "", total


def played(panes: Sequence[Pane], n: int, cut: int = 0) -> dict[int, tuple[int, str, Summary | None]]:
    """What each window says when it closes; at `cut` all that is open is made again of the panes that are kept."""
    windows: dict[Key, Either] = {}
    closed = {}
    for end in range(1, n + 20):
        for each in panes:
            if each.end == end:
                grown(windows, *KEY[:2], [SPAN], each)
        window = windows.get(KEY)
        if window is not None and window.end == end:
            assert (window.start, (window.plan is None)) == (end - SPAN[0], window.summary is None)
            closed[end] = window.events, window.why, window.summary
            following = windows.pop(KEY).following()
            if following is not None:
                windows[KEY] = following
        if end == cut:
            windows = {}
            for each in panes:
                if each.end <= cut < last_end(each.end, *SPAN):
                    grown(windows, *KEY[:2], [SPAN], each, cut)
    return closed


PANES = st.lists(st.tuples(st.sampled_from((0, 0, 1, 40)), st.just(1)), max_size=40)
STAGES = st.lists(st.integers(0, 40), min_size=2, max_size=2).map(sorted)


@given(PANES, STAGES, st.integers(0, 45))
def test_a_window_is_the_sum_of_its_panes_bit_for_bit(drawn: list[Drawn], stages: list[int], cut: int) -> None:
    """Learning first, then two plans; a crash anywhere. Windows of which nothing came do not exist."""
    panes = [
        pane(end, events, sum(end > since for since in stages)) for end, (events, _) in enumerate(drawn, 1) if events
    ]
    expected = {}
    for end in range(SPAN[1], len(drawn) + 20, SPAN[1]):
        inside = [each for each in panes if end - SPAN[0] < each.end <= end]
        if inside:
            expected[end] = recounted(inside)
    assert expected == played(panes, len(drawn)) == played(panes, len(drawn), cut)


def test_what_is_held_is_bounded() -> None:
    """However long it slides: as many pieces as a window has, and one sum."""
    windows: dict[Key, Either] = {}
    for end in range(1, 200):
        grown(windows, *KEY[:2], [SPAN], pane(end, 5, 1))
        window = windows[KEY]
        if window.end == end:
            following = window.following()
            assert following is not None
            assert len(following.pieces) == min(end, SPAN[0]) // SPAN[1] - (end >= SPAN[0])
            windows[KEY] = following
    assert window_end(199, SPAN[1]) == windows[KEY].end
