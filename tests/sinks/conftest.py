"""Both stores, so that every law is asked of each."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sinks.commit import Store
from sinks.duck import DuckStore
from sinks.memory import MemoryStore


@pytest.fixture(params=["memory", "duck"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    opened: Store = MemoryStore() if request.param == "memory" else DuckStore(tmp_path / "driftline.duckdb")
    with closing(opened):
        yield opened


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[DuckStore]:
    """An empty DuckDB store."""
    with closing(DuckStore(tmp_path / "driftline.duckdb")) as opened:
        yield opened
