"""How often two versions that do not differ are told apart, looked at after every batch, and how soon others are."""

import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.comparison import Means, compare

ALPHA = 0.05
Sums = tuple[NDArray[np.float64], NDArray[np.float64]]
Draw = Callable[[np.random.Generator, int, int], Sums]  # sums and sums of squares of n losses, (runs,)


def rare(rate: float, rng: np.random.Generator, runs: int, n: int) -> Sums:
    """Outcomes 0 and 1."""
    hits = rng.binomial(n, rate, runs).astype(np.float64)
    return hits, hits


def exponential(scale: float, rng: np.random.Generator, runs: int, n: int) -> Sums:
    """Losses of skewness 2."""
    losses = scale * rng.standard_exponential((runs, n), np.float32)
    return losses.sum(axis=1, dtype=np.float64), np.einsum("ij,ij->i", losses, losses).astype(np.float64)


def lognormal(scale: float, rng: np.random.Generator, runs: int, n: int) -> Sums:
    """Losses of skewness 6 and an excess of 111."""
    losses = scale * np.exp(rng.standard_normal((runs, n), np.float32))
    return losses.sum(axis=1, dtype=np.float64), np.einsum("ij,ij->i", losses, losses).astype(np.float64)


class Rollout(NamedTuple):
    """How many pairs each look adds, of candidate and incumbent, and what the incumbent has before."""

    candidate: int
    incumbent: int
    before: int
    looks: int


ROLLOUTS = {
    "halves, by 100": Rollout(100, 100, 0, 1_000),
    "halves, by 10": Rollout(10, 10, 0, 1_000),
    "a tenth, by 10": Rollout(10, 90, 0, 1_000),
    "a hundredth, by 10": Rollout(10, 990, 0, 1_000),
    "after a million": Rollout(10, 0, 1_000_000, 1_000),
}


class Story(NamedTuple):
    """Per run: whether the interval ever missed the truth, and after which look a verdict first came (-1: never)."""

    missed: NDArray[np.bool_]
    decided: NDArray[np.int64]


def story(  # noqa: PLR0917
    candidate: Draw, incumbent: Draw, rollout: Rollout, truth: float, runs: int, horizon: float = 10_000
) -> Story:
    """Two versions that differ by `truth` in the mean, looked at after every batch; seed 14."""
    rng = np.random.default_rng(14)
    sums = np.zeros((2, 3, runs))
    if rollout.before:
        sums[1] = np.stack((np.full(runs, rollout.before), *incumbent(rng, runs, rollout.before)))
    missed, decided = np.zeros(runs, np.bool_), np.full(runs, -1)
    for look in range(rollout.looks):
        for i, draw, n in ((0, candidate, rollout.candidate), (1, incumbent, rollout.incumbent)):
            if n:
                sums[i] += np.stack((np.full(runs, n), *draw(rng, runs, n)))
        n, means = sums[:, 0], sums[:, 1] / sums[:, 0]
        variances = np.maximum(sums[:, 2] / n - means**2, 0.0)
        found = compare(*(Means(*one) for one in zip(n, means, variances, strict=True)), horizon, ALPHA)
        missed |= (found.low > truth) | (found.high < truth)
        decided[(found.verdict != 0) & (decided < 0)] = look + 1
    return Story(missed, decided)


EQUAL: dict[str, Draw] = {f"0 or 1 at {rate}": partial(rare, rate) for rate in (0.5, 0.1, 0.02, 0.005)}
SKEWED: dict[str, Draw] = {"exponential": partial(exponential, 1.0), "lognormal": partial(lognormal, 1.0)}
DIFFERENT = ((0.5, 0.45), (0.1, 0.12), (0.02, 0.04), (0.02, 0.005))


def main() -> int:
    """Print the tables; 1 where a figure is outside."""
    missed = []
    print(f"{'equal versions':18}{'rollout':22}{'told apart':>12}")
    for name, draw in (EQUAL | SKEWED).items():
        for rollout, sizes in ROLLOUTS.items():
            skewed = name in SKEWED
            if skewed and sizes.before + sizes.incumbent > 100:
                continue  # a draw for each pair: too long
            found = story(draw, draw, sizes, 0.0, 400 if skewed else 4_000)
            missed.append(found.missed.mean())
            print(f"{name:18}{rollout:22}{missed[-1]:12.2%}", flush=True)
    print(f"\n{'rates':18}{'rollout':22}{'truth missed':>12}{'decided':>10}{'median pairs of the candidate':>32}")
    for first, second in DIFFERENT:
        for rollout in ("halves, by 100", "a tenth, by 10", "after a million"):
            found = story(partial(rare, first), partial(rare, second), ROLLOUTS[rollout], first - second, 2_000)
            missed.append(found.missed.mean())
            known = found.decided > 0
            pairs = np.median(np.where(known, found.decided, np.inf)) * ROLLOUTS[rollout].candidate
            print(f"{first!s:>6} and {second!s:<7}{rollout:22}{missed[-1]:12.2%}{known.mean():10.1%}{pairs:32,.0f}")
    print(f"\nat most {max(missed):.2%} of the runs miss the truth at any look; promised {ALPHA:.0%}")
    return int(max(missed) > ALPHA)


if __name__ == "__main__":
    sys.exit(main())
