"""Two-sided cumulative sums of standardised steps: a small shift that lasts adds up where chance cancels.

Page 1954, Continuous inspection schemes. High and low are max(0, sum + z - allowance) and max(0, sum - z - allowance);
an alarm is a sum beyond the threshold, and starts both from 0 again.
"""

import numpy as np
import scipy
from msgspec import Struct

from detectors.codes import Bools, Floats, Integers
from detectors.distances import Counts
from detectors.sequential.fold import Rows, first, last

OVERSHOOT = 1.166  # Siegmund's correction: a normal walk is beyond its barrier by about 0.583 on either side
GRAIN = 2.0**20  # steps are rounded to 2^-20, so that sums are exact and do not depend on how steps were cut
STEP_MAX = 4_096.0  # standard errors: beyond, one step alarms whatever the sum was


class State(Rows, frozen=True):
    """What the sums have come to, (series,) each."""

    high: Floats
    low: Floats


class Cusum(Struct, frozen=True):
    """The detector: `allowance` is half of the smallest shift worth finding, `threshold` what a sum may come to.

    However steps are cut, the result is the same: they are rounded to a grain.
    """

    allowance: float = 0.5
    threshold: float = 5.0

    def start(self, series: int) -> State:
        """Nothing has been seen."""
        return State(np.zeros(series), np.zeros(series))

    def walk(self, state: State, values: Floats, lengths: Integers) -> tuple[Integers, State]:
        """As `Sequential` says."""
        up, down = self._moves(values.T)
        highs, lows = _walk(state.high, up).T, _walk(state.low, down).T
        at = first(np.maximum(highs, lows) > self.threshold, lengths)
        return at, State(last(highs, lengths), last(lows, lengths))

    def _moves(self, z: Floats) -> tuple[Floats, Floats]:
        """What steps add to either sum, on the grain; a nan adds nothing."""
        z = np.rint(np.clip(z, -STEP_MAX, STEP_MAX) * GRAIN) / GRAIN
        allowance = np.rint(self.allowance * GRAIN) / GRAIN
        up, down = (np.where(np.isnan(z), 0.0, sign * z - allowance) for sign in (1, -1))
        return up, down


def threshold_for(run_length: float, allowance: float) -> float:
    """The threshold at which an unchanged series alarms once in `run_length` steps.

    Siegmund 1985, Sequential analysis: that of one side; both sides alarm twice as often. The steps have mean 0 and
    variance 1.
    """

    def surplus(threshold: float) -> float:
        reach = 2 * allowance * (threshold + OVERSHOOT)
        return float(np.expm1(reach) - reach) / (2 * allowance**2) - 2 * run_length

    assert allowance > 0, allowance
    return (
        scipy.optimize.brentq(surplus, 0.0, np.log(4 * (1 + run_length)) / allowance + 1) if surplus(0.0) < 0 else 0.0
    )


def location(expected: Counts, observed: Counts, ordered: Bools, tolerate: float | Floats) -> Floats:
    """Standardised steps: by how much the observed values rank higher in the reference than its own do, (series,).

    The mean rank runs from 0 to 1. A share of the values moved from one end to the other shifts it by that share, so
    `tolerate` is taken off. The variance has both samples' parts. nan where nothing was counted, or all is one cell.
    """
    expected, observed = np.where(ordered, expected, 0), np.where(ordered, observed, 0)
    m, n = (counts.sum(axis=1, dtype=np.float64) for counts in (expected, observed))
    p = expected / np.maximum(m, 1.0)[:, None]
    ranks = np.cumsum(p, axis=1) - p / 2  # a cell's values share its middle rank; the reference's mean is 1/2
    shift = (observed * (ranks - 0.5)).sum(axis=1) / np.maximum(n, 1.0)
    beyond = np.copysign(np.maximum(np.abs(shift) - tolerate, 0.0), shift)
    variance = (p * (ranks - 0.5) ** 2).sum(axis=1) * (1 / np.maximum(m, 1.0) + 1 / np.maximum(n, 1.0))
    known = (np.minimum(m, n) > 0) & (variance > 0)
    return np.where(known, beyond / np.sqrt(np.where(known, variance, 1.0)), np.nan)


def _walk(start: Floats, steps: Floats) -> Floats:
    """The sums after each step: max(0, sum + step) unrolled, the running sum minus its running minimum."""
    sums = start + np.cumsum(steps, axis=0)
    return sums - np.minimum(np.minimum.accumulate(sums, axis=0), 0.0)
