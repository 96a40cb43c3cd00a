"""`driftline reference`: what a file says as a reference."""

import json
from pathlib import Path

from tests.stream.cli.conftest import Command
from tests.stream.files.events import events, flat, write


def test_a_file_of_one_model_needs_no_name(driftline: Command, log: Path) -> None:
    """Its events say whose they are."""
    told = driftline("reference", "show", log, "--json")
    assert 0 == told.code
    assert {"amount", "country"} < {row["column"] for row in json.loads(told.out)}


def test_a_file_of_several_models_asks_for_one(driftline: Command, folder: Path) -> None:
    """By their names; with one of them it is shown."""
    rows = events(200)
    for row in rows[::2]:
        row["model"] = "churn"
    path = write(folder / "both.jsonl", rows)
    told = driftline("reference", "show", path)
    assert 2 == told.code
    assert "churn, fraud" in told.err
    assert "--model" in told.err
    assert 0 == driftline("reference", "show", path, "--model", "churn").code


def test_flat_files_are_shown_as_they_are(driftline: Command, folder: Path) -> None:
    """Rows that are not told apart: the defaults' settings, or those of a named model."""
    rows = [{key: value for key, value in row.items() if key != "model"} for row in flat(events(300))]
    told = driftline("reference", "show", write(folder / "train.csv", rows))
    assert 0 == told.code
    assert "amount" in told.out
    assert "numeric" in told.out


def test_what_is_left_out_is_said(driftline: Command, log: Path) -> None:
    """Identifiers are no feature; a person sees why."""
    told = driftline("reference", "show", log)
    assert 0 == told.code
    assert "left out: customer" in told.out


def test_a_reference_is_built_and_used(driftline: Command, folder: Path, log: Path) -> None:
    """Saved beside, found by the configuration, and shown again."""
    told = driftline("reference", "build", log, "--model", "fraud")
    assert 0 == told.code
    assert told.out.splitlines()[-1] == "written: fraud.driftline.json"
    text = "models: {fraud: {windows: [1m], reference: {file: fraud.driftline.json}}}"
    (folder / "driftline.yaml").write_text(text)
    assert 0 == driftline("check", "--no-broker").code
    shown = driftline("reference", "show", "fraud.driftline.json", "--json")
    assert 0 == shown.code
    assert json.loads(driftline("reference", "show", log, "--json").out) == json.loads(shown.out)


def test_a_reference_of_an_unknown_kind_is_refused(driftline: Command, folder: Path) -> None:
    """By its name, with those that would do."""
    (folder / "train.xlsx").write_text("no")
    told = driftline("reference", "build", "train.xlsx", "--model", "fraud")
    assert 2 == told.code
    assert ".parquet" in told.err
