"""Seeded columns of many kinds, in a reference and a current version; what tools say of them is in captured.json."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.generic]
Chance = np.random.Generator


def _texts(chance: Chance, n: int, shares: Sequence[float]) -> Values:
    return np.array([f"v{i}" for i in chance.choice(len(shares), n, p=shares)])


def _sparse(chance: Chance, values: Values, share: float) -> Values:
    return np.where(chance.random(len(values)) < share, np.nan, values)


def _few(chance: Chance, b: Values) -> Values:
    return np.minimum(chance.integers(0, 4, len(b)) + (b > 2), 3)


MANY = [i / 465 for i in range(30, 0, -1)]
KINDS: dict[str, Callable[[Chance, Values, Values], tuple[Values, Values]]] = {
    "normal": lambda _, a, b: (a, b),
    "lognormal": lambda _, a, b: (np.exp(a), np.exp(b)),
    "zeros": lambda _, a, b: (np.maximum(a - 1.2, 0), np.maximum(b - 1.2, 0)),
    "rounded": lambda _, a, b: (np.round(a, 1), np.round(b, 1)),
    "missing": lambda c, a, b: (_sparse(c, a, 0.1), _sparse(c, b, 0.2)),
    "outlier": lambda _, a, b: (a, np.append(b[1:], 1e6)),
    "few floats": lambda c, a, b: (c.integers(0, 4, len(a)) / 2, _few(c, b) / 2),
    "binary": lambda _, a, b: ((a > 1).astype(np.int64), (b > 1).astype(np.int64)),
    "few integers": lambda c, a, b: (c.integers(0, 4, len(a)), _few(c, b)),
    "some integers": lambda c, a, b: (c.integers(0, 9, len(a)), c.integers(0, 9, len(b))),
    "integers": lambda c, a, b: (c.poisson(40, len(a)), c.poisson(41, len(b))),
    "constant": lambda _, a, b: (np.full(len(a), 3.5), np.full(len(b), 3.5)),
    "categories": lambda c, a, b: (
        _texts(c, len(a), (0.4, 0.3, 0.2, 0.1)),
        _texts(c, len(b), (0.36, 0.3, 0.2, 0.14)),
    ),
    "new category": lambda c, a, b: (_texts(c, len(a), (0.4, 0.3, 0.3)), _texts(c, len(b), (0.38, 0.3, 0.3, 0.02))),
    "many categories": lambda c, a, b: (_texts(c, len(a), MANY), _texts(c, len(b), MANY)),
    "two categories": lambda c, a, b: (_texts(c, len(a), (0.7, 0.3)), _texts(c, len(b), (0.66, 0.34))),
}


def columns(kind: str, m: int, n: int) -> tuple[Values, Values]:
    """The reference's m values and the current ones, which drifted a little in most kinds."""
    chance = np.random.default_rng([list(KINDS).index(kind), m, n])
    return KINDS[kind](chance, chance.normal(0, 1, m), chance.normal(0.1, 1.1, n))


def golden() -> dict[str, tuple[Values, Values]]:
    """The pairs that all tools were asked about."""
    chance = np.random.default_rng(7)
    reference, current = chance.normal(0, 1, 5000), chance.normal(0.25, 1.2, 3000)
    before = chance.choice(np.array(list("abcd")), 5000, p=[0.4, 0.3, 0.2, 0.1])
    now = chance.choice(np.array(list("abcde")), 3000, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    same = chance.normal(0, 1, 3000)
    return {"numeric": (reference, current), "numeric_same": (reference, same), "categorical": (before, now)}
