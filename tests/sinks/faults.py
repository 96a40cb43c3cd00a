"""Connections to DuckDB whose n-th call fails, before or after it took effect, as a device would make it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

import duckdb

COUNTED = ("begin", "execute", "commit", "rollback", "close")
Moment = Literal["before", "after"]  # whether a call that fails has had its effect


@dataclass
class Device:
    """Calls number `first` to `first + n - 1` fail; `connect` is what a store is given."""

    first: int
    moment: Moment = "before"
    n: int = 1
    calls: int = 0
    watched: bool = True  # False: calls are not counted, and none fails
    error: type[duckdb.Error] = duckdb.IOException

    def connect(self, path: str, **settings: Any) -> "Connection":  # noqa: ANN401 - as DuckDB takes them
        """An open file; opening is a call too."""
        return Connection(self.called(duckdb.connect)(path, **settings), self)

    @property
    def failed(self) -> int:
        """How many calls have failed."""
        return max(0, min(self.calls + 1 - self.first, self.n))

    def called(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call itself, or one that fails."""
        self.calls += self.watched
        if not self.watched or not self.first <= self.calls < self.first + self.n:
            return call

        def fail(*arguments: object, **settings: object) -> None:
            rows = sys._getframe(1).f_locals.get("rows")  # noqa: F841 - DuckDB looks for it in the frame that calls
            if self.moment == "after":
                call(*arguments, **settings)
            raise self.error(f"injected {self.moment} call {self.calls}")

        return fail


class Connection:
    """What the store sees."""

    def __init__(self, inner: duckdb.DuckDBPyConnection, device: Device) -> None:
        self._inner, self._device = inner, device

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()

    def cursor(self) -> "Connection":
        """One more connection, which fails likewise."""
        return Connection(self._inner.cursor(), self._device)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the connection's own
        found = getattr(self._inner, name)
        return self._device.called(found) if name in COUNTED else found
