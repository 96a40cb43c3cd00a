"""Charts of errors: pairs move them one by one, in the order of their steps, and an alarm is a finding at once.

A window's numbers wait for enough labels; a chart needs none, and finds a model that has become worse within some
dozens of them. The first pairs of a version are what it is compared with.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.sequential.error_rate import ErrorRate, State
from stream.config.settings import Model
from stream.monitor.verdicts.levels import MONTH

DETECTOR: Final = "error_rate"
FEATURE: Final = "output:errors"
REFERENCE: Final = 1_000  # pairs: with fewer, the rate is too uncertain for a threshold that means anything
SERIES: Final = np.zeros(1, np.int64)  # all events of a version


@dataclass(frozen=True)
class Alarm:
    """Errors have become frequent: their share since they did, among so many pairs, and what it was."""

    rate: float
    n: int
    reference: float


@dataclass(frozen=True)
class Chart:
    """One version: the errors of its first pairs, over which time they came, then the detector's state."""

    errors: int = 0
    n: int = 0
    began: int = 0  # the step of the first pair
    settled: int = 0  # that of the last one of the reference; 0 before
    sums: int = 0
    since: int = 0
    quiet: int = 0  # pairs without an alarm that are still missing until the next one is told: a fall is told once

    def step(self, errors: NDArray[np.bool_], step: int, pane: int, model: Model) -> tuple["Chart", list[Alarm]]:
        """After the pairs of one step, in their order."""
        chart = self if self.n else Chart(began=step)
        if not chart.settled:
            first = errors[: REFERENCE - chart.n]
            n = chart.n + len(first)
            settled = step if n == REFERENCE else 0
            chart = Chart(chart.errors + int(first.sum()), n, chart.began, settled)
            errors = errors[len(first) :]
        if not len(errors):
            return chart, []
        detector = chart.detector(pane, model.false_triggers_per_month)
        known = State(np.array([chart.sums]), np.array([chart.since]))
        found = detector.step(known, np.repeat(SERIES, len(errors)), errors)
        ages = _ages(chart.since, found.rates)
        rung = np.flatnonzero(found.alarms)
        before = np.concatenate(([chart.quiet - REFERENCE - 1], rung))  # the last one, as seen from here
        told = rung[np.diff(before) > REFERENCE].tolist()
        alarms = [Alarm(float(found.rates[i]), ages[i], chart.errors / chart.n) for i in told]
        quiet = max(0, REFERENCE + 1 - (len(errors) - int(before[-1])))
        sums, since = int(found.state.sums[0]), int(found.state.since[0])
        return Chart(chart.errors, chart.n, chart.began, chart.settled, sums, since, quiet), alarms

    def detector(self, pane: int, budget: float) -> ErrorRate:
        """The detector that the reference and the time in which it came make."""
        per_month = self.n / max(1, (self.settled - self.began) // pane + 1) * (MONTH // pane)
        return _detector(self.errors, self.n, per_month / budget)

    def pack(self) -> tuple[int, ...]:
        """The chart as plain data."""
        return self.errors, self.n, self.began, self.settled, self.sums, self.since, self.quiet

    @classmethod
    def unpack(cls, packed: Any) -> "Chart":  # noqa: ANN401 - what `pack` gave
        """The chart that `pack` gave."""
        return cls(*packed)


@lru_cache(maxsize=4_096)
def _detector(errors: int, n: int, run_length: float) -> ErrorRate:
    return ErrorRate.of(np.array([errors]), np.array([n]), np.array([run_length]))


def _ages(since: int, rates: NDArray[np.float64]) -> list[int]:
    """For how many pairs each sum has been above 0."""
    ages, age = [], since
    for rate in rates.tolist():
        age = 0 if np.isnan(rate) else age + 1
        ages.append(age)
    return ages
