"""Did it help: what a model's windows and labels say before a run, and after it. Pure.

Labels that are sure outweigh windows: a model that was trained again on a changed world may be good, and its input is
still another than the reference. What is better may have become so by itself: nobody knows what would have been without
the run.
"""

from math import isfinite
from typing import Final, Literal, NamedTuple

import numpy as np
from msgspec import Struct

from detectors.afterwards import Verdict, Windows, afterwards
from detectors.comparison import START, VERDICTS, Means, compare
from detectors.proportions import limits

TAIL: Final = 0.025  # beyond either end of an interval
By = Literal["findings", "performance", "both", "neither"]


class Share(Struct, frozen=True):
    """Windows with findings among those judged, with a 95 % interval, and how far beyond their limits they were."""

    windows: int
    found: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
    severity: float | None = None  # the median of the greatest of each such window, in times of its limit


class Level(Struct, frozen=True):
    """A metric over the windows that have enough labels; `low` and `high` end its 95 % interval."""

    windows: int
    labels: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Findings(Struct, frozen=True):
    """What windows say."""

    verdict: Verdict
    before: Share
    after: Share


class Performance(Struct, frozen=True):
    """What labels say, and the difference with an interval that holds at every look."""

    verdict: Verdict
    metric: str
    before: Level
    after: Level
    difference: float | None = None
    low: float | None = None
    high: float | None = None


class Answer(Struct, frozen=True):
    """Did it help? In a word, by what, and in words."""

    verdict: Verdict
    by: By
    words: str
    findings: Findings
    performance: Performance | None = None


class Measured(NamedTuple):
    """A metric in windows, each: its labels, its value, its standard error."""

    n: tuple[int, ...]
    value: tuple[float, ...]
    error: tuple[float, ...]


def share(windows: Windows, strengths: tuple[float, ...] = ()) -> Share:
    """Windows with their interval; `strengths` are those of the windows with findings."""
    if not windows.judged:
        return Share(0, 0)
    low, high = (float(each) for each in limits(np.array(windows.found), np.array(windows.judged), TAIL))
    severity = float(np.median(strengths)) if strengths else None
    return Share(windows.judged, windows.found, windows.found / windows.judged, low, high, severity)


def of_windows(before: Share, after: Share) -> Findings:
    """What the shares of windows with findings say, before a run and after it."""
    found = afterwards(*(Windows(each.windows, each.found) for each in (before, after)))
    return Findings(found, before, after)


def of_labels(
    metric: str, before: Measured, after: Measured, *, greater_is_better: bool, tolerate: float
) -> Performance:
    """What labels say of a metric that is a mean.

    There is no difference where none is sure, and the interval reaches less far than `tolerate` of what was before.
    """
    sides = [_pooled(each) for each in (before, after)]
    old, new = (Means(*(np.array([number]) for number in each)) for each in sides)
    made = compare(new, old, greater_is_better=greater_is_better)
    verdict = VERDICTS[int(made.verdict[0])]
    numbers = [float(column[0]) for column in made[:3]]
    near = isfinite(numbers[1]) and numbers[2] - numbers[0] <= tolerate * abs(sides[0][1])
    said: Verdict = "no difference" if near and verdict == "not yet known" else verdict  # type: ignore[assignment]
    first, last = (_level(len(one.n), *side) for one, side in zip((before, after), sides, strict=True))
    difference, low, high = (each if isfinite(each) else None for each in numbers)
    return Performance(said, metric, first, last, difference, low, high)


def _pooled(measured: Measured) -> tuple[int, float, float]:
    """Labels, the mean over all of them, and the variance of one."""
    n, value, error = (np.array(column, np.float64) for column in measured)
    total = n.sum()
    if not total:
        return 0, np.nan, 0.0
    mean = float((n * value).sum() / total)
    return int(total), mean, float(((n * error) ** 2).sum() / total)


def _level(windows: int, labels: int, mean: float, variance: float) -> Level:
    if not labels:
        return Level(0, 0)
    reach = 1.96 * float(np.sqrt(variance / labels))
    return Level(windows, labels, mean, mean - reach, mean + reach)


def answered(findings: Findings, performance: Performance | None, *, over: bool) -> Answer:
    """Both together. `over`: the incident had been closed before the run ended."""
    said = {"findings": findings.verdict} | ({"performance": performance.verdict} if performance else {})
    verdict, by = _verdict(said)
    words = [_windows(findings), *([_labels(performance)] if performance else [])]
    if over and verdict == "better":
        words.append("the incident was over before the run ended, so it may have got better by itself")
    return Answer(verdict, by, "; ".join(words), findings, performance)


def _verdict(said: dict[str, Verdict]) -> tuple[Verdict, By]:
    """What labels say, where they say anything; else what windows do."""
    labels, windows = said.get("performance", "not yet known"), said["findings"]
    if labels == windows != "not yet known":
        return labels, "both"
    if labels in {"better", "worse"}:
        return labels, "performance"
    if windows in {"better", "worse"}:
        return windows, "findings"
    if labels != "not yet known":
        return labels, "performance"
    return windows, "neither" if windows == "not yet known" else "findings"


def _windows(said: Findings) -> str:
    before, after = said.before, said.after
    if not after.windows:
        return "no window has been judged since"
    told = f"findings in {before.found} of {before.windows} windows before, in {after.found} of {after.windows} since"
    return told + (": too few to tell" if said.verdict == "not yet known" else "")


def _labels(said: Performance) -> str:
    before, after = said.before, said.after
    if said.low is None or before.value is None or after.value is None:
        return f"{said.metric}: {before.labels:,} labels before, {after.labels:,} since; {START} of each are needed"
    told = f"{said.metric} was {before.value:.3g}, and is {after.value:.3g} ({said.difference:+.3g}"
    return f"{told}, {said.low:+.3g} to {said.high:+.3g})"
