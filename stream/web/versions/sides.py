"""Two versions of a model side by side: a metric over the windows in which both have labels, and a verdict."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from detectors.comparison import START, VERDICTS, Comparison
from detectors.performance.versions.comparable import Comparable
from detectors.performance.versions.influence import ENOUGH
from detectors.stratified import Windows, side_by_side
from sinks.commit import PERFORMANCE, Store, Where, to_ns
from stream.answers.own import compared_as, tallied_as
from stream.config.units import duration, spelled_duration
from stream.web.answers import Found
from stream.web.performance.matured import SPEAKING
from stream.web.performance.revisions import newest_revisions
from stream.web.sources import Sources
from stream.web.times import moment
from stream.web.versions.pair import pair, settings_of, versions
from stream.web.versions.ratio import Ratio, ratio
from stream.web.versions.tallies import Abreast, looked, rows_at

ROWS_MAX = 50_000  # that are read of a number: of 5 minutes, told six times each, a month
DIRECTIONS: Mapping[int, Literal["greater", "less", "neither"]] = {1: "greater", -1: "less", 0: "neither"}


class Side(Struct, frozen=True):
    """One version: the metric, with each window counted as much as of the other, and the labels it rests on."""

    version: str
    value: float | None = None
    labels: int = 0


class Compared(Struct, frozen=True):
    """A candidate beside its incumbent. `low` and `high` end an interval of the difference that holds at every look.

    `better` is the greater value, the lesser one, or neither. `since` and `until` end the windows that were compared.
    """

    model: str
    metric: str
    candidate: Side
    incumbent: Side
    verdict: Literal["better", "worse", "not yet known"]
    words: str
    better: Literal["greater", "less", "neither"]
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    length: str = ""
    windows: int = 0
    since: datetime | None = None
    until: datetime | None = None
    ratio: Ratio | None = None


class History(Struct, frozen=True):
    """The difference with its interval, after each window; empty where there is none."""

    ends: Sequence[datetime] = ()
    difference: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()


class Question(Struct, frozen=True):
    """What is asked; empty: chosen by `compared`. `since` in ns, a length of windows in ns."""

    candidate: str = ""
    incumbent: str = ""
    metric: str = ""
    since: int | None = None
    length: int = 0


def compared(sources: Sources, model: str, question: Question) -> tuple[Compared, History]:
    """What is known of two versions of a model. The metric, if one is named, must be comparable."""
    candidate, incumbent = pair(versions(sources, model), question.candidate, question.incumbent)
    metric = question.metric or _main(sources.store, model, candidate)
    settings = settings_of(sources, model)
    known, tallied = compared_as(settings, metric), tallied_as(settings, metric)
    better = known.better if known else tallied.better if tallied else None
    assert better is not None, f"{metric}: not comparable"
    said = Compared(
        model, metric, Side(candidate), Side(incumbent), "not yet known", "", DIRECTIONS[better],
        ratio=ratio(sources, model),
    )  # fmt: skip
    if not incumbent:
        return replace(said, words="there are no two versions of this model"), History()
    length = question.length or settings.windows[0]
    if tallied is not None:
        where: dict[str, str | int] = {"model": model, "length": length}
        both = {**where, "version": candidate}, {**where, "version": incumbent}
        found = looked(sources.store, both, tallied, question.since)
        if found is not None:
            return _tallied(replace(said, length=spelled_duration(length)), found)
    if known is None:
        words = f"no {spelled_duration(length)} window has {metric} of both versions yet"
        return replace(said, words=words, length=spelled_duration(length)), History()
    ends, sides = _sides(sources.store, said, known, length, question.since)
    said = replace(said, length=spelled_duration(length), windows=len(ends))
    if not len(ends):
        return replace(said, words=f"no {said.length} window has {metric} of both versions yet"), History()
    made = side_by_side(*sides, known)
    ended = [moment(end) for end in ends.tolist()]
    history = History(ended, *(column[:, 0].tolist() for column in made.compared[:3]))
    labels = int(sides[0].n.sum()), int(sides[1].n.sum())
    values = float(made.candidate[-1, 0]), float(made.incumbent[-1, 0])
    last = _last(said, labels, values, made.compared)
    span = {"since": moment(int(ends[0]) - length), "until": ended[-1]}
    return replace(last, **span), history


def _tallied(said: Compared, found: Abreast) -> tuple[Compared, History]:
    ended = [moment(end) for end in found.ends[found.looks].tolist()]
    history = History(ended, *(column.tolist() for column in found.said.compared[:3]))
    values = float(found.said.candidate[-1]), float(found.said.incumbent[-1])
    last = _last(replace(said, windows=len(found.ends)), found.labels, values, found.said.compared)
    if not isfinite(last.difference or np.nan) and min(found.labels) >= START and last.verdict == "not yet known":
        few = f"{ENOUGH} labels of a class, or positives, of either version in common windows are needed"
        last = replace(last, words=last.words if last.ratio is not None and last.ratio.mismatch else few)
    since = moment(int(found.ends[0]) - duration(said.length))
    return replace(last, since=since, until=moment(int(found.ends[-1]))), history


def _last(said: Compared, labels: tuple[int, int], values: tuple[float, float], made: Comparison) -> Compared:
    """The answer after the last window, in words."""
    candidate, incumbent = (
        Side(side.version, value if isfinite(value) else None, n)
        for side, n, value in zip((said.candidate, said.incumbent), labels, values, strict=True)
    )
    difference, low, high = (float(column.ravel()[-1]) for column in made[:3])
    numbers = {
        name: value if isfinite(value) else None
        for name, value in (("difference", difference), ("low", low), ("high", high))
    }
    said = replace(said, candidate=candidate, incumbent=incumbent, **numbers)
    verdict = VERDICTS[int(made.verdict.ravel()[-1])]
    if said.ratio is not None and said.ratio.mismatch:
        return replace(said, words=f"{said.ratio.words}: until that is explained, neither is any difference")
    if not isfinite(low):
        words = f"{candidate.labels:,} and {incumbent.labels:,} labels in common windows; {START} of each are needed"
        return replace(said, words=words)
    interval = f"{said.metric} differs by {difference:.3g} ({low:.3g} to {high:.3g})"
    words = {
        "better": f"{interval}, surely for the better",
        "worse": f"{interval}, surely for the worse",
    }.get(verdict, f"{interval}: as far as one can tell they may be equal")
    if said.better == "neither":
        words = f"{interval}; neither more nor less of it is better"
    return replace(said, verdict=verdict, words=words)


def _main(store: Store, model: str, version: str) -> str:
    """The metric that speaks for a model, if its labels have said anything."""
    for metric in SPEAKING:
        where = {"model": model, "version": version, "segment": "", "metric": metric}
        if len(store.select(PERFORMANCE, where=where, limit=1)["end"]):
            return metric
    return SPEAKING[0]


def _sides(
    store: Store, asked: Compared, metric: Comparable, length: int, since: int | None
) -> tuple[NDArray[np.int64], tuple[Windows, Windows]]:
    """The windows that both versions have, oldest first: their ends, ns, and what they say."""
    where: dict[str, str | int] = {"model": asked.model, "segment": "", "length": length}
    of_both = [
        [_numbers(store, {**where, "version": side.version, "metric": part}, since) for part in metric.parts]
        for side in (asked.candidate, asked.incumbent)
    ]
    ends = to_ns(of_both[0][0]["end"])
    for rows in (rows for side in of_both for rows in side):
        ends = np.intersect1d(ends, to_ns(rows["end"]))
    candidate, incumbent = (_windows([rows_at(rows, ends) for rows in side], metric) for side in of_both)
    return ends, (candidate, incumbent)


def _numbers(store: Store, where: Where, since: int | None) -> Found:
    """The newest word on each window, newest first; without one that was cut off."""
    rows = store.select(PERFORMANCE, where=where, since=since, order=("end",), descending=True, limit=ROWS_MAX)
    told = newest_revisions(rows)
    cut = len(rows["end"]) == ROWS_MAX
    return {name: column[: len(column) - cut] for name, column in told.items()}


def _windows(parts: Sequence[Found], metric: Comparable) -> Windows:
    """The parts of a metric in each window, (windows, 1, parts)."""
    value, error = (
        np.stack([rows[name].astype(np.float64) for rows in parts], axis=-1)[:, None, :] for name in ("value", "error")
    )
    n = parts[0]["labelled"].astype(np.int64)[:, None]
    return Windows(n, value**2, 2 * value * error) if metric.squared else Windows(n, value, error)
