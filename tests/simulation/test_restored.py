"""A store that is put back from a copy: what came since is read again, and the rows are those of an undisturbed run."""

import pytest

from sinks.memory import MemoryStore
from stream.tiers.chain import ChainBroken
from tests.simulation.driver import Rows, Run, copied
from tests.simulation.tiers import Tiers
from tests.simulation.world import World

LIVES = [(0.1, 0.3), (0.3, 0.5), (0.85, 0.97)]  # shares of all steps at which a copy is made, and put back


def restored(tiers: Tiers, copy: MemoryStore) -> Tiers:
    """A monitor begins with the copy, and its workers begin anew."""
    tiers.store, tiers.workers, tiers.claiming, tiers.frozen, tiers.steps = copy, {}, {}, [], 0
    tiers._monitor()
    return tiers


@pytest.fixture(scope="module")
def n_steps(log: World) -> tuple[int, int]:
    """How many steps the whole takes, in one process and in two tiers."""
    one, two = Run(log, seed=1), Tiers(log, seed=1)
    one.finish()
    two.finish()
    return one.steps, two.steps


def until(lives: Run | Tiers, n: int) -> None:
    """Let it live until a step."""
    while lives.steps < n:
        lives.step()
        lives.steps += isinstance(lives, Tiers)


@pytest.mark.parametrize(("made", "put_back"), LIVES)
def test_one_process_goes_on_from_a_copy(
    log: World, undisturbed: Rows, n_steps: tuple[int, int], made: float, put_back: float
) -> None:
    """Its rows are not told apart from those of a run that lost nothing."""
    run = Run(log, seed=1)
    until(run, int(made * n_steps[0]))
    copy, changed = copied(run.store), run.changed
    until(run, int(put_back * n_steps[0]))
    lost = run.store.last() - copy.last()
    assert (True, changed) == (lost > 3, run.changed)
    run.store = copy
    run._kill()
    assert undisturbed == run.finish()


@pytest.mark.parametrize(("made", "put_back"), LIVES)
def test_a_monitor_goes_on_from_a_copy_where_its_workers_are_stopped_meanwhile(
    log: World, undisturbed: Rows, n_steps: tuple[int, int], made: float, put_back: float
) -> None:
    """It finds all that it had read in the Partials, releases too."""
    tiers = Tiers(log, seed=1)
    until(tiers, int(made * n_steps[1]))
    copy, changed = copied(tiers.store), tiers.changed
    until(tiers, int(put_back * n_steps[1]))
    lost = tiers.store.last() - copy.last()
    assert (True, changed) == (lost > 3, tiers.changed)
    assert undisturbed == restored(tiers, copy).finish()


def test_a_monitor_stops_where_its_copy_is_older_than_a_changed_configuration(
    log: World, n_steps: tuple[int, int]
) -> None:
    """Workers have counted by plans that it would decide anew, from another T: it says so rather than add them up."""
    tiers = Tiers(log, seed=1)
    until(tiers, int(0.5 * n_steps[1]))
    copy = copied(tiers.store)
    until(tiers, int(0.97 * n_steps[1]))
    assert tiers.changed
    with pytest.raises(ChainBroken, match="which was not said"):
        restored(tiers, copy).finish()
