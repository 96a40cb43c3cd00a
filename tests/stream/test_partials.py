"""Open panes: Partials add up in any order, and what a stranger says has a limit."""

from collections import Counter
from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.partials import NAMES_MAX, STRANGER_SAMPLE, STRANGERS_MAX, Open, Partial, fewest, name_hash
from stream.sample import Sample

PANE = 60


def strangers(counts: dict[str, int], first: int = 0) -> Partial:
    """A Partial of events of unknown models; each has a hash of its own."""
    samples = {}
    for name, n in counts.items():
        hashes = np.arange(first, first + n)
        samples[PANE, name] = Sample.of(hashes, [""] * n, [name.encode()] * n, STRANGER_SAMPLE)
    return Partial(strangers=Counter({(PANE, name): n for name, n in counts.items()}), samples=samples)


def opened(*partials: Partial) -> Open:
    """The sum of Partials."""
    partly = Open(sample_size=4_096)
    for partial in partials:
        partly.add(partial)
    return partly


@given(st.lists(st.lists(st.integers(0, 150), max_size=60), min_size=1, max_size=5))
def test_strangers_are_bounded_whatever_the_order(arrivals: list[list[int]]) -> None:
    """The smallest hashes of a pane stay, each with all its events; the slow oracle counts everything first."""
    partials = [
        strangers(dict(Counter(f"m{i}" for i in arrival)), first=1_000 * n) for n, arrival in enumerate(arrivals)
    ]
    total = Counter(f"m{i}" for arrival in arrivals for i in arrival)
    expected = {(PANE, name): total[name] for name in sorted(total, key=name_hash)[:STRANGERS_MAX]}
    for order in (partials, partials[::-1]):
        partly = opened(*order)
        assert expected == dict(partly.strangers)
        assert expected.keys() == partly.samples.keys()


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
