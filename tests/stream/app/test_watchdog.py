"""When a client is taken for stuck: only where brokers say, again and again, that there is more than it reads."""

from itertools import count

import pytest

from stream.app.watchdog import LOOK_S, STRIKES, Stuck, Watchdog
from stream.events import Partition

A, B = ("a", 0), ("a", 1)
DOWN = None  # nobody answers
Look = tuple[dict[Partition, int], dict[Partition, int] | None]  # positions, what brokers tell of those that stand


def strikes(looks: list[Look]) -> list[int]:
    """How many partitions have a strike after each look; -1 where the client was taken for stuck."""
    watchdog, now, found = Watchdog(), count(0.0, LOOK_S), list[int]()
    for positions, told in looks:
        still = watchdog.still(positions, next(now))
        known = told or {}
        try:
            watchdog.look(positions, {each: known[each] for each in still if each in known})
        except Stuck:
            return [*found, -1]
        found.append(watchdog.problem.count("a/"))
    return found


STANDING: Look = ({A: 7}, {A: 9})
UNTOLD: Look = ({A: 7}, DOWN)
STORIES: tuple[tuple[str, list[Look], list[int]], ...] = (
    ("it stands still while there is more", [STANDING] * 9, [0, 1, 1, -1]),
    ("it stands at the end", [({A: 9}, {A: 9})] * 9, [0] * 9),
    ("it reads, though never to the end", [({A: n}, {A: 99}) for n in range(9)], [0] * 9),
    ("it reads one record in time", [STANDING, STANDING, STANDING, *[({A: 8}, {A: 9})] * 4], [0, 1, 1, 0, 1, 1, -1]),
    ("no broker answers", [UNTOLD] * 9, [0] * 9),
    ("a broker comes back, and so does it", [STANDING, UNTOLD, UNTOLD, STANDING, ({A: 9}, {A: 9})], [0, 0, 0, 1, 0]),
    ("answers with gaps prove nothing", [STANDING, STANDING, UNTOLD] * 3, [0, 1, 0, 1, 1, 0, 1, 1, 0]),
    ("it is held back", [STANDING, STANDING, STANDING, ({}, {}), STANDING, STANDING], [0, 1, 1, 0, 0, 1]),
    ("only its neighbour stands", [({A: n, B: 4}, {A: 99, B: 5}) for n in range(9)], [0, 1, 1, -1]),
    ("its neighbour's leader is away", [({A: 7, B: 4}, {A: 9})] * 9, [0, 1, 1, -1]),
    ("it was given another place", [STANDING, STANDING, STANDING, *[({A: 5}, {A: 9})] * 2], [0, 1, 1, 0, 1]),
)


@pytest.mark.parametrize(("looks", "expected"), [story[1:] for story in STORIES], ids=[story[0] for story in STORIES])
def test_stuck_is_who_stands_still_while_brokers_tell_of_more(looks: list[Look], expected: list[int]) -> None:
    """STRIKES looks in a row, each with an answer, on the same partition, at the same place."""
    assert expected == strikes(looks)


def test_what_has_moved_since_it_was_asked_for_has_no_strike() -> None:
    """The answer is older than the position: it says nothing."""
    watchdog = Watchdog()
    watchdog.still({A: 7}, 0.0)
    assert [A] == watchdog.still({A: 7}, LOOK_S)
    watchdog.look({A: 8}, {A: 9})
    assert "" == watchdog.problem


def test_looks_are_rationed() -> None:
    """However often it is asked, brokers are asked once per LOOK_S, and only about what stands."""
    watchdog, asked = Watchdog(), list[float]()
    for tenth in range(600):
        if watchdog.still({A: 7, B: tenth}, tenth / 10):
            asked.append(tenth / 10)
    assert [LOOK_S * n for n in range(1, 6)] == asked


def test_who_is_stuck_is_told_with_what_to_expect() -> None:
    """Where it stands, up to where it could read, and that nothing is lost by a new start."""
    watchdog = Watchdog()
    for n in range(STRIKES + 1):
        watchdog.still({A: 7}, n * LOOK_S)
        if n < STRIKES:
            watchdog.look({A: 7}, {A: 9} if n else {})
    with pytest.raises(Stuck, match=r"a/0 stands at offset 7, .* for 30 s that it can be read up to 9: .* goes on"):
        watchdog.look({A: 7}, {A: 9})
