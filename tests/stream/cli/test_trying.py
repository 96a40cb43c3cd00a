"""`driftline policy try`: the policy that was in force finds what it found."""

import json
from pathlib import Path

import pytest

from tests.stream.cli.conftest import Command
from tests.stream.files.events import events, write

CONFIGURATION = "models: {fraud: {windows: [1m], reference: {file: reference.jsonl}}}\n"


@pytest.mark.parametrize("version", ["3", None])
def test_the_same_policy_does_the_same(driftline: Command, folder: Path, version: str | None) -> None:
    """Also of a model whose events name no version."""
    write(folder / "reference.jsonl", events(seed=8))
    (folder / "driftline.yaml").write_text(CONFIGURATION)
    rows = [{**row, "version": version} for row in events()]
    for row in rows[300:]:
        row["features"]["country"] = "ES"
    assert 0 == driftline("replay", write(folder / "log.jsonl", rows), "--store", "driftline.duckdb").code
    tried = json.loads(driftline("policy", "try", "--json").out)
    assert (1, 1) == (tried["incidents_then"], tried["triggers_then"])
    assert (1, 1) == (tried["incidents"], tried["triggers"])
    assert {version or ""} == {fired["version"] for fired in tried["fired"]}
