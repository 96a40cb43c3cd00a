"""How often a canary that is no other than its incumbent is told apart, by the metrics of windows as they are measured.

`python -m tests.honesty.canary`. A tenth of the traffic in windows with few labels: what is on average too great or too
small in a small window would be told as a difference. That is why some metrics cannot be compared.
"""

import sys

import numpy as np

from detectors.comparison import Comparison
from detectors.performance.classes.binary_metrics import METRICS as OF_TWO
from detectors.performance.versions.comparable import METRICS, Comparable
from detectors.stratified import Windows, side_by_side
from tests.honesty.binary_worlds import drawn, outcomes, sample

ALPHA = 0.05
SIZES = ((10, 90), (4, 36))  # labels of a window, of candidate and incumbent
COMPARED = ("accuracy", "roc_auc", "log_loss", "brier", "recall", "precision", "f1", "matthews", "kappa")
REFUSED = ("average_precision", "calibration_error", "lift")


def told_apart(sizes: tuple[int, int], windows: int, runs: int, names: tuple[str, ...]) -> dict[str, float]:
    """The share of runs in which any look claims a difference; each run has a world of its own, seed 9."""
    rng = np.random.default_rng(9)
    world = drawn(rng, runs, (0.1, 0.5))
    known = {name: METRICS.get(name, METRICS["accuracy"]._replace(parts=(name,))) for name in names}
    parts = sorted({part for metric in known.values() for part in metric.parts})
    sides = []
    for n in sizes:
        seen: dict[str, list[np.ndarray]] = {part: [] for part in parts}
        for _ in range(windows):
            made = outcomes(sample(rng, world, n), world.yes)
            with np.errstate(all="ignore"):
                for part in parts:
                    found = OF_TWO[part].measure(made, 0.95)
                    seen[part].append(np.stack((found.value, found.error), axis=-1))
        sides.append({part: np.stack(each) for part, each in seen.items()})
    return {
        name: float((_side(sides, sizes, metric).verdict != 0).any(axis=0).mean()) for name, metric in known.items()
    }


def main() -> int:
    """Print the tables; 1 where a figure is outside."""
    worst = 0.0
    print(f"{'labels of a window':20}{'metric':20}{'told apart':>12}")
    for sizes in SIZES:
        for name, share in told_apart(sizes, 300, 200, COMPARED + REFUSED).items():
            worst = max(worst, share) if name in COMPARED else worst
            print(f"{sizes!s:20}{name:20}{share:12.1%}{'' if name in COMPARED else '  refused'}")
    print(f"\nat most {worst:.1%} of the runs tell a canary apart that is no other; promised {ALPHA:.0%}")
    return int(worst > ALPHA)


def _side(sides: list[dict[str, np.ndarray]], sizes: tuple[int, int], metric: Comparable) -> Comparison:
    two = []
    for side, n in zip(sides, sizes, strict=True):
        value, error = (np.stack([side[part][..., i] for part in metric.parts], axis=-1) for i in (0, 1))
        two.append(Windows(np.where(np.isfinite(value).all(axis=-1), n, 0), value, error))
    return side_by_side(two[0], two[1], metric).compared


if __name__ == "__main__":
    sys.exit(main())
