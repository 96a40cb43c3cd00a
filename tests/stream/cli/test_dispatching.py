"""`driftline dispatch`: what it refuses before it becomes the lean process, and what it hands over to it."""

import os
from pathlib import Path

import msgspec
import pytest

from stream.cli.dispatching import given
from stream.config.parse import parse
from stream.dispatch.lean import main
from stream.dispatch.opening import TargetProblem, targets
from tests.stream.cli.conftest import Command

TARGET = "{kind: webhook, url: 'https://hooks.example.com/a', secret: env:HOOK_SECRET}"


def test_without_targets_there_is_nothing_to_do(driftline: Command, tmp_path: Path) -> None:
    """The user can mend it."""
    (tmp_path / "driftline.yaml").write_text("kafka: {bootstrap: 'localhost:1'}")
    shown = driftline("dispatch", str(tmp_path / "driftline.yaml"))
    assert 2 == shown.code
    assert "dispatch.targets: expected at least one target, see docs/triggers.md, found an empty list" in shown.err


def test_another_try_is_for_a_target_that_there_is(driftline: Command, tmp_path: Path) -> None:
    """A misspelt one would have had nothing to try again."""
    file = tmp_path / "driftline.yaml"
    file.write_text(f"kafka: {{bootstrap: 'localhost:1'}}\ndispatch: {{targets: [{TARGET}]}}")
    shown = driftline("redrive", str(file), "--target", "webhok")
    assert 2 == shown.code
    assert "--target: 'webhok' is no target of this configuration; did you mean 'webhook'?" in shown.err


def test_a_missing_secret_is_told_by_its_place() -> None:
    """Of which target, and never what is there."""
    settings = parse(f"dispatch: {{targets: [{TARGET}]}}")
    with pytest.raises(TargetProblem, match=r"dispatch.targets\[0\]: webhook: secret: .*env:HOOK_SECRET"):
        targets(settings.dispatch, {})


def test_the_lean_process_gets_what_was_configured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over a file that it inherits; a ledger that cannot be opened ends it as the user's mistake."""
    (tmp_path / "text").write_text("no ledger " * 1_000)
    file = f"dispatch: {{ledger: {tmp_path / 'text'}, targets: [{{kind: mlflow, url: 'https://a.example.com'}}]}}"
    (tmp_path / "given").write_bytes(msgspec.json.encode(given(parse(file))))
    descriptor = os.open(tmp_path / "given", os.O_RDONLY)
    assert 2 == main([str(descriptor)])
    assert "cannot be opened" in capsys.readouterr().err
