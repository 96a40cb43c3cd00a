"""`driftline check`: what a configuration means, and every mistake at once."""

import json
from pathlib import Path

import pytest

from tests.stream.cli.conftest import Command, Told

GOOD = "models: {fraud: {features: {amount: numeric}, windows: [5m, 1h]}}\n"
BAD = """
kafka: {bootstrap: nowhere}
defaults: {windws: [5m], lateness: soon}
models: {fraud: {features: {amount: number}}}
"""


@pytest.fixture
def good(folder: Path) -> Path:
    """A configuration without a mistake."""
    path = folder / "good.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_file_is_explained(driftline: Command, good: Path) -> None:
    """Windows, panes, limits, memory: in sentences."""
    told = driftline("check", good, "--no-broker")
    assert (0, "") == (told.code, told.err)
    assert all(word in told.out for word in ("fraud", "5m", "1h", "lateness", "memory"))


def test_a_load_is_weighed(driftline: Command, good: Path) -> None:
    """In words, and as numbers where a program asks."""
    load = ("--events-per-second", "50000", "--models", "3")
    assert "At 50,000 events per second" in driftline("check", good, "--no-broker", *load).out
    document = json.loads(driftline("check", good, "--no-broker", "--json", *load).out)
    assert (3, 1) == (document["assumed"]["models"], document["needs"]["spread"]["workers"])
    assert 2 == driftline("check", good, "--events-per-second", "0").code


def test_a_program_gets_json(driftline: Command, good: Path) -> None:
    """The same facts, and what the broker said."""
    told = driftline("check", good, "--no-broker", "--json")
    document = json.loads(told.out)
    assert (0, []) == (told.code, document["broker"])
    assert "fraud" in json.dumps(document)


def test_every_mistake_is_told_at_once(driftline: Command, folder: Path) -> None:
    """One line each: where it is, what was expected, the nearest valid name; exit code 2."""
    (folder / "bad.yaml").write_text(BAD)
    told = driftline("check", "bad.yaml", "--no-broker")
    assert (2, "") == (told.code, told.out)
    lines = told.err.splitlines()
    assert [2, 3, 3, 4] == [int(line.removeprefix("driftline: ").split(":")[0].removeprefix("line ")) for line in lines]
    assert "did you mean windows?" in told.err
    assert "models.fraud.features.amount" in told.err


def test_a_file_that_cannot_be_read_is_a_sentence(driftline: Command, folder: Path) -> None:
    """No trace, exit code 2; with what was perhaps meant."""
    (folder / "driftline.yaml").write_text("")
    (folder / "picture.yaml").write_bytes(b"\x89PNG\r\n")
    for name, why in {
        "drfitline.yaml": "does not exist; did you mean driftline.yaml?",
        "nowhere/driftline.yaml": "does not exist, nor does its folder nowhere",
        "picture.yaml": "is no text in UTF-8 (byte 1)",
        ".": "cannot be read: Is a directory",
    }.items():
        assert Told(2, "", f"driftline: {name} {why}\n") == driftline("check", name, "--no-broker")


def test_a_reference_that_is_not_there_is_found(driftline: Command, folder: Path, log: Path) -> None:
    """What a start would refuse is refused here: a missing file, and one without the declared feature."""
    (folder / "driftline.yaml").write_text("models: {fraud: {reference: {file: lgo.jsonl}}}")
    told = driftline("check", "--no-broker")
    assert 2 == told.code
    assert "lgo.jsonl does not exist; did you mean log.jsonl?" in told.err
    text = "models: {fraud: {reference: {file: log.jsonl}, features: {amuont: numeric}}}"
    (folder / "driftline.yaml").write_text(text)
    told = driftline("check", "--no-broker")
    assert 2 == told.code
    assert "amuont" in told.err
    assert log.exists()


def test_without_a_file_the_defaults_are_explained(driftline: Command) -> None:
    """What `driftline run --topic` would do."""
    told = driftline("check", "--no-broker")
    assert 0 == told.code
    assert "predictions" in told.out
