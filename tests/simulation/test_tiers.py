"""Workers and a monitor give the rows of one process, byte for byte, whoever dies and whenever."""

import pytest

from stream.counting.clocks import Mark, Progress, Start
from stream.tiers import follower, places, wire
from stream.tiers.chain import Link
from tests.simulation.driver import Rows
from tests.simulation.tiers import Stuck, Tiers
from tests.simulation.world import World


@pytest.mark.parametrize("seed", range(4))
def test_two_tiers_give_the_rows_of_one_process(log: World, undisturbed: Rows, seed: int) -> None:
    """Batches, cuts and Commits at random; boards come late."""
    tiers = Tiers(log, seed, batch_max=[2, 8, 41, 301][seed])
    assert undisturbed == tiers.finish()
    assert {partition: log.end(partition) for partition in log.log} == tiers.follower.ends


@pytest.mark.parametrize("seed", range(6))
def test_any_crash_of_either_tier_gives_the_same_rows(log: World, undisturbed: Rows, seed: int) -> None:
    """Workers and the monitor are killed at random; a monitor reads Partials again, from the rewind on."""
    tiers = Tiers(log, seed, batch_max=[8, 41, 301][seed % 3], kill_share=[0.02, 0.05][seed % 2])
    assert undisturbed == tiers.finish()
    print(
        f"seed {seed}: {tiers.worker_kills} workers and {tiers.monitor_kills} monitors killed, "
        f"{tiers.reread} partials read again, {tiers.refused} refused of workers that were frozen"
    )
    assert min(tiers.worker_kills, tiers.monitor_kills, tiers.reread) > 3


@pytest.mark.parametrize("behind", [1, 10**9])
def test_without_the_right_rewind_the_chain_is_broken(log: World, monkeypatch: pytest.MonkeyPatch, behind: int) -> None:
    """The mutation check: a monitor that goes on one Partial too late, or where it had come to, would lose sums."""
    kept = places.Places.place

    def off(self: places.Places, progress: Progress) -> places.Place:
        place = kept(self, progress)
        return places.Place(place.next, min(place.rewind + behind, place.next))

    monkeypatch.setattr(places.Places, "place", off)
    with pytest.raises((follower.ChainBroken, Stuck)):
        Tiers(log, 3, kill_share=0.05).finish()


def test_without_the_position_skip_dead_letters_are_written_twice(
    log: World, undisturbed: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutation check: Partials that are read again would be written again."""
    taken = follower.Follower._take

    def forgetful(self: follower.Follower, link: Link, *, written: bool) -> None:
        del written
        taken(self, link, written=False)

    monkeypatch.setattr(follower.Follower, "_take", forgetful)
    assert undisturbed["dead_letters"] != Tiers(log, 3, kill_share=0.05).finish()["dead_letters"]


def test_a_worker_without_the_clock_of_its_partition_breaks_the_chain(
    log: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutation check: who goes on from a position alone would judge lateness anew."""
    read = wire.end_of

    def clockless(value: bytes) -> tuple[Start, bool]:
        start, gap = read(value)
        return Start(Mark(start.mark.offset), start.written), gap

    monkeypatch.setattr("stream.tiers.gatherer.end_of", clockless)
    with pytest.raises(follower.ChainBroken):
        Tiers(log, 3, kill_share=0.05).finish()


def test_the_end_must_not_be_read_before_the_former_owner_is_fenced(log: World) -> None:
    """The mutation check: what a frozen worker sends in between would be counted twice, or break the chain."""
    assert any(_breaks(Tiers(log, seed, batch_max=8, kill_share=0.08, tail_first=True)) for seed in range(20))


def _breaks(tiers: Tiers) -> bool:
    try:
        tiers.finish()
    except (follower.ChainBroken, Stuck):
        return True
    return False
