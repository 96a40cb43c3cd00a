"""Bounded samples that say what they know: the law of sums, against the slow oracle that has seen all events."""

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.config.settings import Settings
from stream.counting.drawn import EVERY, Drawn, Thinned, halved
from stream.partials import Open, Partial

SERIES = (60, "shop", "1")
HASHES = st.lists(st.integers(0, 60), max_size=40)  # few, so that many are equal


def drawn(hashes: list[int], k: int) -> Drawn:
    """Events whose values follow from their hash and place, of which some are no numbers."""
    found = np.array(hashes, np.int64)
    values = np.stack((found * 0.5, np.where(found % 7 == 0, np.inf, found)), axis=1) if hashes else np.empty((0, 2))
    return Drawn.of(found, values, k)


def known(hashes: list[int], k: int) -> tuple[int, list[int]]:
    """By the definition: below the (k+1)th smallest."""
    ranked = sorted(hashes)
    bound = ranked[k] if len(ranked) > k else EVERY
    return bound, [each for each in ranked if each < bound]


@settings(deadline=None)  # on a busy machine the first example takes longer than Hypothesis likes
@given(st.lists(HASHES, min_size=1, max_size=6), st.integers(1, 12), st.randoms(use_true_random=False))
def test_however_events_are_cut_the_sample_is_that_of_all(parts: list[list[int]], k: int, dice: object) -> None:
    """In any order, by halves or whole."""
    whole = drawn([each for part in parts for each in part], k)
    assert (whole.bound, whole.hashes.tolist()) == known([each for part in parts for each in part], k)
    pieces = [drawn(part, k) for part in parts]
    assert whole == reduce(add, pieces)
    pieces = [half for piece in pieces for half in piece.halves()]
    dice.shuffle(pieces)  # type: ignore[attr-defined]  # Hypothesis' own
    assert whole == reduce(add, pieces)


@settings(deadline=None)
@given(st.lists(HASHES, min_size=2, max_size=6), st.integers(1, 12), st.integers(0, 12))
def test_what_a_window_keeps_of_its_panes_is_enough(parts: list[list[int]], k: int, more: int) -> None:
    """Each pane without what lies beyond the sample of the window, or beyond that of a shorter one, is as good."""
    panes = [drawn(part, k) for part in parts]
    kept = []
    for i, pane in enumerate(panes):
        window = reduce(add, panes[: i + 1])
        kept.append(pane.below(min(window.bound + more, EVERY)))
    for i, j in pairwise((0, len(panes))):
        assert reduce(add, panes[i:j]) == reduce(add, kept[i:j])


@settings(deadline=None)
@given(HASHES, HASHES, st.integers(1, 12), st.integers(1, 12))
def test_samples_of_two_sizes_know_what_both_know(first: list[int], second: list[int], k: int, other: int) -> None:
    """All events below the bound are there, whatever each of them has left out."""
    both = drawn(first, k) + drawn(second, other)
    assert both.hashes.tolist() == sorted(each for each in first + second if each < both.bound)
    assert len(both) <= both.k == min(k, other)
    assert both == drawn(second, other) + drawn(first, k)


@settings(deadline=None)
@given(HASHES, st.integers(1, 12))
def test_bytes_are_the_same_sample(hashes: list[int], k: int) -> None:
    """With one nan for all that is no number."""
    one = drawn(hashes, k)
    assert one == Drawn.unpack(one.pack(), 2)
    assert not np.isinf(one.values).any()


def test_bytes_of_something_else_are_refused() -> None:
    """Of other columns, or cut short."""
    one = drawn([1, 2, 3], 3).pack()
    for wrong in ((*one[:3], one[3][:-1]), (*one[:2], one[2][:-1], one[3])):
        with pytest.raises(ValueError, match=r"reshape|buffer size"):
            Drawn.unpack(wrong, 2)
    with pytest.raises(ValueError, match="reshape"):
        Drawn.unpack(one, 3)


def test_a_partial_with_one_large_sample_is_parted() -> None:
    """By its rows, where there is nothing else to part it by."""
    whole = Partial(drawn={SERIES: drawn(list(range(40)), 30)})
    parts = whole.halves()
    assert parts is not None
    assert [15, 15] == [len(part.drawn[SERIES]) for part in parts]
    partly = Open(Settings())
    for part in parts:
        partly.add(part)
    assert dict(whole.drawn) == partly.drawn
    both = {SERIES: drawn([1, 2], 9), (60, "shop", None): drawn([3], 9)}
    assert ({SERIES: both[SERIES]}, {(60, "shop", None): drawn([3], 9)}) == halved(both, {SERIES})


def test_others_models_and_closed_panes_go() -> None:
    """As blocks do."""
    whole = Partial(drawn={SERIES: drawn([1], 9), (60, "other", "1"): drawn([2], 9)})
    assert {SERIES} == whole.of(lambda name: name == "shop").drawn.keys()


@settings(deadline=None)
@given(st.lists(HASHES, min_size=1, max_size=8), st.integers(1, 12), st.integers(0, 7))
def test_pieces_without_what_cannot_matter_add_up_to_the_same(parts: list[list[int]], k: int, lost: int) -> None:
    """Also where the reader forgets in between, as one that starts anew does."""
    thinned, pieces = Thinned[str](), []
    for i, part in enumerate(parts):
        if i == lost:
            thinned.keep(lambda key: key != "a")
        pieces.append(thinned.thin("a", drawn(part, k)))
    assert reduce(add, pieces) == drawn([each for part in parts for each in part], k)


def test_after_a_while_few_rows_are_handed_on() -> None:
    """Of 200 pieces with 100 events each, of which each alone has 50."""
    thinned, dice = Thinned[str](), np.random.default_rng(1)
    pieces = [Drawn.of(dice.integers(0, EVERY, 100), np.zeros((100, 1)), 50) for _ in range(200)]
    assert sum(len(thinned.thin("a", piece)) for piece in pieces) < 50 * (1 + np.log(400)) * 1.1
