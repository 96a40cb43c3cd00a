"""The verdict: one p-value for each series and window, and the contrast that explains it.

`judge` compares counts in the cells of a grid; `Spread` is how much more than independent draws a reference's own panes
vary. What is kept of the promise: docs/honesty.md, by `tests.honesty.incidents`.

- What is compared: sets, scores, contrasts, words. Which series may have changed at all: screen.
- A p-value: judge, shares, few, halves.
- How much windows vary by themselves: spread, learning, neighbours, apart, days.
"""

from detectors.verdict.judge import EVERYTHING, SMALLEST, Judged, judge
from detectors.verdict.spread import PANES_MIN, Spread

__all__ = ["EVERYTHING", "PANES_MIN", "SMALLEST", "Judged", "Spread", "judge"]
