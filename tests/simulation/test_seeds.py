"""Some seeds of `make simulate`: whatever strikes, what is kept and sent is what an undisturbed run keeps."""

from collections import Counter

from tests.simulation.scene import scene
from tests.simulation.seeds import play

FIRST, SEEDS = 0, 30
OCCUR = (
    "boards compacted away",
    "boards delivered late",
    "boards delivered twice",
    "changes of plan",
    "clock skews",
    "control records",
    "fetches that failed",
    "journal: lost",
    "journal: release",
    "jumps back",
    "jumps forward",
    "late events",
    "losses by retention",
    "machines suspended",
    "monitor killed: the disk is slow",
    "open transactions met",
    "partitions added",
    "rows of triggers",
    "run killed: written, and nobody told",
    "silences",
    "slow commits",
    "store calls that failed",
    "topics created late",
    "transactions left open, aborted by a successor",
    "transactions that failed",
    "transactions whose answer was lost",
    "windows judged",
    "worker killed: fetching",
    "workers frozen, while another takes over",
    "zombies refused",
)


def test_whatever_strikes_gives_the_rows_of_an_undisturbed_run() -> None:
    """Each seed has another configuration, another log and other faults; of every kind some occur."""
    happened: Counter[str] = Counter()
    wrong = {}
    for seed, what, more in map(play, range(FIRST, FIRST + SEEDS)):
        happened += more
        if what:
            wrong[seed] = what
    assert {} == wrong
    assert [] == [kind for kind in OCCUR if not happened[kind]]


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
