"""What is wrong with what tells events apart, and what is said of it."""

from collections.abc import Iterator, Mapping
from math import prod

from detectors.performance.expression import Wrong
from stream.config.mistakes import Objection, Path, nearest, repeated, shown
from stream.config.sections.segments import CROSSED_MAX, Segment, conditions, names, plain
from stream.config.settings import Model, Settings
from stream.encodings.schema import CONTRACT
from stream.segments.condition import Asked, read
from stream.segments.fields import CONDITION, PREFIXES, SAID

SEGMENTS_MAX = 20  # of a model: each is one more place in its summaries for every event
ROWS_MAX = 65_535  # of a model's summaries: predictions that wait for labels keep theirs in 16 bits


def segments(model: Model, settings: Settings) -> Iterator[Objection]:
    """Names that repeat, crossings of one field, conditions that are none, and more of them than can be counted."""
    yield from repeated(("segments",), names(model.segments))
    if len(model.segments) > SEGMENTS_MAX:
        yield Objection(("segments",), f"at most {SEGMENTS_MAX}", f"{len(model.segments)}")
    n_rows = 1 + sum(values_max(each, settings) + 2 for each in model.segments)
    if n_rows > ROWS_MAX:
        expected = f"at most {ROWS_MAX:,} values of all segments together; lower limits.segments"
        yield Objection(("segments",), expected, f"{n_rows:,}")
    for i, each in enumerate(model.segments):
        if isinstance(each, Segment):
            yield from _section(("segments", i), each, model)


def fairness(model: Model, _: Settings) -> Iterator[Objection]:
    """Groups that nothing tells apart."""
    yield from repeated(("fairness",), model.fairness)
    known = names(model.segments)
    for i, name in enumerate(model.fairness):
        if name not in known:
            yield Objection(("fairness", i), "a field of `segments`", shown(name), nearest(name, known))


def values_max(segment: str | Segment, settings: Settings) -> int:
    """How many values one may have."""
    return len(CONDITION) if isinstance(segment, Segment) and segment.where else settings.limits.segments


def conditional(settings: Settings) -> Iterator[str]:
    """Which conditions tell events apart, in sentences."""
    for pattern, model in settings.patterns:
        for name, where in conditions(model.segments).items():
            yield f"Segment {name} of {pattern}: events where {where}."


def folded(settings: Settings, each: int) -> Iterator[str]:
    """Where crossed fields may have more values than are told apart, if each has so many, in sentences."""
    most = settings.limits.segments
    for pattern, model in settings.patterns:
        known = conditions(model.segments)
        for segment in model.segments:
            crossed = segment.crossed if isinstance(segment, Segment) else ()
            n = prod(len(CONDITION) if part in known else each for part in crossed)
            if n > most:
                yield (
                    f"Warning: {segment} of {pattern} may have {n:,} values, {each} of each field; only the {most:,} "
                    "most frequent of the reference (limits.segments) are told apart, the others count as (other)."
                )


def _section(path: Path, segment: Segment, model: Model) -> Iterator[Objection]:
    if bool(segment.crossed) == bool(segment.where):
        found = "both" if segment.where else "neither"
        yield Objection(path, "either `where`, a condition, or `crossed`, a list of names", found)
    elif segment.crossed:
        yield from repeated((*path, "crossed"), segment.crossed)
        if not 1 < len(segment.crossed) <= CROSSED_MAX:
            yield Objection((*path, "crossed"), f"2 to {CROSSED_MAX} names", f"{len(segment.crossed)}")
    elif not segment.name:
        yield Objection((*path, "name"), "a name for the condition")
    else:
        yield from _condition((*path, "where"), segment.where, model)


def _condition(path: Path, text: str, model: Model) -> Iterator[Objection]:
    try:
        asked = read(text).asked
    except Wrong as wrong:
        yield Objection(path, wrong.expected, shown(wrong.found), nearest(wrong.found, wrong.known))
        return
    fields = {name for name in plain(model.segments) if model.features.get(name) != "numeric"}
    for name, how in asked.items():
        yield from _asked(path, name, how, model.features, fields)


def _asked(path: Path, name: str, how: Asked, features: Mapping[str, str], fields: set[str]) -> Iterator[Objection]:
    """Whether a name is known where features are declared, and compared as its kind can be."""
    known = {*features, *fields}
    if name in SAID and name not in known:
        if name == "score" and how == "text":
            yield Objection(path, "numbers beside a score", shown(name))
    elif name.startswith(PREFIXES) or (name in CONTRACT and name not in known):
        yield Objection(
            path, "features and fields of `segments`; what has one of these names must be declared as such", shown(name)
        )
    elif features and name not in known:
        yield Objection(
            path, "declared `features`, and fields that are in `segments`", shown(name), nearest(name, known)
        )
    elif how == "number" and (name in fields or features.get(name) == "categorical"):
        yield Objection(path, "a numeric feature before < <= > >=", shown(name))
    elif how == "text" and features.get(name) == "numeric":
        yield Objection(path, "numbers beside a numeric feature", shown(name))
