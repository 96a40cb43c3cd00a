"""The k smallest hashes: whoever merges what, in whatever order, it is the same sample."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.counting.sample import NOTHING, Pool, Sample, position_hashes

EVENTS = st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=2)), unique=True, max_size=25)
Event = tuple[int, bytes]


def sample(events: list[Event], k: int) -> Sample:
    """The sample of some events; each one's version is its hash."""
    hashes = np.array([hashed for hashed, _ in events], np.int64)
    return Sample.of(hashes, [str(hashed) for hashed, _ in events], [payload for _, payload in events], k)


def told(one: Sample) -> list[tuple[int, str, bytes]]:
    """A sample as plain values."""
    return list(zip(one.hashes.tolist(), one.versions, one.payloads, strict=True))


@given(EVENTS, st.integers(1, 8), st.integers(0, 25), st.randoms(use_true_random=False))
def test_a_merge_of_parts_is_the_sample_of_all(events: list[Event], k: int, cut: int, dice: object) -> None:
    """In any order of the events and of the parts, equal hashes included: then the payload decides."""
    expected = [(hashed, str(hashed), payload) for hashed, payload in sorted(events)[:k]]
    dice.shuffle(events)  # type: ignore[attr-defined]  # Hypothesis' random.Random
    first, second = sample(events[:cut], k), sample(events[cut:], k)
    assert expected == told(first.merge(second, k)) == told(second.merge(first, k)) == told(sample(events, k))


@given(EVENTS, st.integers(1, 8))
def test_nothing_enters_from_the_bound_on(events: list[Event], k: int) -> None:
    """What is skipped by the bound could not have been in the sample."""
    one = sample(events, k)
    skipped = sample([(hashed, payload) for hashed, payload in events if hashed < one.bound(k)], k)
    assert one.hashes.tolist()[: len(skipped.hashes)] == skipped.hashes.tolist()
    assert told(one) == told(one.below(one.bound(k) + 1))


@given(EVENTS, st.integers(1, 8), st.lists(st.integers(0, 25), max_size=6))
def test_a_pool_ends_with_the_sample_of_all(events: list[Event], k: int, cuts: list[int]) -> None:
    """However events come, in bits that may be empty, and without those that its bound has ruled out."""
    pool, places = Pool(k), sorted((0, *cuts, len(events)))
    for i, j in pairwise(places):
        bit = [(hashed, payload) for hashed, payload in events[i:j] if hashed <= pool.bound]
        for hashed, payload in bit:  # of one version each: its hash
            pool.add(np.array([hashed], np.int64), str(hashed), [payload])
        pool.add(np.empty(0, np.int64), "", [])
    assert told(sample(events, k)) == told(pool.sample())


def test_the_empty_sample_changes_nothing() -> None:
    """The identity of the merge, from both sides."""
    one = sample([(3, b"a"), (1, b"b"), (2, b"c")], 2)
    assert told(one) == told(NOTHING.merge(one, 2)) == told(one.merge(NOTHING, 2))
    assert told(one.first(1)) == told(NOTHING.merge(one, 1))


def test_hashes_of_positions_never_change() -> None:
    """Golden: stored samples are compared with them, in this version and the next."""
    offsets = np.array([0, 1, 2**40], np.int64)
    golden = [6_612_919_898_181_497_795, 4_836_237_696_110_517_927, 7_267_178_441_423_805_302]
    assert golden == position_hashes(7, 0, offsets).tolist()


def test_positions_of_two_partitions_or_topics_have_other_hashes() -> None:
    """63 bits, spread evenly: a thousand positions of six partitions, no two alike, half of them in the lower half."""
    offsets = np.arange(1_000)
    hashes = np.concatenate([position_hashes(seed, n, offsets) for seed in (1, 2) for n in range(3)])
    assert 6_000 == len(np.unique(hashes))
    assert hashes.min() >= 0
    assert 2_850 < (hashes < 2**62).sum() < 3_150
