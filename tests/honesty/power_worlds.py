"""Streams of a model that changes: two numbers that go together and a category, in panes of EVENTS events."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

EVENTS, PANES, CHANGED = 100, 120, 20  # events of a pane, panes of a run, and the first that changed
REFERENCE = 10_000  # events
TOGETHER = 20  # runs that share a reference
CELLS = 32  # of a number: as many quantiles, an open end on either side, and missing
WIDTH = CELLS + 3
LINE = CELLS + 2
CATEGORIES = 1 / np.arange(1.0, 11)
CATEGORIES = CATEGORIES / CATEGORIES.sum()
MISSING, CORRELATION = 0.02, 0.5
ON_LINE = np.zeros((3, WIDTH), np.bool_)
ON_LINE[:2, :LINE] = True


class Amounts(NamedTuple):
    """By how much a pane differs from the reference, (panes,) each."""

    mean: np.ndarray  # deviations
    scale: np.ndarray  # factor
    tail: np.ndarray  # share of values that become 5 deviations
    category: np.ndarray  # share that the fourth category gains, the first one's loss
    missing: np.ndarray  # share of values that go missing, besides
    correlation: np.ndarray


def _amounts(**changed: Callable[[np.ndarray], np.ndarray]) -> Amounts:
    since = np.arange(PANES) - CHANGED + 1.0  # panes since the change
    usual = dict.fromkeys(Amounts._fields, 0.0) | {"scale": 1.0, "correlation": CORRELATION}
    found = {
        name: np.where(since > 0, changed[name](since), value) if name in changed else np.full(PANES, value)
        for name, value in usual.items()
    }
    return Amounts(**found)


KINDS = {
    "mean": _amounts(mean=lambda since: np.full_like(since, 0.2)),
    "scale": _amounts(scale=lambda since: np.full_like(since, 1.2)),
    "tail": _amounts(tail=lambda since: np.full_like(since, 0.01)),
    "one category": _amounts(category=lambda since: np.full_like(since, 0.03)),
    "missing": _amounts(missing=lambda since: np.full_like(since, 0.02)),
    "gradual": _amounts(mean=lambda since: 0.004 * since),
    "correlation only": _amounts(correlation=lambda since: np.full_like(since, 0.2)),
}
UNCHANGED = _amounts()


class Streams(NamedTuple):
    """Runs with a reference of their own: values (runs, events, 3), nan where missing; the category is a code."""

    reference: np.ndarray  # (REFERENCE, 3)
    values: np.ndarray
    expected: np.ndarray  # counts (3, WIDTH)
    observed: np.ndarray  # counts (runs, PANES, 3, WIDTH)


def streams(rng: np.random.Generator, amounts: Amounts, runs: int = TOGETHER) -> Streams:
    """Draw runs that share a reference."""
    usual = Amounts(*(np.full(1, column[0]) for column in UNCHANGED))
    reference = _drawn(rng, usual, (1, 1, REFERENCE))[0, 0]
    values = _drawn(rng, amounts, (runs, PANES, EVENTS))
    edges = [np.nanquantile(reference[:, i], np.linspace(0, 1, CELLS + 1)) for i in range(2)]
    observed = _counted(values, edges)
    return Streams(reference, values.reshape(runs, -1, 3), _counted(reference[None, None], edges)[0, 0], observed)


def _drawn(rng: np.random.Generator, amounts: Amounts, shape: tuple[int, int, int]) -> np.ndarray:
    """Values (runs, panes, events, 3)."""
    mean, scale, tail, category, missing, correlation = (column[:, None] for column in amounts)
    common = rng.standard_normal(shape, np.float32)
    other = correlation * common + np.sqrt(1 - correlation**2) * rng.standard_normal(shape, np.float32)
    amount = np.where(rng.random(shape, np.float32) < tail, 5.0, mean + scale * common)
    amount[rng.random(shape, np.float32) < MISSING + missing] = np.nan
    code = np.searchsorted(np.cumsum(CATEGORIES)[:-1], rng.random(shape), side="right")
    code[(code == 0) & (rng.random(shape, np.float32) < category / CATEGORIES[0])] = 3
    return np.stack((amount, other, code), axis=3).astype(np.float32)


def _counted(values: np.ndarray, edges: list[np.ndarray]) -> np.ndarray:
    """Counts (runs, panes, 3, WIDTH) of values (runs, panes, events, 3)."""
    cells = [np.searchsorted(edges[i], values[..., i], side="right") for i in range(2)]
    places = np.stack((*(np.where(np.isnan(values[..., i]), LINE, cells[i]) for i in range(2)), values[..., 2]), axis=3)
    runs, panes, events, columns = places.shape
    rows = np.arange(runs * panes)[:, None, None] * columns + np.arange(columns)
    flat = rows * WIDTH + places.reshape(runs * panes, events, columns).astype(np.int64)
    return np.bincount(flat.ravel(), minlength=runs * panes * columns * WIDTH).reshape(runs, panes, columns, WIDTH)
