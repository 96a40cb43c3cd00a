"""How often 95 % intervals of expressions hold the truth: `python -m tests.honesty.expressions`.

Each run has a world of its own, with 10 to 50 % positives, as those of `tests.honesty.binary`; with 3 to 10 % is told.
"""

import sys

import numpy as np

from detectors.performance.expressed import DECIDED, of_decisions
from detectors.performance.expression import parsed
from detectors.performance.versions.comparable import CELLS
from tests.honesty.binary import GREATEST, LEAST, PROMISED, RUNS, SIZES, marked
from tests.honesty.binary_worlds import drawn, outcomes

LARGE = 1e12  # pairs of a sample without chance
TOLD = (0.03, 0.1)
TEXTS = {
    "cost": "5 * false_negatives + false_positives",
    "worth": "5 * true_positives - 8 * false_negatives - false_positives",
    "alerts": "true_positives + false_positives",
    "precision": "precision",
    "f3": "10 * true_positives / (10 * true_positives + 9 * false_negatives + false_positives)",
    "mix": "0.7 * recall + 0.3 * precision",
    "lift": "precision / (true_positives + false_negatives)",
    "bias": "selection_rate / (true_positives + false_negatives)",
    "odds": "log(true_positives * true_negatives / (false_positives * false_negatives))",
    "geometric": "sqrt(recall * specificity)",
    "worse": "min(recall, precision)",
    "relative": "(5 * false_negatives + false_positives) / (5 * (true_positives + false_negatives))",
}
CORNERED = {"worse"}  # told: where two are about equal the lesser is less than either, and has no slope
EXPRESSIONS = {name: parsed(text, {*CELLS, *DECIDED}) for name, text in TEXTS.items()}


def truths(rng: np.random.Generator, runs: int, prevalence: tuple[float, float] = PROMISED) -> np.ndarray:
    """The true shares of the confusion matrix of each run, (runs, 4)."""
    world = drawn(rng, runs, prevalence)
    confusion = outcomes(world.chances * LARGE, world.yes).confusion
    return np.asarray(confusion / confusion.sum(axis=1, keepdims=True))


def coverage(rng: np.random.Generator, shares: np.ndarray, n: int) -> dict[str, float]:
    """The share of runs, of those where the expression is defined, whose interval holds the truth."""
    seen, held = rng.multinomial(n, shares).astype(np.float64), {}
    for name, each in EXPRESSIONS.items():
        truth, found = of_decisions(each, shares * LARGE).value, of_decisions(each, seen)
        defined = ~np.isnan(found.value)
        held[name] = float(((found.low <= truth) & (truth <= found.high))[defined].mean())
    return held


def main() -> int:
    """Print the tables; 1 if a promised figure is outside."""
    outside = []
    for prevalence in (PROMISED, TOLD):
        rng = np.random.default_rng(2026)
        shares = truths(rng, RUNS, prevalence)
        table = [coverage(rng, shares, n) for n in SIZES]
        print(f"prevalence {prevalence}, {RUNS} runs, n = {SIZES}")
        for name in EXPRESSIONS:
            figures = [marked(one[name]) for one in table]
            print(f"{name:20s}", *figures)
            outside += [name for figure in figures if "*" in figure and prevalence == PROMISED and name not in CORNERED]
    print(f"promised figures outside {LEAST} to {GREATEST}: {outside or 'none'}")
    return int(bool(outside))


if __name__ == "__main__":
    sys.exit(main())
