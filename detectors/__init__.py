"""The arithmetic of drift: arrays in, arrays out.

Where to look:

- What is counted: codes, grids, positions; parts, quanta, packing; service (latencies and failures).
- Whether a window changed: verdict/, rare, budgets, overlapping; coupling (pairs of features); attribution.
- How large a change is, where it came from, and since when: distances/, contributions, effects; cause; onset.
- Other tests, and other tools: two_sample/, multivariate/, sequential/, conventions/.
- How good a model is: performance/, proportions; weakest, fairness (segments and groups); selection (of labels).
- How good it probably is, before labels: estimation/, calibration; outcomes, importance (a second opinion).
- Two versions side by side: comparison, stratified, tallies, sample_ratio; afterwards (before and after a run).
"""

from detectors.distances import DISTANCES
from detectors.sequential import SEQUENTIAL

__all__ = ["DISTANCES", "SEQUENTIAL"]
