"""How often the garbage collector looks: a fetch makes thousands of objects that need no such look."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_MAX = 50_000  # objects that are made before it looks; the interpreter's own number is 700


@contextmanager
def spared() -> Iterator[None]:
    """What is imported in the block stays: to look for garbage among it, then and later, was a third of every start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(unsettle)


def settle() -> None:
    """What is there stays: a full collection among modules, plans and state is 50 ms of standstill."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX)


def unsettle() -> None:
    """Before the end: else what the interpreter frees there looks leaked to DuckDB, which says so at length."""
    gc.unfreeze()
