"""How often groups that are treated alike cry wolf, and from which size on a gap of 0.95 to 0.70 is found and named."""

import sys

import numpy as np
from numpy.typing import NDArray

from detectors.fairness import fairness

ALPHA = 0.05
SIZES = {
    "20 beside 10,000": [20, 10_000],
    "two of 20": [20, 20],
    "two of 1,000": [1_000, 1_000],
    "5, 50, 500, 5,000": [5, 50, 500, 5_000],
    "ten of 20 beside two of 10,000": [20] * 10 + [10_000] * 2,
    "five of 1,000": [1_000] * 5,
}
# Share of positives, true and false positive rate.
MODELS = [(0.5, 0.8, 0.2), (0.05, 0.9, 0.01), (0.3, 0.6, 0.002), (0.9, 0.95, 0.5)]


def confusion(rng: np.random.Generator, sizes: list[int], model: tuple[float, float, float]) -> NDArray[np.int64]:
    """Counts [tp, fp, fn, tn] of groups that are treated alike, (groups, 4)."""
    positive, tpr, fpr = model
    shares = [positive * tpr, (1 - positive) * fpr, positive * (1 - tpr), (1 - positive) * (1 - fpr)]
    return np.array([rng.multinomial(n, shares) for n in sizes])


def selected(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same without labels, [selected, not selected], (groups, 2)."""
    return np.stack((counts[:, :2].sum(axis=1), counts[:, 2:].sum(axis=1)), axis=1)


def found(counts: NDArray[np.int64]) -> bool:
    """Whether any measure finds a gap."""
    return any(gap.verdict == "found" for gap in fairness(counts, ALPHA).gaps.values())


def wolves(sizes: list[int], model: tuple[float, float, float], runs: int) -> tuple[float, float]:
    """The share of runs in which any measure finds a gap, with labels and without."""
    rng = np.random.default_rng(11)
    drawn = [confusion(rng, sizes, model) for _ in range(runs)]
    return float(np.mean([found(one) for one in drawn])), float(np.mean([found(selected(one)) for one in drawn]))


def power(n: int, runs: int) -> tuple[float, float]:
    """The share of runs in which groups of n, selected at 0.95 and 0.70, are found and named, of two and of five."""
    rng = np.random.default_rng(12)
    shares = []
    for groups in (2, 5):
        rates = np.array([0.95] * (groups - 1) + [0.70])
        hits = rng.binomial(n, rates, (runs, groups))
        gaps = [fairness(np.stack((one, n - one), axis=1), ALPHA).gaps["demographic_parity_difference"] for one in hits]
        shares.append(float(np.mean([gap.verdict == "found" and gap.lower == groups - 1 for gap in gaps])))
    return shares[0], shares[1]


def main() -> int:
    """Print both tables; 1 where a figure is outside."""
    worst = 0.0
    print(f"{'groups treated alike':32}{'positives, tpr, fpr':22}{'all measures':>14}{'selection':>12}")
    for name, sizes in SIZES.items():
        for model in MODELS:
            shares = wolves(sizes, model, 2_000)
            worst = max(worst, *shares)
            print(f"{name:32}{model!s:22}{shares[0]:14.2%}{shares[1]:12.2%}")
    print(f"\n{'selected at 0.95 and 0.70: n each':36}{'of two':>10}{'of five':>10}")
    for n in (30, 50, 70, 100, 150, 200):
        two, five = power(n, 1_000)
        print(f"{n:<36}{two:10.0%}{five:10.0%}")
    print(f"\nat most {worst:.2%} cry wolf; promised {ALPHA:.0%}")
    return int(worst > ALPHA)


if __name__ == "__main__":
    sys.exit(main())
