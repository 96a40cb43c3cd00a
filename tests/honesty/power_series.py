"""River's annotated series: how often each alarms before the change that most annotators see, and how soon after it.

Nothing can be calibrated on one series, so all run at their defaults. What comes before 0.6 of the way to the change is
the reference. Values follow each other, and most of these series never stood still.
"""

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

import numpy as np
from river.drift import datasets
from scipy.stats import chi2, ks_2samp

from detectors import DISTANCES
from detectors.sequential.adwin import Adwin
from detectors.sequential.evidence import Evidence
from detectors.sequential.fold import fold
from detectors.sequential.page_hinkley import PageHinkley
from detectors.verdict import judge

PANE, WINDOW = 5, 50  # observations
CELLS = 8
BEFORE = 0.6  # of the way to the change: the reference
EVERY = 1_000  # panes: a promised false alarm of driftline
LEVEL = 0.001  # of a window, of all its columns
P, PSI = 0.05, 0.1  # the limits that tests and psi are used with
NEAR = 10  # observations between annotations of one change


class Series(NamedTuple):
    """Values (observations, columns), and where most annotators see the first change."""

    name: str
    values: np.ndarray
    change: int


class Outcome(NamedTuple):
    """Stretches of WINDOW observations before the change with an alarm; observations until one from then on, or inf."""

    false: int
    delay: float


def annotated() -> Iterator[Series]:
    """The series as they were shown to the annotators: of some, each third or tenth observation."""
    for name in ("AirlinePassengers", "Apple", "Bitcoin", "BrentSpotPrice", "Occupancy", "RunLog", "UKCoalEmploy"):
        source = getattr(datasets, name)()
        rows = [(next(iter(x.values()), None), list(y.values()) if isinstance(y, dict) else [y]) for x, y in source]
        if name == "BrentSpotPrice":
            rows = [row for row in rows if row[0].year >= 2000][::10]
        values = np.array([y for _, y in rows], np.float64)[:: 3 if name == "Apple" else 1]
        change = agreed(list(source.annotations.values()))
        if change is not None:
            yield Series(name, values, change)


def agreed(annotations: list[list[int]]) -> int | None:
    """The first change that more than half of the annotators have within NEAR; None where they agree on none."""
    for one in sorted(at for marks in annotations for at in marks):
        near = [min((at for at in marks if one <= at <= one + NEAR), default=None) for marks in annotations]
        seen = [at for at in near if at is not None]
        if 2 * len(seen) > len(annotations):
            return int(median(seen))
    return None


def outcome(ends: np.ndarray, change: int) -> Outcome:
    """Of alarms at the ends of what they looked at, counted from the end of the reference."""
    after = ends[ends > change]
    false = np.unique((ends[ends <= change] - 1) // WINDOW)
    return Outcome(len(false), float(after[0] - change) if len(after) else np.inf)


def outcomes(series: Series) -> dict[str, Outcome]:
    """Of every method."""
    begun = int(series.change * BEFORE)
    reference, values = series.values[:begun], series.values[begun:]
    windows = [values[i : i + WINDOW] for i in range(0, len(values) - WINDOW + 1, WINDOW)]
    expected = _counts(reference, reference)
    observed = [_counts(reference, window) for window in windows]
    on_line = np.ones(expected.shape, np.bool_)
    columns = range(values.shape[1])
    freedom = [np.maximum(((expected + each) > 0).sum(axis=1) - 1, 1) for each in observed]
    rang = {
        "ks": [any(ks_2samp(reference[:, i], each[:, i]).pvalue <= P for i in columns) for each in windows],
        "chi_square": [
            (chi2.sf(DISTANCES["chi_square"](expected, each), df) <= P).any()
            for each, df in zip(observed, freedom, strict=True)
        ],
        "psi": [(np.asarray(DISTANCES["psi"](expected, each)) > PSI).any() for each in observed],
    }
    found = {"driftline": _own(reference, values, expected, observed, on_line)}
    found |= {name: (np.flatnonzero(alarms) + 1) * WINDOW for name, alarms in rang.items()}
    steps = ((series.values - reference.mean(axis=0)) / np.maximum(reference.std(axis=0), 1e-9)).T
    for name, detector in (("adwin", Adwin()), ("page_hinkley", PageHinkley())):
        _, alarms = fold(detector, detector.start(len(steps)), steps)
        found[name] = np.flatnonzero(alarms[:, begun:].any(axis=0)) + 1
    return {name: outcome(ends, series.change - begun) for name, ends in found.items()}


def _own(
    reference: np.ndarray, values: np.ndarray, expected: np.ndarray, observed: list[np.ndarray], on_line: np.ndarray
) -> np.ndarray:
    """Where driftline's verdict on windows, or its evidence, alarms."""
    columns, cells = expected.shape
    p = [judge(expected, each, on_line, 0.0).p.min() * columns for each in observed]
    evidence = Evidence.of(EVERY, columns, columns * cells)
    sums, ends = evidence.start(columns, cells), [(i + 1) * WINDOW for i, each in enumerate(p) if each < LEVEL]
    for end in range(PANE, len(values) + 1, PANE):
        pane = _counts(reference, values[end - PANE : end])
        sums, told = evidence.step(sums, evidence.steps(expected, pane, on_line, 0.0))
        ends += [end] * bool(told.alarms.any())
    return np.unique(ends).astype(np.int64)


def _counts(reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Counts (columns, cells) on the reference's quantiles, with open ends."""
    edges = np.quantile(reference, np.linspace(0, 1, CELLS + 1), axis=0)
    edges[-1] = np.nextafter(edges[-1], np.inf)
    places = [np.searchsorted(edges[:, i], values[:, i], side="right") for i in range(values.shape[1])]
    return np.stack([np.bincount(each, minlength=CELLS + 2) for each in places])
