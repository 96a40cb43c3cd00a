"""What is wrong with windows, and what is said of those that slide."""

from collections.abc import Iterator

from stream.config.mistakes import Objection
from stream.config.sections.spans import PIECES_MAX, Sliding, span
from stream.config.settings import DAY, Model, Settings
from stream.config.units import DURATION, spelled_duration

WINDOW_MAX = 31 * DAY
WINDOWS_MAX = 6  # each is a series of distances, limits and rows of its own


def windows(model: Model, _: Settings) -> Iterator[Objection]:
    """Too many, too long, the same length twice, and steps that a window is not a whole number of."""
    if not 0 < len(model.declared) <= WINDOWS_MAX:
        yield Objection(("windows",), f"1 to {WINDOWS_MAX} lengths", str(len(model.declared)))
    slide = any(isinstance(window, Sliding) for window in model.declared)
    once = "each length once" + (": the windows that slide hold those that do not" if slide else "")
    seen: set[int] = set()
    for i, window in enumerate(model.declared):
        length = span(window)[0]
        if length > WINDOW_MAX:
            yield Objection(("windows", i), "at most 31d", spelled_duration(length))
        if length in seen:
            yield Objection(("windows", i), once, spelled_duration(length))
        seen.add(length)
        if isinstance(window, Sliding):
            for key, expected in _wrong(window):
                found = getattr(window, key)
                yield Objection(("windows", i, key), expected, spelled_duration(found) if found else "nothing")


def _wrong(window: Sliding) -> Iterator[tuple[str, str]]:
    """The keys of a sliding window that cannot stay, and what each should be."""
    length, every = window.length, window.every
    if not length or not every:
        yield from ((key, DURATION) for key in ("length", "every") if not getattr(window, key))
        return
    spelled = spelled_duration(length)
    if every >= length:
        yield "every", f"less than the length; windows that do not overlap are written as {spelled}"
    elif length % every:
        yield "every", f"a duration of which the length, {spelled}, is a whole multiple"
    elif length // every > PIECES_MAX:
        yield "every", f"at least {spelled_duration(-(-length // PIECES_MAX))}, a {PIECES_MAX}th of the length"


def spelled(span: tuple[int, int], pane: int) -> str:
    """A kind of window as `driftline check` names it, with its panes."""
    length, every = span
    sliding = "" if every == length else f" every {spelled_duration(every)}"
    return f"{spelled_duration(length)}{sliding} ({length // pane})"


def sliding(settings: Settings) -> Iterator[str]:
    """What windows that slide mean, in sentences."""
    if any(every < length for _, model in settings.patterns for length, every in model.spans):
        yield (
            "A window that slides ends at every whole multiple of its step; those that end at one of their length, "
            "too, also tell of labels, latencies and traffic, and `drift.tests` and `drift.together` are made of them."
        )
