"""Open panes: Partials add up in any order, and what a stranger says has a limit."""

from collections import Counter
from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.closed import Closed
from stream.config.settings import Model, Settings
from stream.counting.fewest import fewest, name_hash
from stream.counting.sample import Sample
from stream.events import RESERVED
from stream.partials import (
    NAMES_MAX,
    STRANGER_SAMPLE,
    STRANGERS_MAX,
    TOLD_MAX,
    DeadLetter,
    Open,
    Partial,
)
from stream.roster import FUTURE

PANE = 60
SETTINGS = Settings(patterns=(("m1*", Model()), ("*", Model())))


def strangers(counts: dict[str, int], first: int = 0) -> Partial:
    """A Partial of events of unknown models; each has a hash of its own."""
    samples = {}
    for name, n in counts.items():
        hashes = np.arange(first, first + n)
        samples[PANE, name] = Sample.of(hashes, [""] * n, [name.encode()] * n, STRANGER_SAMPLE)
    return Partial(strangers=Counter({(PANE, name): n for name, n in counts.items()}), samples=samples)


def opened(*partials: Partial) -> Open:
    """The sum of Partials."""
    partly = Open(SETTINGS)
    for partial in partials:
        partly.add(partial)
    return partly


@given(st.lists(st.lists(st.integers(0, 150), max_size=60), min_size=1, max_size=5))
def test_strangers_are_bounded_whatever_the_order(arrivals: list[list[int]]) -> None:
    """The smallest hashes of a pane are told apart, the others by their patterns; the slow oracle counts all first."""
    partials = [
        strangers(dict(Counter(f"m{i}" for i in arrival)), first=1_000 * n) for n, arrival in enumerate(arrivals)
    ]
    total = Counter(f"m{i}" for arrival in arrivals for i in arrival)
    told, together = told_and_together(total, STRANGERS_MAX)
    for order in (partials, partials[::-1]):
        partly = opened(*order)
        assert told | together == dict(partly.strangers)
        assert told.keys() == partly.samples.keys()


def told_and_together(total: Counter[str], limit: int) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], int]]:
    """What remains of counts by name."""
    names, together = sorted(total, key=name_hash), Counter[tuple[int, str]]()
    for name in names[limit:]:
        together[PANE, RESERVED + ("m1*" if name.startswith("m1") else "*")] += total[name]
    return {(PANE, name): total[name] for name in names[:limit]}, together


@settings(deadline=None)  # thousands of names: on a busy machine an example takes longer than Hypothesis likes
@given(st.lists(st.integers(0, 4_000), min_size=1, max_size=8))
def test_late_events_and_labels_of_many_models_are_bounded_and_all_counted(firsts: list[int]) -> None:
    """A flood of names fills no memory and loses no count."""
    parts = [Counter({(PANE, f"m{i}"): i % 3 + 1 for i in range(first, first + 700)}) for first in firsts]
    total = Counter[str]()
    for part in parts:
        total.update({name: n for (_, name), n in part.items()})
    told, together = told_and_together(total, TOLD_MAX)
    for order in (parts, parts[::-1]):
        partly = opened(*(Partial(late=part, labels=part) for part in order))
        assert told | together == dict(partly.late) == dict(partly.labels)
        assert len(partly.late) <= TOLD_MAX + 2


def test_the_sample_of_a_stranger_does_not_grow_with_the_cuts() -> None:
    """Ten Partials of 400 events give the sample that one of 4,000 gives."""
    hashes = np.random.default_rng(3).permutation(4_000)

    def part(chosen: np.ndarray) -> Partial:
        n = len(chosen)
        sample = Sample.of(chosen, ["1"] * n, [b""] * n, STRANGER_SAMPLE)
        return Partial(strangers=Counter({(PANE, "m"): n}), samples={(PANE, "m"): sample})

    whole, cut = opened(part(hashes)), opened(*(part(some) for some in np.split(hashes, 10)))
    assert whole.strangers == cut.strangers
    assert list(range(STRANGER_SAMPLE)) == whole.samples[PANE, "m"].hashes.tolist()
    assert whole.samples[PANE, "m"].hashes.tolist() == cut.samples[PANE, "m"].hashes.tolist()


def test_new_versions_are_told_apart_up_to_a_limit_in_any_order() -> None:
    """Of twenty names the sixteen with the smallest hashes."""
    names = [f"v{i}" for i in range(20)]
    parts = [Partial(versions={(PANE, "m"): frozenset(names[i::4])}) for i in range(4)]
    found = {opened(*order).versions[PANE, "m"] for order in permutations(parts)}
    assert {frozenset(sorted(names, key=name_hash)[:NAMES_MAX])} == found


@given(st.frozensets(st.text(max_size=3)), st.integers(0, 5))
def test_fewest_are_the_names_with_the_smallest_hashes(names: frozenset[str], limit: int) -> None:
    """No more than the limit."""
    assert frozenset(sorted(names, key=name_hash)[:limit]) == fewest(names, limit)


def test_counts_add_up() -> None:
    """Late, labels, rejected, learning: sums by pane."""
    one = Partial(learning={(PANE, "m"): 2}, late={(PANE, "m"): 1}, labels={(PANE, "m"): 3})
    partly = opened(one, one, Partial(rejected={(PANE, "t", 0, "empty"): 1}))
    assert (4, 2, 6) == (partly.learning[PANE, "m"], partly.late[PANE, "m"], partly.labels[PANE, "m"])
    assert {(PANE, "t", 0, "empty"): 1} == dict(partly.rejected)


def test_what_belongs_to_closed_panes_is_left_out() -> None:
    """By model, by the pattern of those that are counted together, and for ever where no pattern matches any more."""
    closed = Closed({"a": PANE}, (("m1*", 2 * PANE), ("n*", PANE)), otherwise=FUTURE)
    names = ("a", "m17", f"{RESERVED}m1*", "n", "gone", f"{RESERVED}gone*")
    late = Counter({(end, name): 1 for name in names for end in (PANE, 2 * PANE, 3 * PANE)})
    letter = DeadLetter("t", 0, 7, 0, 0, "empty", "", b"")
    rejected = {(PANE, "t", 0, "empty"): 1, (2 * PANE, "t", 0, "empty"): 1}
    left = Partial(late=late, labels=late, rejected=rejected, dead_letters=(letter,)).beyond(
        closed, Closed(), {"t": 60}
    )
    expected = {"a": [2, 3], "m17": [3], f"{RESERVED}m1*": [3], "n": [2, 3]}
    assert {(n * PANE, name) for name, ends in expected.items() for n in ends} == set(left.late)
    assert late == left.labels
    assert {(2 * PANE, "t", 0, "empty"): 1} == left.rejected
    assert (letter,) == left.dead_letters
