"""Processes that are moved one await at a time, so that anything may happen between two of them."""

from collections.abc import Coroutine, Generator
from typing import Any


class Turn:
    """What everything in here waits for: its process's next turn. `at` says between which steps that is."""

    def __init__(self, at: str) -> None:
        self.at = at

    def __await__(self) -> Generator[str, None, None]:
        yield self.at


class Process:
    """Coroutines that live and die together."""

    def __init__(self, **works: Coroutine[Any, Any, None]) -> None:
        self._works = works
        self.at = dict.fromkeys(works, "its beginning")

    @property
    def names(self) -> list[str]:
        """Of the coroutines that have not ended."""
        return list(self._works)

    @property
    def ended(self) -> bool:
        """Whether none is left."""
        return not self._works

    def step(self, name: str) -> None:
        """Move a coroutine to its next await."""
        try:
            self.at[name] = self._works[name].send(None)
        except StopIteration:
            del self._works[name]

    def kill(self) -> None:
        """No step more. What it awaits never comes."""
        for work in self._works.values():
            work.close()
        self._works = {}
