"""The house itself: every file has one idea, and every room its own."""

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINES_MAX = 250
MODULES_MAX = 7  # that a folder has without a map
LARGE = re.compile(r"^\s*(?:from|import) scipy(?: import |\.)(?!special\b|sparse\b)", re.MULTILINE)
REASONS: dict[str, str] = {}  # a longer file, and why it is one idea all the same


def test_no_file_has_outgrown_its_idea() -> None:
    """Beyond 250 lines a file has become a folder, or says here why not."""
    files = [path for room in ("detectors", "sinks", "stream") for path in (ROOT / room).rglob("*.py")]
    assert len(files) > 100
    long = {str(path.relative_to(ROOT)) for path in files if len(path.read_text().splitlines()) > LINES_MAX}
    assert set(REASONS) == long


def test_large_parts_of_scipy_are_loaded_when_they_are_used() -> None:
    """`scipy.stats` and its like cost every start 45 MB and 0.3 s: written out after `import scipy`, they do not."""
    files = [path for room in ("detectors", "sinks", "stream") for path in (ROOT / room).rglob("*.py")]
    assert [] == [str(path.relative_to(ROOT)) for path in files if LARGE.search(path.read_text())]


def test_large_rooms_have_maps() -> None:
    """Of many modules one finds none by its name alone: the folder says where each is."""
    rooms = [path.parent for top in ("detectors", "sinks", "stream") for path in (ROOT / top).rglob("__init__.py")]
    large = [room for room in rooms if len([*room.glob("[a-z]*.py")]) > MODULES_MAX]
    assert len(large) > 30
    for room in large:
        named = re.findall(r"\w+", (room / "__init__.py").read_text().split('"""')[1])
        assert [] == [path.stem for path in room.glob("[a-z]*") if path.stem not in {*named, "assets"}]


def test_every_document_named_in_the_readme_is_there() -> None:
    """A reader who follows a link arrives."""
    text = (ROOT / "README.md").read_text()
    linked = [part.split(")")[0] for part in text.split("](")[1:]]
    local = [link for link in linked if not link.startswith("http")]
    assert len(local) > 8
    assert [] == [link for link in local if not (ROOT / link).exists()]


@pytest.mark.parametrize("room", ["bench", "honesty", "torture"])
def test_what_runs_seldom_names_what_there_is(room: str) -> None:
    """What benches and simulations use must not be renamed behind their backs."""
    names = [path.stem for path in (ROOT / "tests" / room).glob("*.py") if path.stem not in ("__init__", "__main__")]
    assert len(names) > 6
    assert names == [import_module(f"tests.{room}.{name}").__name__.rpartition(".")[2] for name in names]
