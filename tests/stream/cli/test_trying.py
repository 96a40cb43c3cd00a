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
    assert "1 incident, 1 trigger; there was 1 incident, 1 trigger." in driftline("policy", "try").out


def test_missing_traffic_is_tried_in_the_version_that_was_judged(driftline: Command, folder: Path) -> None:
    """It is of all versions together, and the one that served then has the incident."""
    write(folder / "reference.jsonl", events(seed=8))
    policy = "{rules: [{name: fell, when: {traffic: {for: 1 of 1 windows}}}]}"
    windows = "windows: [30s], reference: {file: reference.jsonl}"
    written = f"defaults: {{lateness: 5s}}\nmodels: {{fraud: {{{windows}, policy: {policy}}}}}\n"
    (folder / "driftline.yaml").write_text(written)
    rows = [row for i, row in enumerate(events()) if i < 450 or not i % 15]
    assert 0 == driftline("replay", write(folder / "log.jsonl", rows), "--store", "driftline.duckdb").code
    tried = json.loads(driftline("policy", "try", "--json").out)
    assert (1, 1) == (tried["incidents_then"], tried["incidents"])
    assert ["opened", "closed"] == [one["state"] for one in tried["fired"]]  # few events become usual
    assert {("3", "fell", "traffic")} == {(one["version"], one["rule"], one["kind"]) for one in tried["fired"]}


def test_a_model_of_which_the_store_knows_nothing_is_a_mistake(driftline: Command, folder: Path) -> None:
    """No incident would be said of it: the nearest name is."""
    write(folder / "reference.jsonl", events(seed=8))
    (folder / "driftline.yaml").write_text(CONFIGURATION)
    assert 0 == driftline("replay", write(folder / "log.jsonl", events()), "--store", "driftline.duckdb").code
    told = driftline("policy", "try", "--model", "fruad")
    assert (2, True) == (told.code, "did you mean 'fraud'?" in told.err.replace("\n", " "))
    assert 0 == driftline("policy", "try", "--model", "fraud").code
