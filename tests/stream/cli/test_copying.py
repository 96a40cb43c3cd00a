"""`driftline backup` and `restore`, as docs/operations.md shows them."""

from contextlib import closing
from pathlib import Path

import numpy as np

from sinks.duck import DuckStore
from tests.sinks.rows import commit
from tests.stream.cli.conftest import Command

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
SHOWN = "backups/driftline-20261121T181500Z.duckdb"


def grown(path: Path, number: int) -> None:
    """A store with one Commit more."""
    with closing(DuckStore(path)) as store:
        store.write(commit(number, np.random.default_rng(number)))


def test_the_example_of_the_documentation_brings_a_copy_back(driftline: Command, folder: Path) -> None:
    """Its commands, line by line; only the name of the copy is another."""
    lines = PAGE.read_text().splitlines()
    backup, restore = (line for line in lines if line.startswith(("$ driftline backup", "$ driftline restore")))
    (folder / "driftline.yaml").write_text("store: {memory_limit: 200MB}")
    grown(folder / "driftline.duckdb", 1)
    made = driftline(*backup.split()[2:])
    (copy,) = (folder / "backups").iterdir()
    assert (0, "") == (made.code, made.err)
    assert f"backups/{copy.name}: commit 1, {copy.stat().st_size:,} bytes\n" == made.out
    grown(folder / "driftline.duckdb", 2)
    assert SHOWN in restore
    arguments = restore.replace(SHOWN, f"backups/{copy.name}").split()[2:]
    refused = driftline(*arguments)
    assert (2, True) == (refused.code, "say --force" in refused.err)
    assert "driftline.duckdb: commit 1\n" == driftline(*arguments, "--force").out
    with closing(DuckStore(folder / "driftline.duckdb")) as store:
        assert 1 == store.last()


def test_a_folder_is_no_copy_and_its_newest_is_named(driftline: Command, folder: Path) -> None:
    """Who names the folder means one of those in it."""
    (folder / "copies").mkdir()
    for name in ("a-1.duckdb", "a-2.duckdb", "notes.txt"):
        (folder / "copies" / name).touch()
    told = driftline("restore", "copies")
    assert (2, "driftline: copies is a folder; name a copy in it, such as copies/a-2.duckdb\n") == (told.code, told.err)
    assert (2, True) == ((told := driftline("restore", ".")).code, told.err.endswith("name a copy in it\n"))


def test_what_cannot_be_copied_is_said_in_a_sentence(driftline: Command) -> None:
    """No store, no copy; the exit code is that of a mistake."""
    for arguments in (("backup",), ("restore", "nowhere.duckdb")):
        told = driftline(*arguments)
        assert (2, True) == (told.code, "there is no such file" in told.err)
