"""A store that is put back from a copy: what came since is read again, and the rows are those of an undisturbed run."""

from copy import deepcopy

import pytest

from sinks.commit import Store
from sinks.memory import MemoryStore
from tests.simulation.driver import Rows, Run
from tests.simulation.world import World

LIVES = [(0.1, 0.3), (0.3, 0.5), (0.85, 0.97)]  # shares of all steps at which a copy is made, and put back


def copied(store: Store) -> MemoryStore:
    """All that it holds at this moment."""
    assert isinstance(store, MemoryStore)
    copy = MemoryStore()
    copy._last, copy._chunks = store._last, deepcopy(store._chunks)
    return copy


@pytest.fixture(scope="module")
def n_steps(log: World) -> int:
    """How many steps the whole takes."""
    run = Run(log, seed=1)
    run.finish()
    return run.steps


def until(run: Run, n: int) -> None:
    """Let it live until a step."""
    while run.steps < n:
        run.step()


@pytest.mark.parametrize(("made", "put_back"), LIVES)
def test_one_process_goes_on_from_a_copy(
    log: World, undisturbed: Rows, n_steps: int, made: float, put_back: float
) -> None:
    """Its rows are not told apart from those of a run that lost nothing."""
    run = Run(log, seed=1)
    until(run, int(made * n_steps))
    copy, changed = copied(run.store), run.changed
    until(run, int(put_back * n_steps))
    lost = run.store.last() - copy.last()
    assert (True, changed) == (lost > 3, run.changed)
    run.store = copy
    run._kill()
    assert undisturbed == run.finish()
