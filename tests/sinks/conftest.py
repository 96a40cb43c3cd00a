"""Both stores, so that every law is asked of each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
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


@pytest.fixture(scope="module", params=["memory", "duck"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Store]]:
    """A store of each kind by its use: of tests that have a table each, and need no file each."""
    made: dict[str, Store] = {}
    with ExitStack() as opened:

        def of(use: str) -> Store:
            if use not in made:
                path = tmp_path_factory.mktemp("duck") / "driftline.duckdb"
                new: Store = MemoryStore() if request.param == "memory" else DuckStore(path)
                made[use] = opened.enter_context(closing(new))
            return made[use]

        yield of
