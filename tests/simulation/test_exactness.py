"""The guarantee: the same log and journal give the same rows, byte for byte, whatever happens on the way."""

from copy import copy, deepcopy

import pytest

from stream import recovery, watch
from stream.counting.clocks import Start
from tests.simulation.conftest import SEED
from tests.simulation.driver import Rows, Run, copied
from tests.simulation.world import World, world


def test_the_world_has_everything_in_it(undisturbed: Rows, log: World) -> None:
    """Learning, a change of plan, versions, segments, late events, refusals, labels, findings, a trigger: all occur."""
    plans = {(model, since) for _, model, since, _ in undisturbed["plans"]}
    assert {model for model, _ in plans} >= {"shop", "quiet", "newcomer"}
    assert len([model for model, _ in plans if model == "shop"]) == 2
    assert {row[1] for row in undisturbed["panes"]} >= {"1", "2"}
    assert {row[2] for row in undisturbed["windows"]} >= {"site=paris", "country=FR"}
    assert sum(row[4] for row in undisturbed["traffic"]) > 0, "late"
    assert {row[3] for row in undisturbed["rejected"]} >= {"empty", "undecodable", "ahead", "missing_field"}
    assert len(undisturbed["dead_letters"]) == sum(row[4] for row in undisturbed["rejected"])
    assert undisturbed["labels"]
    assert undisturbed["unwatched"]
    assert {row[10] for row in undisturbed["windows"]} == {"ok", "drift", "unknown"}
    assert undisturbed["triggers"]
    assert len(log.silences) == 4


@pytest.mark.parametrize("seed", range(8))
def test_any_cut_and_interleaving_gives_the_same_rows(log: World, undisturbed: Rows, seed: int) -> None:
    """Batches of random size from partitions in random order."""
    assert undisturbed == Run(log, seed, batch_max=[1, 7, 40, 300][seed % 4]).finish()


@pytest.mark.parametrize("seed", range(9))
def test_any_crash_gives_the_same_rows(log: World, undisturbed: Rows, seed: int) -> None:
    """Killed at random, about every twentieth step; what open panes need is read again."""
    run = Run(log, seed, batch_max=[6, 20, 60][seed % 3], kill_share=[0.01, 0.04, 0.1][seed % 3])
    assert undisturbed == run.finish()
    print(f"seed {seed}: killed {run.kills} times; records read again after each: {run.reread}")
    assert run.kills > 3
    assert all(again >= 0 for again in run.reread)
    assert sum(again > 0 for again in run.reread) >= run.kills - 2, run.reread  # the first kills may precede any pane


def test_killed_at_every_step_gives_the_same_rows() -> None:
    """One life after each step of a run of coarse steps over a shorter log: a kill leaves what its store has."""
    whole, left = Run(world(SEED + 1, minutes=40), seed=5, batch_max=150, commit_share=0.5), []
    while not whole._done():
        left.append(killed(whole))
        whole.step()
    expected = whole.finish()
    for step, run in enumerate(left, 1):
        assert expected == run.finish(), f"killed at step {step}"


def killed(run: Run) -> Run:
    """What goes on if it is killed here, while it goes on itself."""
    other = copy(run)
    other.store, other.rng, other.reread = copied(run.store), deepcopy(run.rng), []
    other._kill()
    return other


def test_without_the_rewind_rows_are_lost(log: World, undisturbed: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutation check: reading on from the committed position forgets what open panes had counted."""
    recalled = recovery.recall

    def forgetful(*arguments: object) -> watch.Memory:
        memory = recalled(*arguments)
        starts = {p: Start(memory.clocks[p], start.written) for p, start in memory.starts.items()}
        return watch.Memory(memory.last, memory.state, starts, memory.clocks)

    monkeypatch.setattr("tests.simulation.driver.recall", forgetful)
    assert undisturbed != Run(log, seed=3, kill_share=0.05).finish()


def test_without_the_position_skip_rows_are_written_twice(
    log: World, undisturbed: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutation check: what belongs to a position would be written again while open panes are read again."""
    recalled = recovery.recall

    def repeating(*arguments: object) -> watch.Memory:
        memory = recalled(*arguments)
        starts = {p: Start(start.mark, (0, 0), start.releases) for p, start in memory.starts.items()}
        return watch.Memory(memory.last, memory.state, starts, memory.clocks)

    monkeypatch.setattr("tests.simulation.driver.recall", repeating)
    assert undisturbed != Run(log, seed=3, kill_share=0.05).finish()
