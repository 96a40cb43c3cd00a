"""Closed panes add up to windows."""

from collections.abc import Iterable

from stream.counting.windows import window_end
from stream.events import NEVER
from stream.monitor.panes.sliding import Sliding
from stream.monitor.panes.window import Pane, Window

Key = tuple[str, str, int]  # (model, version, length)
Either = Window | Sliding


def grown(  # noqa: PLR0913, PLR0917 - where to, whose, which kinds, what
    windows: dict[Key, Either],
    model: str,
    version: str,
    spans: Iterable[tuple[int, int]],
    pane: Pane,
    closed: int = NEVER,
) -> None:
    """Add a pane to its open window of each (length, step), opening those that it is the first of.

    `closed`: the newest closed end, where panes of before are added again.
    """
    for length, every in spans:
        key, end = (model, version, length), window_end(max(pane.end, closed + 1), every)
        known = windows.get(key)
        assert known is None or known.end == end, f"{key}: pane {pane.end} closed before window {known}"
        if known is not None:
            windows[key] = known.add(pane)
        elif every < length:
            windows[key] = Sliding(end, length, every).add(pane)
        else:
            windows[key] = Window.of(end, length, pane)
