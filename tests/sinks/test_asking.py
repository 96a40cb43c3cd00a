"""A call of DuckDB fails amid a question about labels: the next one has all of the memory again."""

from pathlib import Path

import duckdb
import pytest

from sinks.commit import Commit, StoreFailed
from sinks.duck import DuckStore
from tests.sinks.faults import Device
from tests.sinks.test_duck_memory import limit
from tests.sinks.test_meeting import asked, told, world


@pytest.mark.parametrize("error", [duckdb.IOException, duckdb.OutOfMemoryException])
def test_whichever_call_of_a_question_fails_the_limit_is_what_it_was(tmp_path: Path, error: type[duckdb.Error]) -> None:
    """The question has its answer, or none; where the memory was too little for it, it is asked with all of it."""
    commits, panes = world(1)
    steps = list(asked(1, panes))[1]
    device = Device(0, n=0, error=error)
    store = DuckStore(tmp_path / "driftline.duckdb", connect=device.connect)
    for commit in commits:
        store.write(commit)
    before, device.calls = limit(store), 0
    expected, calls = told(store.meeting(steps)), device.calls
    answered = 0
    for first in range(1, calls + 1):
        device.calls, device.first, device.n, device.watched = 0, first, 1, True
        try:
            assert expected == told(store.meeting(steps))
            answered += 1
        except StoreFailed:
            pass
        assert device.failed == 1
        device.watched = False
        store.write(Commit(store.last() + 1, {}))
        assert before == limit(store)
        assert expected == told(store.meeting(steps))
    assert bool(answered) == (error is duckdb.OutOfMemoryException)
    store.close()
