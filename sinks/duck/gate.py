"""Readers pass side by side; what would make one of them fail is done only while none is inside."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Gate:
    """Counts who is inside."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Be inside; whoever comes while the gate is held waits at it."""
        with self._lock:
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep newcomers out. Whether nobody is inside: only then may the caller go on."""
        with self._lock:
            yield self._inside == 0
