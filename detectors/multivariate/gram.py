"""Sums of products of all pairs of features: a summary that adds up to the same integers however events were cut.

The law of this file: `of(a ++ b) == of(a) + of(b)`, bit for bit. Values are whole parts of the reference's scale, and
clamped at REACH of these, so one value of 1e300 cannot own a correlation.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from detectors.codes import Floats, Integers
from detectors.multivariate.joint import Standard

PARTS = 4_096  # of a scale: a value is at most 2^14 of them, a product 2^28
ROWS_AT_ONCE = 1 << 20  # whose sums of products are exact in doubles, below 2^53; int64 holds 2^35 events


@dataclass(frozen=True, eq=False)
class Gram:
    """How many rows, and the sums of their values and products in PARTS of the scales of a Standard."""

    n: int
    sums: Integers  # (features,)
    products: Integers  # (features, features)

    @classmethod
    def of(cls, values: Floats, standard: Standard) -> Self:
        """Of rows (n, features); what is missing counts as the centre."""
        n, features = values.shape
        sums, products = np.zeros(features, np.int64), np.zeros((features, features), np.int64)
        for first in range(0, n, ROWS_AT_ONCE):
            q = np.rint(standard.measure(values[first : first + ROWS_AT_ONCE]) * PARTS)
            sums += q.sum(axis=0).astype(np.int64)
            products += (q.T @ q).astype(np.int64)
        return cls(n, sums, products)

    def __add__(self, other: Self) -> "Gram":
        return Gram(self.n + other.n, self.sums + other.sums, self.products + other.products)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Gram):
            return NotImplemented
        same = np.array_equal(self.sums, other.sums) and np.array_equal(self.products, other.products)
        return self.n == other.n and same

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def means(self) -> Floats:
        """In scales from the centre, (features,); 0 without rows."""
        return np.asarray(self.sums / (max(self.n, 1) * PARTS))

    def covariance(self) -> Floats:
        """In squares of scales, divided by n, (features, features)."""
        means = self.means()
        return np.asarray(self.products / (max(self.n, 1) * PARTS**2) - np.outer(means, means))
