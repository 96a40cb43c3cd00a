"""How often labels that come by chance are called selected, over shares of labels and sizes; and how often others."""

import sys

import numpy as np
from numpy.typing import NDArray

from detectors.selection import Selection, selection

ALPHA = 0.05
CELLS = 20
ORDERED = np.array([[True] * CELLS, [False] * CELLS])
CASES = [(n, share) for n in (300, 3_000, 30_000) for share in (0.02, 0.1, 0.5, 0.9)]


def window(rng: np.random.Generator, n: int, share: float, lift: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labelled and unlabelled counts of scores and of a segment field, (2, cells) each.

    The upper half of the scores, and every other segment value, has `lift` times the chance of a label.
    """
    chances = np.stack((np.full(CELLS, 1 / CELLS), np.arange(CELLS, 0, -1) ** 2 / (np.arange(CELLS + 1) ** 2).sum()))
    everyone = np.stack([rng.multinomial(n, one) for one in chances])
    favoured = np.stack((np.arange(CELLS) >= CELLS // 2, np.arange(CELLS) % 2 == 0))
    labelled = rng.binomial(everyone, np.minimum(share * np.where(favoured, lift, 1.0), 1.0))
    return labelled, everyone - labelled


def found(n: int, share: float, lift: float, runs: int) -> list[Selection]:
    """What each run says; seed 16."""
    rng = np.random.default_rng(16)
    return [selection(*window(rng, n, share, lift), ORDERED, ALPHA) for _ in range(runs)]


def main() -> int:
    """Print the table; 1 where a figure is outside."""
    worst = 0.0
    print(f"{'predictions':>12}{'labelled':>10}{'by chance':>12}{'favoured 1.5 times':>20}")
    for n, share in CASES:
        alike, lifted = (np.mean([one.differ.any() for one in found(n, share, lift, 2_000)]) for lift in (1.0, 1.5))
        worst = max(worst, alike)
        print(f"{n:12,}{share:10.0%}{alike:12.2%}{lifted:20.1%}", flush=True)
    print(f"\nat most {worst:.2%} of the windows are called selected; promised {ALPHA:.0%}")
    return int(worst > ALPHA)


if __name__ == "__main__":
    sys.exit(main())
