"""Which series are worth showing when there are more than Prometheus should carry."""

from collections.abc import Mapping, Sequence
from itertools import chain
from math import isfinite
from types import MappingProxyType

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sinks.prometheus.orders import Order
from sinks.prometheus.performance import Performance
from sinks.prometheus.windows import Distances, Key, Window

PER_WINDOW = 3  # verdict, end, events


class Chosen(Struct, frozen=True):
    """What is shown: windows by key, which of them with their performance, and of their distances the row numbers.

    `series` are in, `dropped` are out.
    """

    windows: tuple[Key, ...] = ()
    performances: tuple[Key, ...] = ()
    features: Mapping[Key, tuple[int, ...]] = {}
    series: int = 0
    dropped: int = 0


def choose(
    windows: Mapping[Key, Window],
    distances: Mapping[Key, Distances],
    performances: Sequence[Mapping[Key, Performance]],
    series_max: int,
    orders: Mapping[Key, Order] = MappingProxyType({}),
) -> Chosen:
    """Windows first (all events before segments), then performance, realised and estimated, then the worst features.

    The budget goes round the models: the worst feature of each, then the second worst of each, so that a loud model
    does not silence a quiet one.
    """
    once = {key: PER_WINDOW + (key in distances) for key in _ordered(windows)}
    once = {key: n + (orders[key].series if key in orders else 0) for key, n in once.items()}
    told = [{key: each[key] for key in once if key in each} for each in performances]
    numbers = {key: sum(_numbers(each[key]) for each in told if key in each) for key in once}
    numbers = {key: n for key, n in numbers.items() if n}
    costs = {key: _costs(distances[key]) for key in sorted(distances)}
    everything = sum(once.values()) + sum(numbers.values()) + sum(int(each.sum()) for each in costs.values())
    if everything <= series_max:
        features = {key: tuple(range(len(each))) for key, each in costs.items()}
        return Chosen(tuple(once), tuple(numbers), features, everything)
    shown, left = _afford(once, series_max)
    good, left = _afford({key: numbers[key] for key in shown if key in numbers}, left)
    features, left = _worst({key: distances[key] for key in sorted(shown) if key in distances}, costs, left)
    series = series_max - left
    return Chosen(shown, good, features, series, everything - series)


def _afford(costs: Mapping[Key, int], left: int) -> tuple[tuple[Key, ...], int]:
    """The keys that fit, in their order, and what is left then."""
    fitting: list[Key] = []
    for key, cost in costs.items():
        if cost <= left:
            fitting.append(key)
            left -= cost
    return tuple(fitting), left


def _worst(
    distances: Mapping[Key, Distances], costs: Mapping[Key, NDArray[np.int64]], left: int
) -> tuple[dict[Key, tuple[int, ...]], int]:
    """The features that fit, the worst of each model first, and what is left then."""
    if not distances:
        return {}, left
    cost = np.concatenate([costs[key] for key in distances])
    order = _order([key[0] for key in distances], [_excess(each) for each in distances.values()])
    kept = np.zeros(len(cost), np.bool_)
    kept[order[np.cumsum(cost[order]) <= left]] = True
    parts = np.split(kept, np.cumsum([len(each.features) for each in distances.values()])[:-1])
    features = {key: tuple(np.flatnonzero(part).tolist()) for key, part in zip(distances, parts, strict=True)}
    return features, left - int(cost[kept].sum())


def _ordered(windows: Mapping[Key, Window]) -> tuple[Key, ...]:
    """All events before segments."""
    return tuple(sorted(windows, key=lambda key: (key[2] != "", key)))


def _numbers(performance: Performance) -> int:
    """Series of one window's performance: each defined number, the coverage and repeats."""
    return sum(
        map(isfinite, (performance.coverage, performance.repeats, *chain.from_iterable(performance.told.values())))
    )


def _costs(distances: Distances) -> NDArray[np.int64]:
    """Series per feature, (features,): each defined value and limit, and the verdict."""
    defined = np.isfinite(distances.values).sum(axis=1) + np.isfinite(distances.limits)
    return np.asarray(defined + 1, np.int64)


def _excess(distances: Distances) -> NDArray[np.float64]:
    """The evidence in units of its limit, (features,); 0 where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = distances.values[:, 0] / distances.limits
    return np.asarray(np.where(np.isfinite(ratios), ratios, 0.0), np.float64)


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
