"""Which moving references keep the verdict's promise in a world with a rhythm: `python -m tests.honesty.earlier`.

Values rise and fall by two deviations within a day, and the traffic by six tenths; nothing else changes, but in the
worlds in which each day has a level of its own. Measured over promised, at two levels; 1 is what is promised.
"""

import sys
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from detectors.verdict import judge
from stream.config.checking.earlier import Choice, among_days, choices
from stream.config.sections.references import Reference
from stream.config.settings import DAY, HOUR, MINUTE
from tests.honesty.days import Judged, beside

LEVELS = (0.01, 0.001)
PANE, PANES = 5 * MINUTE, 288  # of a day
SERIES, DAYS, EACH = 10, 40, 100  # days are simulated, EACH: events of a pane
EDGES = np.r_[-5.5, np.linspace(-3.5, 3.5, 31), 5.5]
AT_ONCE = 200  # windows that are judged together


class Row(NamedTuple):
    """Windows of a length, what they are compared with, how much days differ, deviations, and what is tolerated."""

    name: str
    length: int
    reference: Reference
    differ: float = 0.0
    tolerate: float = 0.0


ROWS = (
    Row("5 minutes, the same of 7 days", PANE, Reference(days=7)),
    Row("5 minutes, the same of 4 weeks", PANE, Reference(weeks=4)),
    Row("hour, the same of 7 days", HOUR, Reference(days=7)),
    Row("day, the last 7", DAY, Reference(previous=7)),
    Row("5 minutes, the one before", PANE, Reference(previous=1)),
    Row("5 minutes, the last 12", PANE, Reference(previous=12)),
    Row("hour, the one before", HOUR, Reference(previous=1)),
    Row("days differ by 0.1: 5 minutes of 7 days", PANE, Reference(days=7), 0.1),
    Row("days differ by 0.1: hour of 7 days", HOUR, Reference(days=7), 0.1),
    Row("days differ by 0.1: the last 7 days", DAY, Reference(previous=7), 0.1),
    Row("days differ by 0.1, 0.05 tolerated: hour of 7 days", HOUR, Reference(days=7), 0.1, 0.05),
    Row("days differ by 0.1, 0.05 tolerated: the last 7 days", DAY, Reference(previous=7), 0.1, 0.05),
)


def panes(rng: np.random.Generator, differ: float, days: int) -> np.ndarray:
    """Counts of all panes, (days * PANES, SERIES, cells)."""
    time = 2 * np.pi * np.arange(PANES) / PANES
    n = rng.poisson(EACH * (1 + 0.6 * np.sin(time + 1)), (days, PANES))
    level = 2 * np.sin(time) + differ * rng.standard_normal((days, SERIES))[..., None]
    shares = np.diff(
        norm.cdf(np.r_[-np.inf, EDGES, np.inf] - level[..., None]), axis=-1
    )  # (days, SERIES, PANES, cells)
    counts = rng.multinomial(np.broadcast_to(n[:, None], shares.shape[:3]), shares)
    return np.moveaxis(counts, 1, 2).reshape(days * PANES, SERIES, -1)


def measured(row: Row, days: int = DAYS, seed: int = 1) -> list[float]:
    """The share of windows called changed over the level, of each of LEVELS, and the share of unknown ones."""
    counts = panes(np.random.default_rng(seed), row.differ, days)
    windows = counts.reshape(-1, row.length // PANE, *counts.shape[1:]).sum(axis=1)
    (choice,) = choices(row.reference, row.length)
    found = (_moving if choice.unit == "window" else _daily)(row, choice, windows)
    alarms = [float((found.known & (found.p <= level)).mean()) / level for level in LEVELS]
    return [*alarms, float(1 - found.known.mean())]


def _daily(row: Row, choice: Choice, windows: np.ndarray) -> Judged:
    """Beside the same slot of other days (or weeks); what these teach is learned once a day."""
    slots, each = choice.period // row.length, max(DAY // row.length, 1)
    teaching = max(choice.n, min(among_days(choice), len(windows) // slots - 2))
    first, found = teaching * slots, []
    for start in range(first, len(windows), each):
        before = windows[start - first : start].reshape(teaching, slots, *windows.shape[1:])
        found.append(beside(windows[start : start + each], before, windows.shape[2], choice.n, row.tolerate))
    return Judged(*(np.concatenate(each) for each in zip(*found, strict=True)))


def _moving(row: Row, choice: Choice, windows: np.ndarray) -> Judged:
    """Beside the windows before; events are taken to be independent."""
    before = np.sum([windows[choice.n - k : len(windows) - k] for k in range(1, choice.n + 1)], axis=0)
    flat, p = (-1, windows.shape[2]), []
    for i in range(0, len(before), AT_ONCE):
        expected, observed = before[i : i + AT_ONCE], windows[choice.n + i :][: len(before[i : i + AT_ONCE])]
        line = np.ones(expected.reshape(flat).shape, np.bool_)
        p.append(judge(expected.reshape(flat), observed.reshape(flat), line, row.tolerate).p)
    found = np.concatenate(p).reshape(before.shape[:2])
    return Judged(found, np.ones(found.shape, np.bool_), np.ones(found.shape, np.int64))


def main() -> int:
    """Print the table."""
    print(f"measured over promised at {LEVELS}, and unknown; {DAYS} days of {SERIES} numbers, {EACH} events a pane")
    for row in ROWS:
        print(f"{row.name:55s}", *(f"{each:7.2f}" for each in measured(row)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
