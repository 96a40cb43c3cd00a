"""docs/configuration.md is held to its word: every key is in it, and what it says is what happens."""

import re
from pathlib import Path

import pytest

from stream.config.parse import ConfigurationError, parse
from stream.config.reading.document import Keys, Node, document
from stream.config.reading.environment import SECTIONS
from stream.config.reading.fields import fields
from stream.config.settings import Settings
from stream.config.units import HOUR

TEXT = (Path(__file__).parents[3] / "docs/configuration.md").read_text(encoding="utf-8")
EVERY_KEY, EXAMPLE = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def written(node: Node, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """The paths of all keys of a tree."""
    if not isinstance(node, Keys):
        return set()
    below = (written(child, (*path, key)) for key, child in node.entries.items())
    return {(*path, key) for key in node.entries}.union(*below)


def declared(path: tuple[str, ...], struct: type) -> set[tuple[str, ...]]:
    """The paths of all keys of a section's Structs."""
    paths: set[tuple[str, ...]] = set()
    for key, field in fields(struct).items():
        paths.add((*path, key))
        if hasattr(field.type, "cls"):
            paths |= declared((*path, key), field.type.cls)
    return paths


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_documented(section: str) -> None:
    """No key of the Structs is missing from the annotated file; `reference.file` is shown where it may stand."""
    tree, _ = document(EVERY_KEY)
    missing = declared((section,), SECTIONS[section]) - written(tree) - {("defaults", "reference", "file")}
    assert not missing


def test_a_reference_file_is_documented() -> None:
    """It cannot stand beside `learn`, so the example has it."""
    assert parse(EXAMPLE).model("fraud").reference.file == "train.parquet"  # type: ignore[union-attr]  # there is one


def test_the_documented_values_are_the_defaults() -> None:
    """A file with every key as documented is the same as no file."""
    assert Settings() == parse(EVERY_KEY)


def test_the_example_keeps_what_it_does_not_say() -> None:
    """The text claims that `fraud` keeps the cooldown of the defaults and brings its own windows of findings."""
    trigger = parse(EXAMPLE).model("fraud").trigger  # type: ignore[union-attr]  # there is one
    assert (trigger.windows, trigger.of, trigger.cooldown) == (3, 5, 12 * HOUR)


def test_the_documented_mistakes_are_the_printed_ones() -> None:
    """The messages in the text are copied from life."""
    text = "kafka:\n  bootstap: x\n\ndefaults:\n  tolerate: 1.5\n"
    with pytest.raises(ConfigurationError) as caught:
        parse(text, {"DRIFTLINE_LIMITS_MODELS": "many"})
    documented = re.findall(r"```text\n(.*?)\n```", TEXT, re.DOTALL)[0]
    assert documented == str(caught.value)
