"""How often 95 % intervals of a binary classifier's metrics hold the truth: `python -m tests.honesty.binary`.

Each run has a world of its own, with 10 to 50 % positives, so that no metric is measured at a single point of its
discreteness. These figures are promised; those at one prevalence are told.
"""

import sys

import numpy as np

from detectors.performance.classes.binary import Binary
from detectors.performance.classes.binary_metrics import METRICS
from tests.honesty.binary_worlds import FINE, World, drawn, outcomes, sample

RUNS, SIZES = 2_000, (100, 1_000, 10_000)
PROMISED, TOLD = (0.1, 0.5), ((0.1, 0.1), (0.3, 0.3), (0.5, 0.5))  # least and greatest prevalence
LEAST, GREATEST = 0.93, 0.97
RANKED = ("roc_auc", "average_precision", "lift")  # their truth is that of scores, not of bins
LARGE = 1e12  # pairs of a sample without chance


def coverage(rng: np.random.Generator, world: World, n: int) -> dict[str, float]:
    """The share of runs, of those where the metric is defined, whose interval holds the truth."""
    sure = world.chances * LARGE
    coarse, fine = outcomes(sure, world.yes), outcomes(sure, world.yes, Binary(bins=FINE))
    seen = outcomes(sample(rng, world, n), world.yes)
    held = {}
    for name, metric in METRICS.items():
        truth = metric.measure(fine if name in RANKED else coarse, 0.95).value
        found = metric.measure(seen, 0.95)
        defined = ~np.isnan(found.value)
        held[name] = float(((found.low <= truth) & (truth <= found.high))[defined].mean())
    return held


def marked(figure: float) -> str:
    """A figure, with a star where it is outside."""
    return f"{figure:.3f}{' ' if LEAST <= figure <= GREATEST else '*'}"


def main() -> int:
    """Print the tables; 1 if a promised figure is outside."""
    outside = []
    for prevalence in (PROMISED, *TOLD):
        rng = np.random.default_rng(2026)
        world = drawn(rng, RUNS, prevalence)
        table = [coverage(rng, world, n) for n in SIZES]
        print(f"prevalence {prevalence}, {RUNS} runs, n = {SIZES}")
        for name in METRICS:
            figures = [marked(one[name]) for one in table]
            print(f"{name:20s}", *figures)
            outside += [name for figure in figures if "*" in figure and prevalence == PROMISED]
    print(f"promised figures outside {LEAST} to {GREATEST}: {outside or 'none'}")
    return int(bool(outside))


if __name__ == "__main__":
    sys.exit(main())
