"""Deliberate defects: each is found by the rows, or the stories above would not say much."""

from collections.abc import Callable

import numpy as np
import pytest

from stream import ingest, recovery
from stream.clocks import Mark, Start
from stream.events import Ints
from stream.watch import Memory
from tests.simulation.driver import Rows, Run
from tests.simulation.world import World


def forgetting(change: Callable[[Start], Start]) -> Callable[..., Memory]:
    """A recall that changes where partitions are read from."""

    def recalled(*arguments: object) -> Memory:
        memory = recovery.recall(*arguments)  # type: ignore[arg-type]  # as it was called
        starts = {partition: change(start) for partition, start in memory.starts.items()}
        return Memory(memory.last, memory.state, starts, memory.clocks)

    return recalled


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda start: Start(Mark(start.mark.offset), start.written, start.releases), id="clocks"),
        pytest.param(lambda start: Start(start.mark, start.written), id="releases"),
    ],
)
def test_a_restart_must_carry(
    log: World, undisturbed: Rows, monkeypatch: pytest.MonkeyPatch, change: Callable[[Start], Start]
) -> None:
    """Clocks, or old events would be in time again; releases, or the events behind them would."""
    monkeypatch.setattr("tests.simulation.driver.recall", forgetting(change))
    assert any(_differs(Run(log, seed, kill_share=0.05), undisturbed) for seed in range(4))


def test_lateness_must_not_go_by_batches(log: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the greatest time of its batch an event would be late or not as the batches are cut."""

    def of_the_batch(times: Ints, before: int) -> Ints:
        return np.full_like(times, max(before, *times.tolist())) if len(times) else times

    monkeypatch.setattr(ingest, "running", of_the_batch)
    expected = Run(log, seed=0, batch_max=1_000, commit_share=1.0).finish()
    assert _differs(Run(log, seed=1, batch_max=5), expected)


def _differs(run: Run, expected: Rows) -> bool:
    """Whether the rows are others, or the run has noticed by itself that something is wrong."""
    try:
        return bool(run.finish() != expected)
    except AssertionError:
        return True
