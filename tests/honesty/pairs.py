"""Pairs of features: false alarms measured over promised, and what is found: `python -m tests.honesty.pairs`.

Votes of features whose neighbours go together, in windows beside references that they share. Told is how often any pair
of a window alarms over how often that was promised, in the mean over references, at 1 in 100 and 1 in 1,000; and, of a
correlation of 0.5 that falls to 0.2, in how many windows it is found at 1 in 1,000,000.
"""

import time
from collections.abc import Callable

import numpy as np

from detectors.coupling import Spread, Together, moved
from detectors.verdict import PANES_MIN

LEVELS = (1e-2, 1e-3)
WINDOWS, REFERENCES = 500, 60
SURELY = 1e-6
Draw = Callable[[np.random.Generator, int, int, int, float], np.ndarray]


def normal(dice: np.random.Generator, windows: int, n: int, features: int, correlation: float) -> np.ndarray:
    """Neighbours go together, the others by as much as that makes them, (windows, n, features)."""
    drawn = dice.standard_normal((windows, n, features), np.float32)
    for i in range(1, features):
        drawn[..., i] = correlation * drawn[..., i - 1] + np.sqrt(1 - correlation**2) * drawn[..., i]
    return drawn


def apart(dice: np.random.Generator, windows: int, n: int, features: int, _: float) -> np.ndarray:
    """None goes with any other, (windows, n, features)."""
    return normal(dice, windows, n, features, 0.0)


def heavy(dice: np.random.Generator, windows: int, n: int, features: int, correlation: float) -> np.ndarray:
    """The same, some events wild in all features at once: multivariate t with 2 degrees of freedom."""
    wild = np.sqrt(2 / dice.chisquare(2, (windows, n, 1))).astype(np.float32)
    return normal(dice, windows, n, features, correlation) * wild


def zeros(dice: np.random.Generator, windows: int, n: int, features: int, correlation: float) -> np.ndarray:
    """The same, of which nine of ten are 0."""
    drawn = normal(dice, windows, n, features, correlation)
    return np.where(drawn > 1.2816, drawn, 0)


def sessions(dice: np.random.Generator, windows: int, n: int, features: int, correlation: float) -> np.ndarray:
    """Users of four events that are all alike, as one stream."""
    return normal(dice, 1, windows * n // 4, features, correlation).repeat(4, axis=1).reshape(windows, n, features)


def following(dice: np.random.Generator, windows: int, n: int, features: int, correlation: float) -> np.ndarray:
    """An autoregressive stream with coefficient 0.5 in every feature."""
    drawn = normal(dice, 1, windows * n, features, correlation)[0]
    for i in range(1, len(drawn)):
        drawn[i] = 0.5 * drawn[i - 1] + np.sqrt(0.75) * drawn[i]
    return drawn.reshape(windows, n, features)


FOLLOW = (sessions, following)  # features by themselves surely vary more than independent draws, too


def votes(values: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """+1 above a feature's cut, else -1."""
    return np.where(values > cuts, np.float32(1), np.float32(-1))


def together(said: np.ndarray) -> list[Together]:
    """What votes (windows, n, features) say of pairs, window by window."""
    return [Together(*each) for each in zip(*every(said), strict=True)]


def every(said: np.ndarray) -> Together:
    """The same of all windows, (windows, pairs) each: the slow way, which `detectors.coupling` has in sums."""
    n, mean = said.shape[1], said.mean(axis=1, dtype=np.float64)
    i, j = np.triu_indices(said.shape[2], 1)
    joint = (np.swapaxes(said, 1, 2) @ said)[:, i, j] / n
    a, b = mean[:, i], mean[:, j]
    covariance = joint - a * b
    one, other = 1 + a**2, 1 + b**2
    fourth = one * other - 2 * a**2 * other - 2 * b**2 * one + 4 * a * b * joint
    rarest = n * (1 - np.abs(a)) * (1 - np.abs(b)) / 4
    return Together(covariance, np.maximum(fourth - covariance**2, 0), covariance, rarest)


def cut(reference: np.ndarray) -> np.ndarray:
    """The median of each feature; of one that is mostly the least value, that."""
    return np.median(reference, axis=(0, 1))


def alarms(draw: Draw, n: int, m: int, features: int, *, taught: bool, seed: int) -> list[float]:
    """Measured over promised at each level."""
    dice, found = np.random.default_rng(seed), np.zeros(len(LEVELS))
    for _ in range(REFERENCES):
        reference = draw(dice, 1, m, features, 0.5)
        cuts = cut(reference)
        (before,) = together(votes(reference, cuts))
        spread = None
        if taught:
            panes = together(votes(draw(dice, PANES_MIN, n, features, 0.5), cuts))
            columns = (np.stack(each) for each in zip(*((one.covariance, one.variance) for one in panes), strict=True))
            spread = Spread.learn(*columns, np.full(PANES_MIN, n), features_vary=draw in FOLLOW)
        windows = together(votes(draw(dice, WINDOWS, n, features, 0.5), cuts))
        least = np.array([moved(before, now, m, n, 0.0, spread).min() for now in windows])
        found += [(least <= level).mean() for level in LEVELS]
    return list(found / REFERENCES / np.array(LEVELS))


ROWS: tuple[tuple[str, Draw, int, int, int, bool], ...] = (
    ("normal", normal, 100, 1_000, 2, False),
    ("normal", normal, 1_000, 10_000, 10, False),
    ("normal, taught", normal, 200, 100_000, 10, True),
    ("normal", normal, 100, 1_000, 20, False),
    ("normal, apart", apart, 100, 1_000, 20, False),
    ("normal, apart", apart, 100, 1_000, 50, False),
    ("t with 2 degrees of freedom", heavy, 1_000, 10_000, 5, False),
    ("nine of ten are 0", zeros, 1_200, 12_000, 2, False),
    ("users of four events, not taught", sessions, 200, 20_000, 3, False),
    ("users of four events, taught", sessions, 200, 20_000, 3, True),
    ("autoregressive, taught", following, 200, 10_000, 3, True),
)


def main() -> None:
    """Print the tables."""
    begun = time.process_time()
    print("| events | window | reference | features | at 1 in 100 | at 1 in 1,000 |\n|---|---|---|---|---|---|")
    for seed, (name, draw, n, m, features, taught) in enumerate(ROWS):
        told = " | ".join(f"{ratio:.2f}" for ratio in alarms(draw, n, m, features, taught=taught, seed=seed))
        print(f"| {name} | {n:,} | {m:,} | {features} | {told} |", flush=True)
    dice = np.random.default_rng(99)
    reference = normal(dice, 1, 10_000, 2, 0.5)
    (before,) = together(votes(reference, cut(reference)))
    for tolerate in (0.0, 0.05):
        for n in (100, 300, 600, 1_200, 3_000):
            windows = together(votes(normal(dice, 300, n, 2, 0.2), cut(reference)))
            share = np.mean([moved(before, now, 10_000, n, tolerate, None)[0] <= SURELY for now in windows])
            print(f"0.5 to 0.2, tolerate {tolerate:g}, windows of {n:,}: found in {share:.0%}")
    print(f"All of it took {time.process_time() - begun:.0f} s of processor time.")


if __name__ == "__main__":
    main()
