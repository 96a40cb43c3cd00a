"""Which versions a model has, the oldest first, and which two of them stand side by side."""

from collections.abc import Sequence

from msgspec import Struct

from sinks.commit import WINDOWS
from stream.config.settings import Model
from stream.monitor.panes.closing import UNTOLD
from stream.web.answers import Window, answers
from stream.web.sources import Sources
from stream.web.times import nanoseconds

WINDOWS_SEEN = 1_000  # of each length: of 5 minutes three days and a half, of a day all that there are


class Seen(Struct, frozen=True):
    """A version and when its windows began and ended, ns."""

    version: str
    first: int
    last: int


def settings_of(sources: Sources, model: str) -> Model:
    """The settings of a model, or what every model starts from."""
    return sources.settings.model(model) or sources.settings.defaults


def versions(sources: Sources, model: str) -> list[Seen]:
    """The versions that have closed windows, the oldest first."""
    spans: dict[str, tuple[int, int]] = {}
    for length in settings_of(sources, model).windows:
        where: dict[str, str | int] = {"model": model, "segment": "", "length": length}
        found = sources.store.select(WINDOWS, where=where, order=("end",), descending=True, limit=WINDOWS_SEEN)
        for window in answers(found, Window):
            start, end = nanoseconds(window.start), nanoseconds(window.end)
            first, last = spans.get(window.version, (start, end))
            spans[window.version] = min(first, start), max(last, end)
    spans.pop(UNTOLD, None)
    admitted = {name: i for i, name in enumerate(_admitted(sources, model))}
    # What came with the same window is told apart by the order of admission, if it is known, then as numbers are.
    order = sorted(spans, key=lambda name: (spans[name][0], admitted.get(name, 0), len(name), name))
    return [Seen(name, *spans[name]) for name in order]


def pair(seen: Sequence[Seen], candidate: str = "", incumbent: str = "") -> tuple[str, str]:
    """The versions that stand side by side: those that are named, else the newest and the one that it may replace.

    That is the older one that was seen last: after a version was taken back, the one before it. Empty: there is none.
    """
    candidate = candidate or next((each.version for each in reversed(seen) if each.version != incumbent), "")
    place = next((i for i, each in enumerate(seen) if each.version == candidate), len(seen))
    older = [(each.last, i, each.version) for i, each in enumerate(seen[:place])]
    return candidate, incumbent or max(older, default=(0, 0, ""))[2]


def _admitted(sources: Sources, model: str) -> tuple[str, ...]:
    known = sources.status().model(model)
    return () if known is None else known.versions
