"""`driftline replay` of a captured stream: its rows once more, or what another configuration would have found."""

import json
from contextlib import chdir
from pathlib import Path
from shutil import copytree

import duckdb
import pytest

from sinks.commit import CHECKPOINTS, JOURNAL, POSITIONS
from sinks.duck import DuckStore, export
from stream.cli import main
from stream.config.settings import DAY
from stream.files import logs
from stream.files.capturing import Capturing
from stream.files.kept import kept
from tests.simulation.driver import Rows, rows
from tests.stream.cli.conftest import Command
from tests.stream.files.events import events, write

CONFIGURATION = "models: {fraud: {windows: [1m, 5m], tolerate: 0.01, reference: {file: reference.jsonl}}}\n"
PARTITION = ("predictions", 0)
DOCUMENT = Path(__file__).parents[3] / "docs" / "captures.md"


def rows_of(path: str) -> Rows:
    """What a store holds."""
    store = DuckStore(path, memory_limit="100MB")
    try:
        return rows(store)
    finally:
        store.close()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream that changes in its middle, and its capture; its results are in `lived.duckdb`."""
    folder = tmp_path_factory.mktemp("lived")
    with chdir(folder):
        write(folder / "reference.jsonl", events(seed=8))
        (folder / "driftline.yaml").write_text(CONFIGURATION)
        changed = events()
        for row in changed[300:]:
            row["features"]["country"] = "ES"
        log = write(folder / "log.jsonl", changed)
        with pytest.raises(SystemExit) as end:
            main(["replay", str(log), "--store", "lived.duckdb"])
        assert 0 == end.value.code
        store = DuckStore("lived.duckdb", memory_limit="100MB")
        found = kept(
            {path.stem: path for path in export(store, "tables", [POSITIONS.name, JOURNAL.name, CHECKPOINTS.name])}
        )
        store.close()
        capturing, begin = Capturing(folder / "capture"), 0
        for records in logs([log], topic=PARTITION[0], batch=250)[0]:
            capturing.add(records, [None] * len(records.values), begin)
            begin = records.position
            capturing.flush()
        capturing.finish(found.commit, found.journal, found.left, DAY)
        (folder / "driftline.yaml").unlink()
    return folder


@pytest.fixture
def captured(lived: Path, folder: Path) -> Path:
    """A folder of one's own with all of it."""
    copytree(lived, folder, dirs_exist_ok=True)
    return folder / "capture"


def test_a_capture_needs_no_configuration(driftline: Command, captured: Path) -> None:
    """It has those of its stream, and the rows are equal."""
    told = driftline("replay", captured, "--store", "again.duckdb", "--json")
    document = json.loads(told.out)
    assert (0, "", 600, []) == (told.code, told.err.strip(), document["events"], document["differences"])
    expected = rows_of("lived.duckdb")
    assert expected == rows_of("again.duckdb")
    assert expected["triggers"]


def test_another_configuration_is_said(driftline: Command, folder: Path, captured: Path) -> None:
    """What would have been found with another tolerance; on stderr that it is not what was."""
    (folder / "other.yaml").write_text(CONFIGURATION.replace("0.01", "0.9"))
    was, would = (driftline("replay", captured, "--json", *also) for also in ((), ("-c", folder / "other.yaml")))
    assert "driftline: not the stream's own rows: by another configuration than the stream's\n" in would.err
    assert json.loads(was.out)["windows"] == json.loads(would.out)["windows"]
    assert (1, 0) == (len(json.loads(was.out)["triggers"]), len(json.loads(would.out)["triggers"]))


def test_a_reference_that_is_another_file_by_now_is_said(driftline: Command, folder: Path, captured: Path) -> None:
    """Reference files are not part of a capture."""
    write(folder / "reference.jsonl", events(seed=9))
    document = json.loads(driftline("replay", captured, "--json").out)
    assert ["the reference reference.jsonl is not the file that it was"] == document["differences"]


def test_a_hole_is_said(driftline: Command, captured: Path) -> None:
    """The part that is not in the list counts as lost."""
    listed = json.loads((captured / "capture.json").read_text())
    del listed["parts"][1]
    (captured / "capture.json").write_text(json.dumps(listed))
    document = json.loads(driftline("replay", captured, "--json").out)
    said = "predictions/0: records 250 to 500 are not in the capture; the windows that they touch are marked incomplete"
    assert [said] == document["differences"]
    assert 350 == document["events"]


def test_a_folder_that_is_no_whole_capture_is_a_sentence(driftline: Command, folder: Path, captured: Path) -> None:
    """Without its journal, without its list; and a store that has results is not mixed with others."""
    told = driftline("replay", captured, "--store", "lived.duckdb")
    assert (2, "") == (told.code, told.out)
    assert "--store has results already" in told.err
    next(captured.glob("journal-*")).unlink()
    told = driftline("replay", captured)
    assert (2, "") == (told.code, told.out)
    assert "is no whole capture: journal-" in told.err
    told = driftline("replay", folder)
    assert (2, "") == (told.code, told.out)
    assert "is a folder without capture.json, so no whole capture" in told.err


def test_the_document_can_be_followed(driftline: Command, folder: Path, captured: Path) -> None:
    """Its replays run, and its query tells the two apart."""
    (folder / "tolerant.yaml").write_text(CONFIGURATION.replace("0.01", "0.9"))
    text = DOCUMENT.read_text()
    replays = [line.removeprefix("$ driftline ").split() for line in text.splitlines() if "$ driftline replay" in line]
    assert [0, 0] == [driftline(*arguments).code for arguments in replays]
    with duckdb.connect() as connection:
        for statement in text.split("```sql")[1].split("```")[0].split(";")[:-1]:
            found = connection.execute(statement).fetchall()
    assert [("fraud", "was", 1)] == found
    assert captured.exists()
