"""Fixed-point sums: distances from a centre in whole quanta, their sums and their sums of squares, exactly.

q = a 2^20 + b, so that a sum of q q is three sums of products of limbs, each at most 2^40: exact as doubles for 2^12
rows, as int64 for 2^21; then they become two limbs of a wider sum, which hold 2^40 events.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from detectors.codes import Floats, Integers

QUANTA_MAX = 2.0**40  # values further from the centre are clamped: 1,024 scales
LIMB = 2.0**20  # q = a LIMB + b; a a, a b and b b are at most 2^40, and 2^12 of them are still exact in a double
SUM_BITS = 32  # sum of q = high 2^32 + low: both limbs are exact doubles for up to 2^40 events
DENSE_MAX = 64  # rows: of more, a table of who belongs to which is mostly zeros; measured, at 4,096 events
SQUARE_BITS = 60  # sum of q q = high 2^60 + low: below 2^120 for as many


def sums(distances: Floats, exponents: Integers, fields: Integers, n_rows: int) -> Integers:
    """Sums of q, a a, a b, b b, and how many were clamped, where q is the distance in quanta: (5, rows, F)."""
    q, clamped = _quanta(distances, exponents)
    members = _members(fields, q.shape[0], n_rows) if n_rows <= DENSE_MAX else _sparse(fields, q.shape[0], n_rows)
    products = np.empty((5, n_rows, q.shape[1]))
    # Exact in whatever order the product adds: every partial sum is an integer below 2^53. In place, because fresh
    # temporaries of this size cost more than the arithmetic.
    _add(members, q, products[0])
    a = q * (1 / LIMB)
    np.rint(a, out=a)
    q -= LIMB * a
    _add(members, a * q, products[2])
    a *= a
    q *= q
    _add(members, a, products[1])
    _add(members, q, products[3])
    products[4] = _clamped(clamped, fields, products.shape[1:]) if len(clamped) else 0.0
    return products.astype(np.int64)


def _quanta(distances: Floats, exponents: Integers) -> tuple[Floats, Integers]:
    """Distances in whole quanta, 0 where there is no finite value, and the flat places of those clamped."""
    with np.errstate(over="ignore"):  # too many quanta for a double are clamped like any other
        q = distances * np.ldexp(1.0, -exponents)
    np.rint(q, out=q)
    odd = np.flatnonzero(~(np.abs(q) <= QUANTA_MAX))  # one test for all that needs care
    if not len(odd):
        return q, odd
    finite = np.isfinite(distances.ravel()[odd])
    flat = q.ravel()  # a view: q is contiguous
    flat[odd] = np.where(finite, np.copysign(QUANTA_MAX, flat[odd]), 0.0)
    return q, odd[finite]


def _clamped(places: Integers, fields: Integers, shape: tuple[int, int]) -> Integers:
    """How many values of each row and feature were clamped, (rows, F)."""
    events, features = np.divmod(places, shape[1])
    series = [row * shape[1] + features for row in (np.zeros_like(events), *fields[:, events])]
    return np.bincount(np.concatenate(series), minlength=shape[0] * shape[1]).reshape(shape)


def _members(fields: Integers, n: int, n_rows: int) -> Floats:
    """1 where an event belongs to a row; all belong to row 0, (rows, n)."""
    members = np.zeros((n_rows, n))
    members[0] = 1.0
    members.ravel()[fields * n + np.arange(n)] = 1.0
    return members


def _sparse(fields: Integers, n: int, n_rows: int) -> csr_array:
    """The same where most of it is 0."""
    rows = np.concatenate((np.zeros(n, np.int64), *fields))
    events = np.tile(np.arange(n), 1 + len(fields))
    return csr_array((np.ones(len(rows)), (rows, events)), shape=(n_rows, n))


def _add(members: Floats | csr_array, values: Floats, out: Floats) -> None:
    """Sums of each row's values, (rows, F)."""
    if isinstance(members, np.ndarray):
        np.matmul(members, values, out=out)
    else:
        out[:] = members @ values


def limbs(sums: Integers) -> Integers:
    """The moments that sums of limb products make, (rows, F, 5)."""
    first, aa, ab, bb, clamped = sums
    # q q = a a 2^40 + a b 2^21 + b b, and 2^60 is 2^40 2^20 and 2^21 2^39.
    low = ((aa & _mask(20)) << 40) + ((ab & _mask(39)) << 21) + bb
    high = (aa >> 20) + (ab >> 39) + (low >> SQUARE_BITS)
    moments = np.empty((*first.shape, 5), np.int64)
    parts = (first >> SUM_BITS, first & _mask(SUM_BITS), high, low & _mask(SQUARE_BITS), clamped)
    for i, limb in enumerate(parts):
        moments[..., i] = limb
    return moments


def carried(moments: Integers) -> Integers:
    """The same sums with low limbs in range."""
    result = moments.copy()
    for high, bits in ((0, SUM_BITS), (2, SQUARE_BITS)):
        result[..., high] += moments[..., high + 1] >> bits
        result[..., high + 1] &= _mask(bits)
    return result


def whole(high: Integers, low: Integers, bits: int) -> NDArray[np.object_]:
    """Two limbs as Python integers, which never overflow."""
    return np.asarray(high.astype(np.object_) * (1 << bits) + low, np.object_)


class Reading(NamedTuple):
    """What moments say, as floats: (rows, F) each."""

    mean: Floats
    deviation: Floats
    clamped: Floats


def read(moments: Integers, n: Integers, exponents: Integers) -> Reading:
    """Means from the centre, deviations and shares of clamped values; nan where n, (rows, F), is 0."""
    some = np.maximum(n, 1)
    exact = some.astype(object)  # a feature stuck far from the centre has deviation 0
    sums = whole(moments[..., 0], moments[..., 1], SUM_BITS)
    squares = whole(moments[..., 2], moments[..., 3], SQUARE_BITS)
    variances = ((exact * squares - sums**2) / exact**2).astype(np.float64)
    means = np.ldexp((sums / exact).astype(np.float64), exponents)
    found = (means, np.ldexp(np.sqrt(variances), exponents), moments[..., 4] / some)
    return Reading(*(np.where(n > 0, values, np.nan) for values in found))


def _mask(bits: int) -> int:
    """The lowest bits set."""
    return (1 << bits) - 1
