"""How often two versions that do not differ are told apart window by window, looked at as their labels come.

`python -m tests.honesty.versions`. The hours differ, the candidate's share of the traffic rises while they do, labels
are late, and a window is told again only when a quarter more have come, as `stream.monitor.performance.closing` does.
"""

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.performance.versions.comparable import METRICS
from detectors.stratified import Windows, side_by_side
from stream.monitor.performance.closing import LEAST, MORE

ALPHA = 0.05
Floats = NDArray[np.float64]
RISING = (0.01, 0.5)  # the candidate's share of the traffic, from the first window to the last


class World(NamedTuple):
    """What a metric is drawn from; `gap` is what the candidate's chance of an error has more, at any hour."""

    metric: str
    per_window: int  # predictions of both versions
    share: tuple[float, float] = (0.5, 0.5)
    gap: float = 0.0
    together: int = 1  # so many labels are always the same
    delay: float = 0.0  # of labels, in windows; windows are final where there is none


class Story(NamedTuple):
    """Per run: whether any look missed the truth, the look of the first verdict (-1: none), the candidate's labels."""

    missed: NDArray[np.bool_]
    decided: NDArray[np.int64]
    labels: NDArray[np.int64]  # (looks, runs)


def story(world: World, windows: int, runs: int, seed: int = 16) -> Story:
    """Look after every window."""
    rng = np.random.default_rng(seed)
    share = np.linspace(*world.share, windows)[:, None]
    total = rng.poisson(world.per_window / world.together, (windows, runs)) * world.together
    first = rng.binomial(total // world.together, share) * world.together
    hours = 0.15 * (1 + np.sin(np.arange(windows) / 10))[:, None] + 0.02  # the share of errors, 2 to 32 %
    sides = [
        _Version(rng, world, size, np.clip(hours + more, 0, 1))
        for size, more in ((first, world.gap), (total - first, 0.0))
    ]
    looks = [windows] if not world.delay else range(1, windows + 1)
    missed, decided = np.zeros(runs, np.bool_), np.full(runs, -1)
    for look in looks:
        candidate, incumbent = (side.told(look) for side in sides)
        found = side_by_side(candidate, incumbent, METRICS[world.metric], alpha=ALPHA).compared
        rows = slice(None) if not world.delay else slice(-1, None)  # final windows: all looks at once
        truth = -world.gap if world.metric == "accuracy" else 0.0
        missed |= ((found.low[rows] > truth) | (found.high[rows] < truth)).any(axis=0)
        known = found.verdict[rows] != 0
        at = known.argmax(axis=0) + (look if world.delay else 1)
        decided = np.where((decided < 0) & known.any(axis=0), at, decided)
    return Story(missed, decided, np.cumsum(first, axis=0))


class _Version:
    """One version's labels: of each window as many as are told by a look."""

    def __init__(self, rng: np.random.Generator, world: World, size: NDArray[np.int64], wrong: Floats) -> None:
        self._rng, self._world, self._size, self._wrong = rng, world, size, wrong
        self._known = np.zeros_like(size)  # labels that have come
        self._seen = self._told = np.zeros((*size.shape, len(METRICS[world.metric].parts)))
        self._squares = self._told_squares = np.zeros_like(self._seen)
        self._n = np.zeros_like(size)  # labels that were told

    def told(self, look: int) -> Windows:
        """The windows before a look, as they were told last."""
        age = look - np.arange(len(self._size))[:, None]
        delay = self._world.delay
        come = self._size * (1 - np.exp(-np.maximum(age - 1, 0) / delay)) if delay else self._size
        more = np.maximum(np.where(age > 0, come, 0).astype(np.int64) - self._known, 0)
        more -= more % self._world.together
        sums, squares = self._drawn(more)
        self._known, self._seen, self._squares = self._known + more, self._seen + sums, self._squares + squares
        news = (self._known >= np.maximum(LEAST, MORE * self._n)) | (self._known >= 0.98 * self._size)
        self._n = np.where(news, self._known, self._n)
        self._told = np.where(news[..., None], self._seen, self._told)
        self._told_squares = np.where(news[..., None], self._squares, self._told_squares)
        n = self._n[:look, :, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self._told[:look] / n
            errors = np.sqrt(np.maximum(self._told_squares[:look] / n - means**2, 0) / n)
        return Windows(self._n[:look], means, errors)

    def _drawn(self, n: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Sums of n labels, and of their squares."""
        rng, together = self._rng, self._world.together
        wrong = rng.binomial(n // together, self._wrong) * float(together)
        match self._world.metric:
            case "accuracy":
                right = (n - wrong)[..., None]
                return right, right
            case "f1" | "recall":  # two in ten are positive; both kinds of errors are as likely
                positive = rng.binomial(n, 0.2)
                false_no, false_yes = rng.binomial(positive, self._wrong), rng.binomial(n - positive, self._wrong)
                cells = (n - positive - false_yes, false_yes, false_no, positive - false_no)
                made = np.stack(cells, axis=-1).astype(np.float64)
                return made, made
        errors = rng.gamma(np.maximum(n, 1e-9) / 2, 2 * (1 + self._wrong) ** 2)  # sums of squares of normal ones
        errors = np.where(n > 0, errors, 0.0)
        return errors[..., None], (errors**2 / np.maximum(n, 1) * 3)[..., None]


EQUAL = (
    World("accuracy", 1_000),
    World("accuracy", 1_000, RISING),
    World("accuracy", 20, RISING),
    World("accuracy", 3),
    World("accuracy", 400, RISING, delay=6.0),
    World("f1", 400, RISING),
    World("f1", 40, (0.1, 0.1)),
    World("recall", 40, (0.1, 0.1), delay=6.0),
    World("rmse", 40, (0.1, 0.1)),
)
TOGETHER = tuple(World("accuracy", 400, share, together=5) for share in ((0.5, 0.5), (0.1, 0.1), RISING))
DIFFERENT = (
    World("accuracy", 200, gap=0.02),
    World("accuracy", 200, (0.1, 0.1), 0.02),
    World("accuracy", 200, gap=0.05),
    World("accuracy", 200, (0.1, 0.1), 0.05),
)


def main() -> int:
    """Print both tables; 1 where a figure is outside."""
    worst = 0.0
    print(f"{'equal':10}{'per window':>12}{'share':>14}{'together':>10}{'delay':>8}{'told apart':>12}")
    for world in (*EQUAL, *TOGETHER):
        missed = story(world, 200 if world.delay else 1_000, 400).missed.mean()
        worst = max(worst, missed) if world in EQUAL else worst  # labels that are not independent: told, not promised
        name, size, share, _, together, delay = world
        print(f"{name:10}{size:12}{share!s:>14}{together:10}{delay:8.0f}{missed:12.2%}", flush=True)
    print(f"\n{'accuracy less':14}{'share':>14}{'missed':>10}{'decided':>10}{'median labels':>15}{'nine tenths':>13}")
    for world in DIFFERENT:
        found = story(world, 1_000, 400)
        worst = max(worst, found.missed.mean())
        known = found.decided > 0
        labels = np.where(known, np.take_along_axis(found.labels, found.decided[None] - 1, axis=0)[0], np.inf)
        half, most = np.quantile(labels, (0.5, 0.9))
        told = f"{found.missed.mean():10.2%}{known.mean():10.1%}{half:15,.0f}{most:13,.0f}"
        print(f"{world.gap:<14}{world.share!s:>14}{told}", flush=True)
    print(f"\nat most {worst:.2%} of the runs miss the truth at any look; promised {ALPHA:.0%}")
    return int(worst > ALPHA)


if __name__ == "__main__":
    sys.exit(main())
