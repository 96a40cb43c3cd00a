"""Which series are worth showing when there are more than Prometheus should carry."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.prometheus.windows import Distances, Key, Window

PER_WINDOW = 3  # verdict, end, events


class Chosen(Struct, frozen=True):
    """What is shown: windows by key, and of their distances the row numbers; how many series are in, how many out."""

    windows: tuple[Key, ...] = ()
    features: Mapping[Key, tuple[int, ...]] = {}
    series: int = 0
    dropped: int = 0


def choose(windows: Mapping[Key, Window], distances: Mapping[Key, Distances], series_max: int) -> Chosen:
    """Windows first (all events before segments), then the features that are furthest beyond their limit.

    The budget goes round the models: the worst feature of each, then the second worst of each, so that a loud model
    does not silence a quiet one.
    """
    everything = len(windows) * PER_WINDOW + sum(1 + int(_costs(one).sum()) for one in distances.values())
    if everything <= series_max:
        return Chosen(
            _ordered(windows),
            {key: tuple(range(len(distances[key].features))) for key in sorted(distances)},
            everything,
        )
    shown, used, refused = _afford_windows(windows, distances, series_max)
    keys = [key for key in sorted(distances) if key in set(shown)]
    if not keys:
        return Chosen(shown, {}, used, refused)
    costs = np.concatenate([_costs(distances[key]) for key in keys])
    order = _order([key[0] for key in keys], [_excess(distances[key]) for key in keys])
    affordable = np.cumsum(costs[order]) <= series_max - used
    kept = np.zeros(len(costs), np.bool_)
    kept[order[affordable]] = True
    parts = np.split(kept, np.cumsum([len(distances[key].features) for key in keys])[:-1])
    features = {key: tuple(np.flatnonzero(part).tolist()) for key, part in zip(keys, parts, strict=True)}
    return Chosen(shown, features, used + int(costs[kept].sum()), refused + int(costs[~kept].sum()))


def _afford_windows(
    windows: Mapping[Key, Window], distances: Mapping[Key, Distances], series_max: int
) -> tuple[tuple[Key, ...], int, int]:
    """The keys that fit, what they use, and what was refused with them."""
    shown: list[Key] = []
    used = refused = 0
    for key in _ordered(windows):
        cost = PER_WINDOW + (key in distances)
        if used + cost <= series_max:
            shown.append(key)
            used += cost
        else:
            refused += cost + (int(_costs(distances[key]).sum()) if key in distances else 0)
    return tuple(shown), used, refused


def _ordered(windows: Mapping[Key, Window]) -> tuple[Key, ...]:
    """All events before segments."""
    return tuple(sorted(windows, key=lambda key: (key[2] != "", key)))


def _costs(distances: Distances) -> NDArray[np.int64]:
    """Series per feature, (features,): each defined value and limit, and the verdict."""
    defined = np.isfinite(distances.values).sum(axis=1) + np.isfinite(distances.limits).sum(axis=1)
    return np.asarray(defined + 1, np.int64)


def _excess(distances: Distances) -> NDArray[np.float64]:
    """Largest distance in units of its limit, (features,); 0 where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = distances.values / distances.limits
    return np.asarray(np.where(np.isfinite(ratios), ratios, 0.0).max(axis=1, initial=0.0), np.float64)


def _order(models: list[str], excesses: list[NDArray[np.float64]]) -> NDArray[np.intp]:
    """All features of all windows, by their rank within their model, then by model."""
    numbers = {model: i for i, model in enumerate(sorted(set(models)))}
    model = np.concatenate([np.full(len(e), numbers[name]) for name, e in zip(models, excesses, strict=True)])
    excess = np.concatenate(excesses)
    worst_first = np.lexsort((-excess, model))
    starts = np.searchsorted(model[worst_first], np.arange(len(numbers)))
    rank = np.empty(len(excess), np.int64)
    rank[worst_first] = np.arange(len(excess)) - starts[model[worst_first]]
    return np.lexsort((model, rank))
