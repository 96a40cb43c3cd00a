"""What is wrong with a configuration: every mistake at once, each with its place, its path and what was expected."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from msgspec import Struct

Path = tuple[str | int, ...]  # keys and list indices; a tuple, because model names may contain dots
SHOWN_MAX = 60  # characters of a wrong value in a message


class Mistake(Struct, frozen=True):
    """One mistake: where it is, what was expected there, and the valid name that was perhaps meant."""

    path: str  # as in the file: models.fraud.windows[1]
    expected: str
    value: str = ""  # what was found, as written; empty where it may be a secret
    nearest: str = ""
    line: int = 0  # of the file, from 1; 0: not in the file
    source: str = ""  # an environment variable or the command line, where the value came from there

    def __str__(self) -> str:
        place = self.source or (f"line {self.line}" if self.line else "")
        return "".join(
            (
                f"{place}: " if place else "",
                f"{self.path}: " if self.path and self.path != place else "",
                f"expected {self.expected}",
                f", found {self.value}" if self.value else "",
                f"; did you mean {self.nearest}?" if self.nearest else "",
            )
        )


class Objection(Struct, frozen=True):
    """A mistake before its place in the file has been looked up."""

    path: Path
    expected: str
    value: str = ""
    nearest: str = ""


class ConfigurationError(Exception):
    """A configuration that cannot be used; its text is one line per mistake, in the order of the file."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (not mistake.line, mistake.line, mistake.path)))
        super().__init__("\n".join(map(str, self.mistakes)))


def nearest(name: str, names: Iterable[str]) -> str:
    """The valid name that was most likely meant; empty where none is close."""
    return next(iter(get_close_matches(name[:SHOWN_MAX], sorted(names), n=1)), "")


def repeated(path: Path, names: Sequence[str]) -> Iterator[Objection]:
    """Names of a list that stand in it before."""
    for i, name in enumerate(names):
        if name in names[:i]:
            yield Objection((*path, i), "each name once", shown(name))


def spelled(path: Path) -> str:
    """A path as a person writes it; a key that is not a plain word is quoted."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{_shown_key(step)}" for step in path]
    return "".join(steps).removeprefix(".")


def shown(text: str) -> str:
    """A value as it was written, shortened, and quoted where it is empty, has spaces or cannot be printed."""
    short = text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "..."
    return short if re.fullmatch(r"[!-~]+", short) else json.dumps(short, ensure_ascii=not short.isprintable())


def choice(names: Iterable[str]) -> str:
    """The names as a sentence has them: `a`, `a or b`, `a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _shown_key(key: str) -> str:
    return key if re.fullmatch(r"[\w*-]{1,60}", key) else json.dumps(key[:SHOWN_MAX])
