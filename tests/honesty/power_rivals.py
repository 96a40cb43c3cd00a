"""What others use on their own, with whatever threshold: a statistic for each window, or River's detectors."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import chi2

from detectors import DISTANCES
from detectors.sequential.adwin import Adwin
from detectors.sequential.fold import fold
from detectors.sequential.page_hinkley import PageHinkley
from tests.honesty.power_worlds import CELLS, EVENTS, PANES, WIDTH, Streams

LENGTHS = 1, 12  # panes of a window: "five minutes" and "an hour"
MERGED = 4  # cells of a number that these count as one: eight between the open ends
TINY = 1e-300
AT_ONCE = 20  # references whose runs are followed together
Detector = Adwin | PageHinkley
Tells = Callable[[Sequence[Streams], float], np.ndarray]  # (streams, threshold) -> events to the first alarm, (runs,)


def ks(streams: Streams, length: int) -> np.ndarray:
    """Kolmogorov and Smirnov's gap times the root of the values, the greatest of all features, (runs, windows)."""
    windows = streams.values.reshape(len(streams.values), PANES // length, length * EVENTS, 3)
    found = []
    for i in range(2):
        known = np.sort(streams.reference[:, i])
        known = known[~np.isnan(known)]
        values = np.sort(windows[..., i], axis=2)
        n = (~np.isnan(values)).sum(axis=2, keepdims=True)
        place = np.arange(values.shape[2])
        above = (place + 1) / n - np.searchsorted(known, values, side="right") / len(known)
        below = np.searchsorted(known, values, side="left") / len(known) - place / n
        gap = np.where(place < n, np.maximum(above, below), 0.0).max(axis=2)
        found.append(gap * np.sqrt(n[..., 0]))
    observed = summed(streams.observed, length)[:, :, 2]
    found.append(DISTANCES["kolmogorov_smirnov"](streams.expected[2], observed) * np.sqrt(length * EVENTS))
    return np.max(found, axis=0)


def chi_square(streams: Streams, length: int) -> np.ndarray:
    """The smallest p-value of Pearson's test of two samples, as -ln p, (runs, windows).

    The open ends count as the outermost quantiles: one value in a cell that the reference does not know, and its
    threshold would have to be so high that it finds nothing else.
    """
    expected, observed = (_closed(_merged(counts)) for counts in (streams.expected, summed(streams.observed, length)))
    freedom = np.maximum(((expected + observed) > 0).sum(axis=-1) - 1, 1)
    p = chi2.sf(DISTANCES["chi_square"](np.broadcast_to(expected, observed.shape), observed), freedom)
    return -np.log(np.maximum(p.min(axis=2), TINY))


def psi(streams: Streams, length: int) -> np.ndarray:
    """The greatest psi, (runs, windows)."""
    expected, observed = _merged(streams.expected), _merged(summed(streams.observed, length))
    return np.asarray(DISTANCES["psi"](np.broadcast_to(expected, observed.shape), observed)).max(axis=2)


def summed(observed: np.ndarray, length: int) -> np.ndarray:
    """Counts of windows of so many panes, (runs, windows, 3, cells)."""
    runs, panes = observed.shape[:2]
    return observed.reshape(runs, panes // length, length, *observed.shape[2:]).sum(axis=2)


def _merged(counts: np.ndarray) -> np.ndarray:
    """Counts in the open ends, eight quantile cells, and missing; categories as they are."""
    inner = counts[..., 1 : CELLS + 1]
    merged = inner.reshape(*inner.shape[:-1], CELLS // MERGED, MERGED).sum(axis=-1)
    numbers = np.concatenate((counts[..., :1], merged, counts[..., CELLS + 1 : WIDTH]), axis=-1)
    of_category = counts[..., 2, : numbers.shape[-1]]
    return np.concatenate((numbers[..., :2, :], of_category[..., None, :]), axis=-2)


def _closed(merged: np.ndarray) -> np.ndarray:
    """The same without open ends."""
    numbers, inner = merged[..., :2, :], CELLS // MERGED
    closed = numbers[..., 1:-1].copy()
    closed[..., 0] += numbers[..., 0]
    closed[..., inner - 1] += numbers[..., inner + 1]
    closed = np.concatenate((closed[..., :inner], numbers[..., -1:]), axis=-1)
    wide = np.pad(closed, [(0, 0)] * (closed.ndim - 1) + [(0, merged.shape[-1] - closed.shape[-1])])
    return np.concatenate((wide, merged[..., 2:, :]), axis=-2)


def adwin(given: Sequence[Streams], threshold: float) -> np.ndarray:
    """ADWIN of every feature, event by event; the threshold is -ln delta."""
    return _followed(given, Adwin(delta=float(np.exp(-threshold))), Adwin(delta=TINY))


def page_hinkley(given: Sequence[Streams], threshold: float) -> np.ndarray:
    """Page-Hinkley of every feature, event by event."""
    return _followed(given, PageHinkley(threshold=threshold), PageHinkley(threshold=np.inf))


def _followed(given: Sequence[Streams], detector: Detector, quiet: Detector) -> np.ndarray:
    """Events until the first alarm of any feature, standardised by the reference, which the quiet one has read."""
    found = [np.empty(0)]
    for i in range(0, len(given), AT_ONCE):
        pairs = [_standardised(each) for each in given[i : i + AT_ONCE]]
        read, _ = fold(quiet, quiet.start(3 * len(pairs)), np.concatenate([reference for reference, _ in pairs]))
        features = [np.tile(np.arange(3), len(steps) // 3) + 3 * j for j, (_, steps) in enumerate(pairs)]
        _, alarms = fold(detector, read.at(np.concatenate(features)), np.concatenate([steps for _, steps in pairs]))
        rang = alarms.reshape(-1, 3, alarms.shape[1]).any(axis=1)
        found.append(np.where(rang.any(axis=1), rang.argmax(axis=1) + 1.0, np.inf))
    return np.concatenate(found)


def _standardised(streams: Streams) -> tuple[np.ndarray, np.ndarray]:
    """The features of the reference, (3, events), and of all runs, (runs * 3, events), in deviations."""
    center, spread = np.nanmean(streams.reference, axis=0), np.nanstd(streams.reference, axis=0)
    steps = ((streams.values - center) / spread).transpose(0, 2, 1)
    return ((streams.reference - center) / spread).T.astype(np.float64), steps.reshape(-1, steps.shape[2]).astype(
        np.float64
    )
