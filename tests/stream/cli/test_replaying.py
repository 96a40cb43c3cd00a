"""`driftline replay`: files through the service's core."""

import json
from pathlib import Path

import duckdb
import pytest

from sinks import commit as tables
from sinks.duck import DuckStore
from stream.cli.listing import SHOWN
from tests.stream.cli.conftest import Command
from tests.stream.files.events import events, write

CONFIGURATION = "models: {fraud: {windows: [1m, 5m], reference: {file: reference.jsonl}}}\n"


@pytest.fixture
def configured(folder: Path) -> Path:
    """A configuration that compares with another ten minutes of the same model."""
    write(folder / "reference.jsonl", events(seed=8))
    path = folder / "driftline.yaml"
    path.write_text(CONFIGURATION)
    return path


@pytest.mark.parametrize("name", ["log.jsonl", "log.parquet", "log.jsonl.gz"])
def test_files_of_any_kind_are_replayed(driftline: Command, folder: Path, configured: Path, name: str) -> None:
    """Every window is closed; the exit code says nothing about what was found."""
    write(folder / name, events())
    told = driftline("replay", name, "--json")
    document = json.loads(told.out)
    assert (0, 600, 0) == (told.code, document["events"], document["dead_letters"])
    assert 10 + 2 == document["windows"]
    assert configured.exists()


def test_a_person_gets_a_summary_and_the_findings(driftline: Command, folder: Path, configured: Path) -> None:
    """How many, how fast, what."""
    rows = events()
    for row in rows[300:]:
        row["features"]["country"] = "ES"
    told = driftline("replay", write(folder / "log.jsonl", rows), "-c", configured)
    assert 0 == told.code
    lines = told.out.splitlines()
    assert lines[0].startswith("600 records in")
    first = next(i for i, line in enumerate(lines) if line.endswith("  fraud, version 3"))
    assert any(line.startswith("  country: unseen category went from 0 % to 100 % (verdict ") for line in lines[first:])


def test_of_many_findings_the_newest_are_listed(driftline: Command, folder: Path, configured: Path) -> None:
    """By window, in the order of time, with word of the others; a sentence is never cut."""
    rows = events()
    for i, row in enumerate(rows[300:]):
        row["features"] |= {"country": "ES", "amount": 1e6 + i}
        row["score"] = 0.001
    log = write(folder / "log.jsonl", rows)
    n = json.loads(driftline("replay", log, "-c", configured, "--json").out)["findings"]
    lines = driftline("replay", log, "-c", configured).out.splitlines()
    windows = [line for line in lines if line.endswith("  fraud, version 3")]
    assert windows
    assert windows == sorted(windows)
    listed = [line for line in lines if line.startswith("  ")]
    assert n > SHOWN == len(listed)
    assert f"The newest 20 findings; {n - SHOWN} more are in the table `findings` of a --store." in lines
    assert all("limit" in line.rsplit("(", maxsplit=1)[1] for line in listed)


def test_results_are_kept_in_a_store(driftline: Command, log: Path, configured: Path) -> None:
    """And a second replay adds nothing to them."""
    for read in (600, 0):
        told = driftline("replay", log, "--store", "found.duckdb", "--json")
        assert (0, read) == (told.code, json.loads(told.out)["events"])
    store = DuckStore("found.duckdb", memory_limit="100MB")
    try:
        assert 600 == store.select(tables.TRAFFIC)["events"].sum()
        assert 1 == store.last()
    finally:
        store.close()
    assert configured.exists()


def test_lines_that_are_no_events_are_dead_letters(driftline: Command, folder: Path) -> None:
    """Counted, and no reason to stop."""
    path = folder / "log.jsonl"
    path.write_bytes(b"not json\n" + write(folder / "whole.jsonl", events(20)).read_bytes())
    told = driftline("replay", path, "--json")
    document = json.loads(told.out)
    assert (0, 1, 21) == (told.code, document["dead_letters"], document["events"])
    assert {"undecodable": 1} == document["reasons"]
    assert "undecodable (1), such as: " in driftline("replay", path).out


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing.jsonl", "does not exist"), ("log.txt", "cannot tell what it is"), ("logs.json", "is a folder")],
)
def test_files_that_cannot_be_replayed_are_a_sentence(driftline: Command, folder: Path, name: str, said: str) -> None:
    """On stderr, with exit code 2."""
    (folder / "log.txt").write_text("{}")
    (folder / "logs.json").mkdir()
    told = driftline("replay", name)
    assert (2, "") == (told.code, told.out)
    assert said in told.err
    assert 1 == len(told.err.splitlines())


def test_a_store_of_another_pane_is_refused(driftline: Command, folder: Path, log: Path, configured: Path) -> None:
    """With a sentence that says what would fit."""
    assert 0 == driftline("replay", log, "--store", "found.duckdb").code
    configured.write_text(CONFIGURATION.replace("[1m, 5m]", "[90s]"))
    told = driftline("replay", log, "--store", "found.duckdb")
    assert 2 == told.code
    assert "panes of 1m, and a window of 90s (fraud) is no multiple of that" in told.err
    assert folder.exists()


def test_export_writes_the_tables_as_parquet(driftline: Command, folder: Path, log: Path, configured: Path) -> None:
    """All of them, or one; the store is the configuration's."""
    configured.write_text(CONFIGURATION + "store: {path: found.duckdb}\n")
    assert 0 == driftline("replay", log, "--store", "found.duckdb").code
    told = driftline("export", configured, "-o", "out")
    assert (0, len(tables.TABLES)) == (told.code, len(told.out.splitlines()))
    one = driftline("export", configured, "-o", "one", "--table", "windows")
    assert [str(Path("one") / "windows.parquet")] == one.out.splitlines()
    with duckdb.connect() as connection:
        (n,) = connection.execute(f"SELECT count(*) FROM '{folder}/one/windows.parquet'").fetchall()[0]
    assert 12 == n


def test_a_table_without_a_model_is_told_whose_it_is(driftline: Command, folder: Path) -> None:
    """A column of what a data scientist has: times, features, a score."""
    rows = "".join(f"{1795194000000 + 6000 * i},{i % 7},0.5\n" for i in range(600))
    (folder / "scored.csv").write_text(f"time,amount,score\n{rows}")
    assert (
        "scored.csv has no column 'model', so its rows are no events: say --model NAME"
        in driftline("replay", "scored.csv").err
    )
    told = driftline("replay", "scored.csv", "--model", "fraud", "--store", "found.duckdb", "--json")
    document = json.loads(told.out)
    assert (0, 600, {"learning": 9 + 2}) == (told.code, document["events"], document["unknown"])
    assert "A reference is learned first" in driftline("replay", "scored.csv", "--model", "fraud").out
    with duckdb.connect("found.duckdb", read_only=True) as connection:
        assert [("fraud",)] == connection.execute("SELECT DISTINCT model FROM traffic").fetchall()


def test_files_that_know_their_models_are_not_told_otherwise(driftline: Command, log: Path) -> None:
    """Lines of JSON say it in each event."""
    told = driftline("replay", log, "--model", "fraud")
    assert (2, True) == (told.code, "log.jsonl says itself of which model its events are" in told.err)
