"""Some seeds of `make simulate`: whatever strikes, what is kept and sent is what an undisturbed run keeps."""

from collections import Counter

from tests.simulation.scene import scene
from tests.simulation.seeds import missing, play

FIRST, SEEDS = 0, 30


def test_whatever_strikes_gives_the_rows_of_an_undisturbed_run() -> None:
    """Each seed has another configuration, another log and other faults; of every kind some occur."""
    happened: Counter[str] = Counter()
    wrong = {}
    for seed, what, more in map(play, range(FIRST, FIRST + SEEDS)):
        happened += more
        if what:
            wrong[seed] = what
    assert {} == wrong
    assert [] == missing(happened)


def test_every_seed_has_its_events_and_is_always_the_same() -> None:
    """At least 500, in every partition in the order of their offsets."""
    for seed in range(20):
        first, again = scene(seed), scene(seed)
        assert first == again
        assert sum(len(one.at) for one in first.log.values()) >= 500
        for one in first.log.values():
            assert sorted(one.offsets) == one.offsets
            assert sorted(one.seen) == one.seen


def test_a_seed_can_be_played_again() -> None:
    """The same faults at the same places."""
    assert play(7) == play(7)
