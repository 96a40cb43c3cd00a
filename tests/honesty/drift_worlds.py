"""Worlds in which nothing changes, or just what is tolerated: counts of a reference's panes, and of windows after it.

A world is told how many features and how large a reference; what it answers draws windows for as long as one likes.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm, poisson

Counts = np.ndarray  # (windows, features, cells)
Draw = Callable[[int, int], Counts]  # (windows, values of each)
World = Callable[[np.random.Generator, int, int], tuple[Counts, Draw]]  # (rng, features, values of the reference)

PANES = 60
LINE = 34  # cells of a number: its quantiles, and two open ends
INNER = norm.ppf(np.arange(1, LINE - 2) / (LINE - 2))
STEPS = 1024  # of a table from values to cells, in one standard deviation
TABLE = np.searchsorted(np.r_[-3.5, INNER, 3.5], (np.arange(8 * STEPS) + 0.5) / STEPS - 4)

QUANTILES = np.r_[0.0005, np.full(32, 1 / 32), 0.0005, 0.002]
INTEGERS = np.r_[poisson.pmf(np.arange(9), 3), poisson.sf(8, 3), 0.001]
ZEROS = np.r_[0.9, np.full(24, 0.1 / 24), 0.001]


def categories(n: int) -> np.ndarray:
    """The k-th most frequent is 1 / k as frequent as the first (Zipf); some values are missing."""
    return np.r_[1 / np.arange(1.0, n + 1), 0.001]


def independent(shares: np.ndarray, now: np.ndarray | None = None) -> World:
    """Draws that know nothing of each other, of other shares than the reference if `now` says so."""
    before = shares / shares.sum()
    after = before if now is None else now / now.sum()

    def world(rng: np.random.Generator, features: int, m: int) -> tuple[Counts, Draw]:
        panes = rng.multinomial(m // PANES, before, (PANES, features))
        return panes, lambda windows, n: rng.multinomial(n, after, (windows, features))

    return world


def moved(shares: np.ndarray, source: int, target: int, share: float) -> World:
    """So much of all values went from one cell to another."""
    before = shares / shares.sum()
    change = np.zeros(len(before))
    change[source], change[target] = -share, share
    return independent(before, before + change)


def cut_by_itself(rng: np.random.Generator, features: int, m: int) -> tuple[Counts, Draw]:
    """Log-normal values, of which the reference's own quantiles are the edges of the cells: it fills them evenly."""
    cells, each = LINE - 2, m // PANES
    held = np.repeat(np.arange(cells), -(-m // cells))[: each * PANES]
    panes = np.stack(
        [_counted(rng.permutation(held).reshape(PANES, 1, each), cells)[:, 0] for _ in range(features)], axis=1
    )
    shares = rng.dirichlet(np.bincount(held, minlength=cells), features)  # between order statistics of any values
    return panes, lambda windows, n: np.stack([rng.multinomial(n, one, windows) for one in shares], axis=1)


def following(correlation: float = 0.0, coefficient: float = 0.0, each: int = 1, alike: float = 0.0) -> World:
    """Normal values, correlated between features, each a part of the one before, or `each` of a user nearly `alike`."""

    def world(rng: np.random.Generator, features: int, m: int) -> tuple[Counts, Draw]:
        def normal(n: int) -> np.ndarray:
            own = rng.standard_normal((features, n), np.float32)
            if not correlation:
                return own
            common = rng.standard_normal(n, np.float32)
            return np.float32(np.sqrt(1 - correlation)) * own + np.float32(np.sqrt(correlation)) * common

        def draw(windows: int, n: int) -> Counts:
            values = normal(windows * n // each)
            if coefficient:
                values = lfilter([np.sqrt(1 - coefficient**2)], [1.0, -coefficient], values, axis=1)
            if each > 1:
                values = alike * np.repeat(values, each, axis=1) + np.sqrt(1 - alike**2) * normal(windows * n)
            place = np.clip(((values + 4) * STEPS).astype(np.int32), 0, len(TABLE) - 1)
            return _counted(TABLE[place].reshape(features, windows, n).transpose(1, 0, 2), LINE)

        return draw(PANES, m // PANES), draw

    return world


def habits(shares: np.ndarray, each: int, same: float) -> World:
    """Users with so many events, each of which is the user's own value with a chance `same`, else anyone's."""
    edges = np.cumsum(shares / shares.sum())[:-1]

    def world(rng: np.random.Generator, features: int, m: int) -> tuple[Counts, Draw]:
        def draw(windows: int, n: int) -> Counts:
            own = np.repeat(rng.random((windows, features, n // each)), each, axis=2)
            values = np.where(rng.random(own.shape) < same, own, rng.random(own.shape))
            return _counted(np.searchsorted(edges, values), len(shares))

        return draw(PANES, m // PANES), draw

    return world


def rhythm(slots: int, strength: float, differ: float = 0.0) -> World:
    """Normal values whose mean goes up and down once in so many windows, by so many standard deviations.

    Each such day has a level of its own, so far from that of others.
    """
    mean = strength * np.sin(2 * np.pi * np.arange(slots) / slots)
    edges = np.r_[-np.inf, -3.5, INNER, 3.5, np.inf]

    def world(rng: np.random.Generator, features: int, m: int) -> tuple[Counts, Draw]:
        def draw(windows: int, n: int) -> Counts:
            level = differ * np.repeat(rng.standard_normal((-(-windows // slots), features)), slots, axis=0)
            middle = level[:windows] + mean[np.arange(windows) % slots, None]
            return rng.multinomial(n, np.diff(norm.cdf(edges - middle[..., None]), axis=-1))

        return draw(PANES, m // PANES), draw

    return world


def _counted(place: np.ndarray, cells: int) -> Counts:
    """How many values of each row lie in each cell, (windows, features, cells), of (windows, features, values)."""
    rows = np.arange(place.shape[0] * place.shape[1]).reshape(*place.shape[:2], 1)
    return np.bincount((place + rows * cells).ravel(), minlength=rows.size * cells).reshape(*place.shape[:2], cells)
