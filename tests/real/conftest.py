"""Each system in an environment of its own, installed once and kept; nothing here runs unless it is asked for."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PLACE = Path(os.environ.get("DRIFTLINE_TEST_VENVS", "~/.cache/driftline-tests/venvs")).expanduser()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Installing takes minutes and gigabytes: `-m real` must say so."""
    asked = "real" in str(config.getoption("-m"))
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.real)
            item.add_marker(pytest.mark.integration)
            if not asked:
                item.add_marker(pytest.mark.skip(reason="only by `make real`"))


@pytest.fixture(scope="session")
def venv() -> Callable[..., Path]:
    """The folder of programs of an environment: a name, and the requirements that make it."""

    def made(name: str, *requirements: str) -> Path:
        place = PLACE / name
        PLACE.mkdir(parents=True, exist_ok=True)
        with (PLACE / f"{name}.lock").open("w") as one:
            fcntl.flock(one, fcntl.LOCK_EX)
            wanted = "\n".join(requirements)
            mark = place / "installed"
            if not mark.exists() or mark.read_text() != wanted:
                subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
                pip = [str(place / "bin" / "python"), "-m", "pip", "install", "-q", *requirements]
                done = subprocess.run(pip, capture_output=True, text=True, timeout=900, check=False)
                if done.returncode:
                    pytest.skip(f"{name} cannot be installed: {done.stderr.strip()[-200:]}")
                mark.write_text(wanted)
        return place / "bin"

    return made
