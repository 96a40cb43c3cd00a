"""What a stretch of work cost: processor time of the whole process and of this thread, and wall time."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, Self


class Spent(NamedTuple):
    """Microseconds. `process` counts the threads that keep Commits too; a figure of `thread` alone would hide them."""

    process: float
    thread: float
    wall: float

    @classmethod
    def now(cls) -> Self:
        """The clocks as they are."""
        return cls(time.process_time() * 1e6, time.thread_time() * 1e6, time.perf_counter() * 1e6)

    def since(self, before: "Spent") -> "Spent":
        """What has been spent since then."""
        return Spent(*(after - earlier for after, earlier in zip(self, before, strict=True)))

    def per(self, n: int) -> "Spent":
        """The same per event."""
        return Spent(*(each / n for each in self))


class Stages:
    """Thread time by stage, each without the stages inside of it. Wraps functions for as long as it is asked to.

    Nothing of it is in the program, so it costs nothing where nobody measures.
    """

    def __init__(self) -> None:
        self.us: Counter[str] = Counter()
        self._stack = ["other"]
        self._since = time.thread_time_ns()

    @contextmanager
    def watching(self, stages: Sequence[tuple[str, object, Callable[..., Any]]]) -> Iterator[None]:
        """Measure functions: the stage's name, what the function is an attribute of, and the function."""
        for stage, owner, function in stages:
            setattr(owner, function.__name__, self._timed(stage, function))
        try:
            yield
        finally:
            for _, owner, function in stages:
                setattr(owner, function.__name__, function)

    def begin(self) -> None:
        """Forget what has been measured so far: the preparations."""
        self.us.clear()
        self._since = time.thread_time_ns()

    def _pass(self) -> None:
        now = time.thread_time_ns()
        self.us[self._stack[-1]] += (now - self._since) / 1000
        self._since = now

    def _timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: object, **kwargs: object) -> Any:  # noqa: ANN401 - whatever it gives
            self._pass()
            self._stack.append(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self._pass()
                self._stack.pop()

        async def awaited(*args: object, **kwargs: object) -> Any:  # noqa: ANN401 - whatever it gives
            self._pass()
            self._stack.append(stage)
            try:
                return await function(*args, **kwargs)
            finally:
                self._pass()
                self._stack.pop()

        return awaited if iscoroutinefunction(function) else timed
