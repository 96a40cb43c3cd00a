"""`driftline export`: of the file, or of the service that has it."""

import errno
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sinks import commit as tables
from sinks.duck import DuckStore
from stream.config.settings import Settings
from stream.web.app import Served
from stream.web.page.status import Status
from tests.stream.cli.conftest import Command
from tests.stream.web.seeded import seeded_commit
from tests.stream.web.served import listening

PATH = "driftline.duckdb"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckStore]:
    """A store whose owner answers over HTTP."""
    store = DuckStore(PATH, memory_limit="200MB")
    store.write(seeded_commit(7))
    try:
        with listening(Served.of(store, Status, Settings())) as address:
            monkeypatch.setenv("DRIFTLINE_HTTP_LISTEN", address)
            yield store
    finally:
        store.close()


def count(path: Path) -> int:
    """The rows of a Parquet file."""
    with duckdb.connect() as connection:
        (n,) = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()[0]
    return int(n)


def test_a_running_service_is_asked(driftline: Command, folder: Path, service: DuckStore) -> None:
    """All tables arrive, each whole, as its file says; nothing else is left in the folder."""
    told = driftline("export", "-o", "out")
    assert (0, "") == (told.code, told.err)
    assert [str(Path("out") / f"{table.name}.parquet") for table in tables.TABLES] == told.out.splitlines()
    assert len(tables.TABLES) == len(list((folder / "out").iterdir()))
    for table in tables.TABLES:
        assert len(service.select(table)["commit"]) == count(Path("out") / f"{table.name}.parquet"), table.name
    assert 0 < count(Path("out/windows.parquet"))


def test_only_what_was_asked_for_is_sent(driftline: Command, folder: Path, service: DuckStore) -> None:
    """One table, or two."""
    told = driftline("export", "-o", "out", "--table", "journal", "--table", "windows")
    assert 0 == told.code
    assert ["journal.parquet", "windows.parquet"] == sorted(path.name for path in (folder / "out").iterdir())
    assert service.last()


def test_a_store_whose_owner_does_not_answer_is_a_sentence(driftline: Command, folder: Path) -> None:
    """Who has it, and where nobody answers; exit code 1, because it may answer later."""
    store = DuckStore(PATH, memory_limit="200MB")
    try:
        told = driftline("export", "-o", "out")
    finally:
        store.close()
    assert (1, "") == (told.code, told.out)
    assert "is in use by" in told.err
    assert "at http://127.0.0.1:8080 (http.listen) no service answers" in told.err
    assert 1 == len(told.err.splitlines())
    assert folder.exists()


def test_a_store_that_is_nowhere_is_not_made(driftline: Command, folder: Path) -> None:
    """An export of nothing would look like an empty stream."""
    told = driftline("export", "-o", "out")
    assert (1, "") == (told.code, told.out)
    assert "there is no store at driftline.duckdb" in told.err
    assert not (folder / PATH).exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(driftline: Command, folder: Path) -> None:
    """A file is in its place; code 2, for whoever called can choose another."""
    (folder / "out").write_text("")
    for command in ("export", "capture"):
        told = driftline(command, "-o", "out")
        assert (2, "driftline: out is not a folder, and cannot become one: a file is in its place\n") == (
            told.code,
            told.err,
        )


def test_what_a_disk_refuses_is_a_sentence(driftline: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the path, and code 1: it may have room later."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "out/windows.parquet")

    monkeypatch.setattr("stream.cli.exporting.exported", full)
    told = driftline("export", "-o", "out")
    assert (1, "driftline: out/windows.parquet: No space left on device\n") == (told.code, told.err)
    assert folder.exists()
