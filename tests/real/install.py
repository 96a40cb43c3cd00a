"""An environment for each system, made by uv of the pins in `environments/`, once, and kept.

`python install.py NAME COMMAND...` makes the environment and then becomes the command. Nothing but the standard library
is used: it runs as a script, too.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PINS = Path(__file__).parent / "environments"
PLACE = Path(os.environ.get("DRIFTLINE_TEST_VENVS", "~/.cache/driftline-tests/venvs")).expanduser()
UV = "uv==0.13.9"  # pip needs minutes where it needs seconds


def programs(name: str) -> Path:
    """The folder where an environment's programs are, once it has been made."""
    return PLACE / name / "bin"


def installed(name: str) -> Path:
    """The same, when it has been made. Whoever comes second waits for the first; failures raise."""
    pins = PINS / f"{name}.txt"
    place, python = PLACE / name, programs(name) / "python"

    def make() -> None:
        uv = str(_uv())
        _run(uv, "venv", "-q", "--clear", "--python", sys.executable, str(place))
        _run(uv, "pip", "install", "-q", "--no-deps", "--compile-bytecode", "--python", str(python), "-r", str(pins))

    _once(place, f"{sys.version}\n{pins.read_text()}", make)
    return programs(name)


def _uv() -> Path:
    place = PLACE / "uv"

    def make() -> None:
        _run(sys.executable, "-m", "venv", "--clear", str(place))
        _run(str(place / "bin" / "python"), "-m", "pip", "install", "-q", UV)

    _once(place, f"{sys.version}\n{UV}", make)
    return place / "bin" / "uv"


def _once(place: Path, wanted: str, make: Callable[[], None]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f"{place.name}.lock").open("w") as one:
        fcntl.flock(one, fcntl.LOCK_EX)
        mark = place / "made-of"
        if not mark.exists() or mark.read_text() != wanted:
            make()
            mark.write_text(wanted)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr[-1500:]}")


if __name__ == "__main__":
    installed(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
