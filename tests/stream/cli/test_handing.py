"""`driftline hand-over`: a store of one monitor becomes stores of several, or it is said why not."""

from pathlib import Path

import pytest

from sinks import commit as tables
from sinks.duck import DuckStore
from stream.config.sections.monitors import Monitors
from tests.stream.cli.conftest import Command

NAMES = ("a", "b")
OWNER = Monitors(NAMES).owner("fraud")
SHARED = "defaults: {windows: [1m], lateness: 10s, reference: {learn: 2m}}\nmonitors: {names: [a, b]}\n"


@pytest.fixture
def former(driftline: Command, folder: Path, log: Path) -> Path:
    """The store of one process that has watched all."""
    (folder / "shared.yaml").write_text(SHARED)
    (folder / "driftline.yaml").write_text(SHARED.splitlines()[0])
    assert 0 == driftline("replay", log, "--store", "former.duckdb").code
    return folder / "former.duckdb"


def events(path: Path) -> int:
    """How many are counted in a store."""
    store = DuckStore(path)
    traffic = store.select(tables.TRAFFIC)
    found = sum(int(traffic[name].sum()) for name in ("events", "late", "waiting"))
    store.close()
    return found


def test_each_takes_what_it_watches(driftline: Command, former: Path, folder: Path) -> None:
    """The one has the model's rows, the other has none; both know where to go on."""
    for name in NAMES:
        told = driftline("hand-over", "shared.yaml", "--name", name, "--to", f"{name}.duckdb", former)
        assert (0, "") == (told.code, told.err)
        assert told.out.endswith(f" rows of what {name} watches now\n")
        store = DuckStore(folder / f"{name}.duckdb")
        assert 1 == len(store.select(tables.POSITIONS)["topic"])
        store.close()
    found = {name: events(folder / f"{name}.duckdb") for name in NAMES}
    assert {name: 600 * (name == OWNER) for name in NAMES} == found


def test_a_mistake_makes_no_file(driftline: Command, former: Path, folder: Path) -> None:
    """Each is told in a sentence, and leaves things as they were."""
    again = driftline("hand-over", "shared.yaml", "--name", "a", "--to", former, former)
    nobody = driftline("hand-over", "shared.yaml", "--name", "c", "--to", "c.duckdb", former)
    unnamed = driftline("hand-over", "shared.yaml", "--to", "c.duckdb", former)
    missing = driftline("hand-over", "shared.yaml", "--name", "a", "--to", "c.duckdb", "gone.duckdb")
    assert [2] * 4 == [told.code for told in (again, nobody, unnamed, missing)]
    assert "is there already: a hand-over makes a new store" in again.err
    assert "monitors.name: expected a or b (--name), found c" in nobody.err
    assert "monitors.name: expected a or b (--name), found nothing" in unnamed.err
    assert "gone.duckdb: there is no such store" in missing.err
    assert not (folder / "c.duckdb").exists()
