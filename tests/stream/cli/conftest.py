"""Commands are run by their arguments, in a folder of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stream.cli import main
from tests.stream.files.events import events, write


@dataclass(frozen=True)
class Told:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Told]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a configuration, and a terminal wide enough for tables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def driftline(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command."""

    def run(*arguments: str | Path) -> Told:
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        else:
            code = 0
        out, err = capsys.readouterr()
        return Told(code, out, err)

    return run


@pytest.fixture
def log(folder: Path) -> Path:
    """A file of 600 predictions of one model, ten minutes long."""
    return write(folder / "log.jsonl", events())
