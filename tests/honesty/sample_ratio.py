"""How often shares that are kept are called a mismatch, looked at after every batch, and how soon others are."""

import sys

import numpy as np
from numpy.typing import NDArray

from detectors.sample_ratio import dispersion, sample_ratio

ALPHA = 0.05
SHARES = ([0.5, 0.5], [0.9, 0.1], [0.99, 0.01], [0.25, 0.25, 0.5])
GIVEN = ((0.6, 5), (0.55, 10), (0.52, 50), (0.51, 200), (0.505, 1_000))  # the first of two halves, events per look


def first_mismatch(meant: list[float], given: list[float], events: int, looks: int, runs: int) -> NDArray[np.float64]:
    """How many events there were at the first look that found a mismatch, inf: none did; seed 15."""
    counts = np.cumsum(np.random.default_rng(15).multinomial(events, given, (looks, runs)), axis=0)
    first, p = np.full(runs, np.inf), np.ones(runs)
    for look in range(looks):
        found = sample_ratio(counts[look], np.array(meant), p, ALPHA)
        p = found.p
        first[found.mismatch & np.isinf(first)] = (look + 1) * events
    return first


def repeated(meant: list[float], each: int, windows: int, runs: int) -> tuple[float, float]:
    """How often a mismatch is found where ids have several events, 40 ids a window; and if these counted whole."""
    rng, found = np.random.default_rng(8), []
    for _ in range(runs):
        counts = each * np.stack([rng.poisson(40 * share, windows) for share in meant], axis=1)
        looks = np.cumsum(counts, axis=0)
        shares = np.array(meant)
        judged = (sample_ratio(n, shares, 1.0, ALPHA).mismatch.any() for n in (looks / dispersion(counts), looks))
        found.append(tuple(judged))
    as_told, whole = np.mean(found, axis=0).tolist()
    return as_told, whole


def main() -> int:
    """Print both tables; 1 where a figure is outside."""
    worst = 0.0
    print(f"{'shares kept':24}{'events per look':>16}{'mismatch found':>16}")
    for shares in SHARES:
        for events in (1, 100):
            found = np.isfinite(first_mismatch(shares, shares, events, 3_000, 2_000)).mean()
            worst = max(worst, found)
            print(f"{shares!s:24}{events:16}{found:16.2%}", flush=True)
    print(f"\n{'shares kept':24}{'events of an id':>16}{'mismatch found':>16}{'if they count whole':>21}")
    for shares in SHARES:
        for each in (1, 3, 10):
            share, whole = repeated(shares, each, 300, 1_000)
            worst = max(worst, share)
            print(f"{shares!s:24}{each:16}{share:16.2%}{whole:21.2%}", flush=True)
    print(f"\n{'of a half':24}{'median events':>16}{'ninth tenth':>16}")
    for share, events in GIVEN:
        first = first_mismatch([0.5, 0.5], [share, 1 - share], events, 1_000, 500)
        print(f"{share:<24}{np.median(first):16,.0f}{np.quantile(first, 0.9):16,.0f}")
    print(f"\nat most {worst:.2%} of the tests find a mismatch that is none; promised {ALPHA:.0%}")
    return int(worst > ALPHA)


if __name__ == "__main__":
    sys.exit(main())
