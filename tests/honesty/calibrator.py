"""How much of an interval the error of the calibrator would be, were it in it: `python -m tests.honesty.calibrator`.

Estimates of several classes stand on a calibrator and on what labels of blocks differ by from it. Whatever the former
is wrong by, the latter has seen, but for what differs within blocks between the reference and a window: that is left
out of their error. Here it is counted in: each label of a reference moves the calibrator (its influence: Huber 1981,
Robust statistics) and its block. Prints, by world and metric, the error with it over the one that is told.
"""

import sys
from collections.abc import Callable

import numpy as np

from detectors.codes import Floats
from detectors.estimation import softmax
from detectors.estimation.class_metrics import METRICS, Seen, Told, of_class
from detectors.estimation.classes import Basis, errors, expected
from detectors.performance.classes.multiclass_metrics import RECALL
from tests.honesty.classes import WORLDS, World, events

RUNS = 25
N = 10_000  # predictions of a window, so that its own chance hides little
FEW = ("five, blurred, few labels", "ten, rare, few labels", "five, far, few labels")


def slopes_of(scores: Floats, basis: Basis) -> tuple[Floats, Floats, Floats]:
    """Probabilities, logarithms, and by how much the former rise with slope and biases, (n, classes, 1 + classes)."""
    probability, logs = basis.calibrator.apply(scores), softmax.logarithms(scores)
    mean = (probability * logs).sum(axis=1, keepdims=True)
    width = probability.shape[1]
    rises = np.empty((len(scores), width, width + 1))
    rises[:, :, 0] = probability * (logs - mean)
    rises[:, :, 1:] = probability[:, :, None] * (np.eye(width) - probability[:, None, :])
    return probability, logs, rises


def share(world: World, run: int, metric: Callable[[Seen], Told]) -> float:
    """The shared error of a window with the calibrator's own, over the one that is told."""
    rng = np.random.default_rng((20_261_122, run))
    reference, names = events(world, world.reference, 0.0, rng), tuple(f"{i}" for i in range(len(world.shares)))
    basis, seen = Basis.of(names, *reference), events(world, N, world.shift, rng)
    window = basis.count(seen.scores, seen.decided, np.zeros(N, np.int64), 1)[0]
    slopes = metric(Seen(expected(basis, window)[1], np.zeros((basis.width, basis.width)))).slopes
    probability, logs, rises = slopes_of(reference.scores, basis)
    place = basis.blocks(probability, reference.decided)
    left = (reference.label[:, None] == np.arange(basis.width)) - probability
    weight = window.events / np.maximum(basis.events, 1)
    own = weight[place] * (slopes[reference.decided] * (left - basis.more[place])).sum(axis=1)
    along = np.einsum("nc,nct->nt", slopes[reference.decided], rises)
    now = slopes_of(seen.scores, basis)[2]
    moved = np.einsum("nc,nct->t", slopes[seen.decided], now) - (weight[place][:, None] * along).sum(axis=0)
    scores = np.column_stack(((left * logs).sum(axis=1), left))
    calibrator = scores @ np.linalg.solve(_bend(probability, logs), moved)
    return float(np.sqrt(np.square(own + calibrator).sum())) / errors(basis, window, slopes)[1]


def _bend(probability: Floats, logs: Floats) -> Floats:
    return softmax.moments(logs, probability)[1] + softmax.RIDGE * np.eye(probability.shape[1] + 1)


def last_recall(seen: Seen) -> Told:
    """That of the last class, which is the one that shifts most."""
    return of_class(seen, RECALL, len(seen.cells) - 2)


def main() -> int:
    """Print the table."""
    metrics = {name: METRICS[name][0] for name in ("accuracy", "weighted_f1", "kappa")} | {"recall, last": last_recall}
    for name in FEW:
        for of, metric in metrics.items():
            told = [share(WORLDS[name], run, metric) for run in range(RUNS)]
            print(f"{name:28} {of:14} {np.mean(told):.3f}, at most {np.max(told):.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
