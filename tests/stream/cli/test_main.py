"""The commands as a stranger meets them."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sinks.commit import StoreLocked
from stream.cli.failures import EXIT_CODES, told
from stream.cli.main import COMMANDS
from stream.config.mistakes import ConfigurationError, Mistake
from tests.stream.cli.conftest import Command

HELP = {
    "run": ("FILE", "--topic", "--bootstrap"),
    "ingest": ("FILE", "--topic", "--bootstrap"),
    "monitor": ("FILE", "--topic", "--bootstrap"),
    "dispatch": ("FILE", "--bootstrap", "topics.triggers", "dispatch.ledger"),
    "check": ("FILE", "--json", "--broker"),
    "demo": ("--seed", "--keep-running", "--json"),
    "publish": ("FILE", "CONFIG", "--topic", "--kind", "--model", "--dry-run", "--json"),
    "capture": ("FILE", "--output", "--json"),
    "replay": ("FILES", "--config", "--store", "--json"),
    "reference": ("build", "show"),
    "reference show": ("SOURCE", "--model", "--json"),
    "reference build": ("SOURCE", "--model", "--output"),
    "hand-over": ("FORMER", "--name", "--to", "docs/scaling.md"),
    "control": (
        "pause",
        "resume",
        "acknowledge",
        "close",
        "maintenance",
        "deployment",
        "reference",
        "docs/controls.md",
    ),
    "control pause": ("MODEL", "--who", "--words", "--id", "--config", "--bootstrap", "--json"),
    "control resume": ("MODEL", "--all"),
    "control acknowledge": ("MODEL", "INCIDENT"),
    "control close": ("MODEL", "INCIDENT"),
    "control reference": ("MODEL", "SOURCE"),
    "control maintenance": ("MODEL", "--all", "--from", "--to", "--for"),
    "control deployment": ("MODEL", "--all", "--from", "--to", "--for"),
    "compare": ("REFERENCE", "CURRENT", "--by", "--measures", "--features", "--json", "--html", "docs/compare.md"),
    "versions": ("MODEL", "--candidate", "--incumbent", "--metric", "--since", "--length", "--json", "--config"),
    "export": ("FILE", "--output", "--table"),
    "backup": ("FILE", "--output", "--keep"),
    "restore": ("COPY", "FILE", "--force"),
    "policy": ("try", "docs/policy.md"),
    "policy try": ("FILE", "--since", "--store", "--model", "--json"),
    "redrive": ("FILE", "--target", "--model", "--since", "--release", "--dry-run", "--json", "docs/triggers.md"),
    "schema": ("trigger", "outcome", "asyncapi"),
}


@pytest.mark.parametrize("command", HELP)
def test_every_command_explains_itself(driftline: Command, command: str) -> None:
    """It names its arguments, and says more than its name."""
    shown = driftline(*command.split(), "--help")
    assert (0, "") == (shown.code, shown.err)
    assert [] == [word for word in HELP[command] if word not in shown.out]
    assert 5 <= len(shown.out.split("Options")[0].split())


def test_no_command_is_missing_here() -> None:
    """Nor in the overview, which is what a stranger reads first."""
    assert COMMANDS.keys() == {name.split()[0] for name in HELP}


def test_the_overview_lists_the_commands(driftline: Command) -> None:
    """Without arguments too."""
    shown = driftline("--help")
    assert 0 == shown.code
    assert [] == [name for name in COMMANDS if name not in shown.out]


def test_the_version_is_told(driftline: Command) -> None:
    """As packages know it."""
    assert f"driftline, version {version('driftline')}\n" == driftline("--version").out


def test_only_the_command_that_is_asked_for_is_loaded() -> None:
    """All of them take most of a second."""
    story = "from stream.cli import main\ntry: main(['schema', '--help'])\nfinally: import sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", story], capture_output=True, text=True, check=True).stdout.split()
    assert "stream.cli.schemas" in loaded
    assert set() == {"scipy", "duckdb", "aiokafka", "litestar"} & set(loaded)


@pytest.mark.parametrize("arguments", [("rnu",), ("check", "--nope"), ("replay",), ("reference", "build", "x.csv")])
def test_a_wrong_call_is_the_users_mistake(driftline: Command, arguments: tuple[str, ...]) -> None:
    """Exit code 2, on stderr."""
    shown = driftline(*arguments)
    assert (2, "") == (shown.code, shown.out)
    assert shown.err


def test_run_with_a_bad_file_ends_at_once(driftline: Command, folder: Path) -> None:
    """Before anything is opened or connected."""
    (folder / "bad.yaml").write_text("modles: {}")
    shown = driftline("run", "bad.yaml")
    assert (2, "") == (shown.code, shown.out)
    assert "did you mean models?" in shown.err
    assert ["bad.yaml"] == [path.name for path in folder.iterdir()]


def test_run_takes_a_file_or_topics_not_both(driftline: Command, folder: Path) -> None:
    """A sentence says where topics go."""
    (folder / "good.yaml").write_text("models: {'*': {}}")
    shown = driftline("run", "good.yaml", "--topic", "predictions")
    assert 2 == shown.code
    assert "name the topics under `events:`" in shown.err


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES)
def test_a_failure_has_one_exit_code(kind: type[Exception], code: int) -> None:
    """The first kind of the table that fits, also inside a group."""
    error = ConfigurationError([Mistake("a", "b")]) if kind is ConfigurationError else kind("why")
    assert (str(error), code) == told(error) == told(ExceptionGroup("tasks", [error]))


def test_our_own_fault_has_no_sentence() -> None:
    """It shows its trace; a locked store is the world's, and so are its kin."""
    assert told(AssertionError("shape")) is None
    assert ("locked", 1) == told(StoreLocked("locked"))


@pytest.mark.parametrize(
    ("asked", "meant"), [("runn", "run"), ("policy tryy", "try"), ("control acknowlege", "acknowledge"), ("init", "")]
)
def test_a_misspelt_command_names_the_nearest(driftline: Command, asked: str, meant: str) -> None:
    """Where there is one; a guess that is far off would only lead astray."""
    ran = driftline(*asked.split())
    assert (2, bool(meant)) == (ran.code, f"Did you mean {meant}?" in ran.err)
