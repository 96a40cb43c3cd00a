"""docs/targets.md is held to its word: every kind, every key, every example."""

import re
from pathlib import Path
from typing import Any

import pytest

from sinks.dispatch.targets.entry import wrong
from sinks.dispatch.targets.plans.keys import REACHED
from sinks.dispatch.targets.plans.templates import NAMES
from sinks.dispatch.targets.systems.kinds import KINDS
from stream.config.reading.document import document
from stream.config.reading.trees import plain

TEXT = (Path(__file__).parents[3] / "docs/targets.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading, by their first cell."""
    lines = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_kind_is_in_the_table() -> None:
    """With how it was checked."""
    assert set(KINDS) == set(rows("The table"))
    assert all(row[-1] for row in rows("The table").values())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_key_is_there(kind: str) -> None:
    """As needed, or as what may be there."""
    needs, may = (set(re.findall(r"`(\w+)`", cell)) for cell in rows("Every kind")[kind])
    keys = {name: key for name, key in KINDS[kind].keys.items() if name not in REACHED}
    assert {name for name, key in keys.items() if key.needed} == needs
    assert {name for name, key in keys.items() if not key.needed} == may


def test_every_place_is_there() -> None:
    """And no other."""
    table = TEXT.partition("| place | is |")[2].partition("\n\n")[0]
    assert sorted(NAMES) == sorted(re.findall(r"\$\{(\w+)\}", table))


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_can_be_opened(block: str) -> None:
    """Nothing is wrong with it, as it stands in a file."""
    node, mistakes = document(block)
    assert () == mistakes
    read: Any = plain(node)
    for entry in read["dispatch"]["targets"]:
        assert [] == wrong(entry)
