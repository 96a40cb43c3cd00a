"""What the budget of false triggers is worth where windows slide: `python -m tests.honesty.sliding`.

Each series has a reference of its own, panes are independent draws of the same shares, the verdict is asked at every
step, and the policy opens incidents. Measured over promised, where 60 to 120 incidents are promised; 1 is exact.
Quarter of an hour.
"""

import sys
from typing import NamedTuple

import numpy as np

from detectors.budgets import alpha_for, ways
from detectors.verdict import judge
from stream.config.settings import Trigger
from stream.monitor.verdicts.levels import FEW_SHARED
from stream.policy import Policy
from tests.honesty.drift_worlds import INTEGERS, LINE, QUANTILES, categories
from tests.policies import drifting, rules, step

LEAST, GREATEST = 0.5, 1.5
SERIES, AT_ONCE = 20, 2_000


class Row(NamedTuple):
    """A world: shares of the cells, how many lie on a line, events of a window, its pieces, k of n, one false in."""

    name: str
    shares: np.ndarray
    on_line: int
    n: int
    overlap: int
    k: int
    n_of: int
    windows: int  # without overlap, in which one incident is promised
    reference: int = 100_000
    incidents: int = 120  # promised, all series together


ROWS = (
    Row("12 pieces, 1 of 1", QUANTILES, LINE, 1_200, 12, 1, 1, 100),
    Row("12 pieces, 2 of 3", QUANTILES, LINE, 1_200, 12, 2, 3, 100),
    Row("12 pieces, 1 of 1, one in 1,000", QUANTILES, LINE, 1_200, 12, 1, 1, 1_000, incidents=60),
    Row("12 pieces, 2 of 3, one in 1,000", QUANTILES, LINE, 1_200, 12, 2, 3, 1_000, incidents=100),
    Row("the same against a small reference", QUANTILES, LINE, 1_200, 12, 2, 3, 1_000, 10_800, 60),
    Row("3 pieces, 1 of 1", QUANTILES, LINE, 1_200, 3, 1, 1, 100),
    Row("48 pieces, 1 of 1", QUANTILES, LINE, 2_400, 48, 1, 1, 100),
    Row("48 pieces, 2 of 3", QUANTILES, LINE, 2_400, 48, 2, 3, 100),
    Row("12 pieces, 3 categories, 1 of 1", categories(3), 0, 1_200, 12, 1, 1, 100),
    Row("12 pieces, 50 categories, 1 of 1", categories(50), 0, 1_200, 12, 1, 1, 100),
    Row("12 pieces, integers, 2 of 3", INTEGERS, 10, 1_200, 12, 2, 3, 100),
)


def measured(row: Row, seed: int = 1) -> tuple[int, float]:
    """How many incidents there were, and how many were promised."""
    rng = np.random.default_rng(seed)
    rho = row.n / (row.n + row.reference)
    contrasts = int(ways(np.count_nonzero(row.shares))) if rho > FEW_SHARED else 1
    level = alpha_for(1.0, row.windows, 1, row.k, row.n_of, rho, row.overlap, contrasts)
    months = row.incidents // SERIES
    found = sum(_incidents(row, _alarms(row, rng, level)) for _ in range(months))
    return found, float(months * SERIES)


def _alarms(row: Row, rng: np.random.Generator, level: float) -> np.ndarray:
    """Whether each series drifts at each step of a month, (steps, SERIES)."""
    shares = row.shares / row.shares.sum()
    reference = rng.multinomial(row.reference, shares, SERIES)
    panes = rng.multinomial(row.n // row.overlap, shares, ((row.windows + 1) * row.overlap, SERIES))
    sums = np.concatenate((np.zeros((1, SERIES, len(shares)), np.int64), panes.cumsum(axis=0)))
    windows = (sums[row.overlap + 1 :] - sums[1 : -row.overlap]).reshape(-1, len(shares))
    line = np.broadcast_to(np.arange(len(shares)) < row.on_line, windows.shape)
    before = np.broadcast_to(reference, (row.windows * row.overlap, *reference.shape)).reshape(windows.shape)
    cuts = [slice(i, i + AT_ONCE) for i in range(0, len(windows), AT_ONCE)]
    p = np.concatenate([judge(before[cut], windows[cut], line[cut], 0.0).p for cut in cuts])
    return np.asarray((p <= level).reshape(-1, SERIES))


def _incidents(row: Row, alarms: np.ndarray) -> int:
    """How many incidents the policy opens, all series apart."""
    ruling, opened = rules(Trigger(windows=row.k, of=row.n_of)), 0
    for series in alarms.T:
        policy = Policy()
        # Long after an alarm nothing is remembered of it: there the policy is not asked.
        lately = np.convolve(series, np.ones(row.n_of * row.overlap + 1))[: len(series)] > 0
        for at in np.flatnonzero(lately).tolist():
            policy, happened = step(policy, ruling, drifting(row.overlap, at, [series[at]]))
            opened += sum(event.state == "opened" for event in happened)
    return opened


def main() -> int:
    """Prints a line per row; 1 where one is outside."""
    outside = 0
    for row in ROWS:
        found, promised = measured(row)
        ratio = found / promised
        wrong = not LEAST <= ratio <= GREATEST
        outside += wrong
        line = f"{row.name:<45}{found:>6} incidents, promised {promised:>6.0f}: {ratio:5.2f}"
        print(line + " outside" * wrong, flush=True)
    return int(outside > 0)


if __name__ == "__main__":
    sys.exit(main())
