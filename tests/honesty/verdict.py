"""How often the verdict calls windows changed that are not: `python -m tests.honesty.verdict`.

Measured over promised, at two levels, in the mean over references: each series of a round has a reference of its own,
made of panes that teach how much windows vary, and windows as long as its panes. 1 is what is promised; a row is
outside below LEAST or above GREATEST, where 100 false alarms or more are expected.
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm, poisson

from detectors.verdict import Spread, judge

LEVELS, LEAST, GREATEST = (0.01, 0.001), 0.5, 1.5
VERDICTS = 100_000  # of a row
SERIES, WINDOWS = 10, 50  # of a round
LINE = 34  # cells of a number: its quantiles, and two open ends
Draw = Callable[[np.random.Generator, int, int], np.ndarray]  # (rng, windows, n) -> counts (windows, SERIES, cells)


class Row(NamedTuple):
    """A world: what is drawn, how many of its cells lie on a line, values of a window, panes of the reference."""

    name: str
    draw: Draw
    on_line: int
    n: int
    panes: int
    tolerate: float = 0.0
    changed: Draw | None = None  # what windows are drawn from; None: what the reference is


def independent(shares: np.ndarray) -> Draw:
    """Draws that know nothing of each other."""
    shares = shares / shares.sum()
    return lambda rng, windows, n: rng.multinomial(n, shares, (windows, SERIES))


def _cells(values: np.ndarray) -> np.ndarray:
    """Counts of normal values, (SERIES, windows, n), in quantile cells."""
    inner = norm.ppf(np.arange(1, LINE - 2) / (LINE - 2))
    place = np.searchsorted(np.r_[-3.5, inner, 3.5], values)
    counts = np.stack([(place == i).sum(axis=2) for i in range(LINE)], axis=2)
    return np.asarray(np.moveaxis(counts, 0, 1))


def autoregressive(coefficient: float) -> Draw:
    """Each value is a part of the one before, and noise."""

    def draw(rng: np.random.Generator, windows: int, n: int) -> np.ndarray:
        noise = rng.standard_normal((SERIES, windows * n)) * np.sqrt(1 - coefficient**2)
        return _cells(lfilter([1.0], [1.0, -coefficient], noise, axis=1).reshape(SERIES, windows, n))

    return draw


def sessions(rng: np.random.Generator, windows: int, n: int) -> np.ndarray:
    """Five events of each user, whose values are nearly alike."""
    users = np.repeat(rng.standard_normal((SERIES, windows, n // 5)), 5, axis=2)
    return _cells(0.9 * users + np.sqrt(1 - 0.81) * rng.standard_normal(users.shape))


QUANTILES = np.r_[0.0005, np.full(32, 1 / 32), 0.0005, 0.002]
INTEGERS = np.r_[poisson.pmf(np.arange(9), 3), poisson.sf(8, 3), 0.001]
ZEROS = np.r_[0.9, np.full(24, 0.1 / 24), 0.001]
FEW, MANY, VERY_MANY = (np.r_[1 / np.arange(1.0, k + 1), 0.001] for k in (3, 50, 500))
MOVED = MANY / MANY.sum() + 0.05 * (np.arange(51) == 3) - 0.05 * (np.arange(51) == 0)

ROWS = (
    Row("quantile cells", independent(QUANTILES), LINE, 1_000, 100),
    Row("quantile cells, windows of 50", independent(QUANTILES), LINE, 50, 200),
    Row("integers", independent(INTEGERS), 10, 500, 100),
    Row("90 % zeros", independent(ZEROS), 25, 1_000, 100),
    Row("3 categories", independent(FEW), 0, 300, 100),
    Row("50 categories", independent(MANY), 0, 1_000, 100),
    Row("500 categories", independent(VERY_MANY), 0, 1_000, 100),
    Row("autoregressive 0.5, 60 panes", autoregressive(0.5), LINE, 300, 60),
    Row("autoregressive 0.5, 300 panes", autoregressive(0.5), LINE, 300, 300),
    Row("autoregressive 0.2, 60 panes", autoregressive(0.2), LINE, 300, 60),
    Row("sessions, 60 panes", sessions, LINE, 300, 60),
    Row("5 points more of one category, 5 tolerated", independent(MANY), 0, 1_000, 100, 0.05, independent(MOVED)),
)


def measured(row: Row, verdicts: int = VERDICTS, seed: int = 1) -> list[float]:
    """The share of windows called changed over the level, of each of LEVELS."""
    rng, alarms, told = np.random.default_rng(seed), np.zeros(len(LEVELS)), 0
    while told < verdicts:
        panes = row.draw(rng, row.panes, row.n)
        on_line = np.broadcast_to(np.arange(panes.shape[2]) < row.on_line, panes.shape[1:])
        spread, reference = Spread.learn(panes, on_line), panes.sum(axis=0)
        for window in (row.changed or row.draw)(rng, WINDOWS, row.n):
            p = judge(reference, window, on_line, row.tolerate, spread).p
            alarms += [(p <= level).sum() for level in LEVELS]
            told += len(p)
    return [float(each) for each in alarms / told / LEVELS]


def main() -> int:
    """Print the table; 1 if a row is outside."""
    outside = []
    print(f"measured over promised at {LEVELS}, {VERDICTS:,} verdicts each")
    for row in ROWS:
        found = measured(row)
        bad = max(found) > GREATEST or (row.tolerate == 0 and min(found) < LEAST)
        outside += [row.name] * bad
        print(f"{row.name:45s}", *(f"{each:6.2f}" for each in found), "*" * bad, flush=True)
    print(f"outside {LEAST} to {GREATEST}: {outside or 'none'}")
    return int(bool(outside))


if __name__ == "__main__":
    sys.exit(main())
