"""Folding detectors over steps: many series at a time, along time as far as the next alarm, and from there anew.

The law: however steps are cut into calls, and whatever series lie beside it, a series alarms at the same steps. So what
a detector adds up, it adds in the order of the steps (as NumPy's accumulate and SciPy's lfilter do), or in integers.
"""

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple
from numpy.typing import ArrayLike, NDArray

from detectors.codes import Bools, Floats, Integers

Packed = tuple[str, tuple[int, ...], bytes]

CELLS = 16_384  # values walked at a time: they and some ten temporaries of their size stay in the second-level cache
STEPS_MIN = 16  # at a time, however many series there are


class Rows(Struct, frozen=True):
    """The state of a detector: arrays with a row per series."""

    def at(self, rows: Integers) -> Self:
        """The state of these series."""
        return type(self)(*(column[rows] for column in astuple(self)))

    def put(self, rows: Integers, other: Self) -> Self:
        """This state with other rows in these places. Where one has fewer columns, the rest is 0."""
        return type(self)(*(_put(*pair, rows) for pair in zip(astuple(self), astuple(other), strict=True)))


S = TypeVar("S", bound=Rows)


class Sequential(Protocol[S]):
    """A detector of changes, frozen: what it remembers is its state."""

    def start(self, series: int) -> S:
        """Nothing has been seen."""

    def walk(self, state: S, values: Floats, lengths: Integers) -> tuple[Integers, S]:
        """The column of the first alarm of each row of `values` (rows, columns), its length where there is none.

        Of a row only the first so many columns are steps, at least one; what lies behind is any number. The state is
        the one after them, and means nothing for rows that alarmed.
        """


def fold(detector: Sequential[S], state: S, values: ArrayLike) -> tuple[S, Bools]:
    """After steps (series, steps), or one (series,): the state, and where it alarmed, of their shape.

    What is not finite is no step: it moves nothing and does not alarm. After an alarm a series starts anew.
    """
    given = np.asarray(values)
    steps = np.ascontiguousarray(given[:, None] if given.ndim == 1 else given)
    known = np.isfinite(steps)
    if known.all():
        state, alarms = _fold(detector, state, steps, np.full(len(steps), steps.shape[1]))
    else:
        order = np.argsort(~known, axis=1, kind="stable")
        packed = np.take_along_axis(np.where(known, steps, 0.0), order, axis=1)
        state, found = _fold(detector, state, packed, known.sum(axis=1))
        alarms = np.zeros(steps.shape, np.bool_)
        np.put_along_axis(alarms, order, found, axis=1)
    return state, alarms.reshape(given.shape)


def pack(state: Rows) -> list[Packed]:
    """A state as type, shape and bytes of each array."""
    return [(column.dtype.str, column.shape, column.tobytes()) for column in astuple(state)]


def unpack(detector: Sequential[S], packed: Sequence[Sequence[Any]]) -> S:
    """The detector's state that `pack` made plain."""
    return type(detector.start(0))(*(np.frombuffer(raw, kind).reshape(shape) for kind, shape, raw in packed))


def first(found: Bools, lengths: Integers) -> Integers:
    """The first column of each row that is true, its length where none before that is."""
    if not found.any():
        return lengths
    at = found.argmax(axis=1)
    return np.where(found[np.arange(len(found)), at], np.minimum(at, lengths), lengths)


def last(columns: NDArray[Any], lengths: Integers) -> NDArray[Any]:
    """What each row ends with, (rows,)."""
    return columns[np.arange(len(columns)), lengths - 1]


def held(new: Bools, values: NDArray[Any], before: NDArray[Any]) -> NDArray[Any]:
    """Values (rows, columns) where they are new, each held until the next one is; at first those before, (rows,)."""
    starts = new.copy()
    starts[:, 0] = True
    at = np.flatnonzero(starts)
    kept = values.reshape(-1)[at]
    heads = np.flatnonzero(at % new.shape[1] == 0)
    kept[heads] = np.where(new[:, 0], kept[heads], before)
    return np.repeat(kept, np.diff(at, append=new.size)).reshape(new.shape)


def _fold(detector: Sequential[S], state: S, steps: NDArray[Any], lengths: Integers) -> tuple[S, Bools]:
    """The same, where the first so many columns of each row are its steps."""
    alarms = np.zeros(steps.shape, np.bool_)
    done, rows = np.zeros(len(steps), np.int64), np.flatnonzero(lengths)
    while len(rows):  # each row goes on from where it is: behind its last alarm, or a width further
        left = np.minimum(lengths[rows] - done[rows], max(STEPS_MIN, CELLS // len(rows)))
        block = _block(steps, rows, done[rows], int(left.max()))
        whole = len(rows) == len(steps)
        at, after = detector.walk(state if whole else state.at(rows), block, left)
        rang = np.flatnonzero(at < left)
        if len(rang):
            alarms[rows[rang], done[rows[rang]] + at[rang]] = True
            after = after.put(rang, detector.start(len(rang)))
        state = after if whole else state.put(rows, after)
        done[rows] += np.minimum(at + 1, left)
        rows = rows[done[rows] < lengths[rows]]
    return state, alarms


def _block(steps: NDArray[Any], rows: Integers, begun: Integers, width: int) -> NDArray[Any]:
    """The next columns of these rows; behind the end of a row, whatever comes."""
    if len(rows) == len(steps) and (begun == begun[0]).all():
        return steps[:, begun[0] : begun[0] + width]
    places = (rows * steps.shape[1] + begun)[:, None] + np.arange(width)
    return np.asarray(steps.reshape(-1).take(places, mode="clip"))


def _put(ours: NDArray[Any], theirs: NDArray[Any], rows: Integers) -> NDArray[Any]:
    wider = tuple(max(0, t - o) for o, t in zip(ours.shape[1:], theirs.shape[1:], strict=True))
    made = np.pad(ours, [(0, 0), *((0, n) for n in wider)]) if any(wider) else ours.copy()
    if made.shape[1:] != theirs.shape[1:]:
        made[rows] = 0
    places: tuple[Any, ...] = (rows, *(slice(n) for n in theirs.shape[1:]))
    made[places] = theirs
    return made
