"""Predictions of several values: probabilities of classes, or quantiles; what is kept of them until the label comes."""

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from stream.encodings.schema import category_text, number

HASH: Final = 4  # bytes
Kept = Callable[[Any], bytes]  # what is kept of several values


def likeliest(scores: Any) -> str | None:  # noqa: ANN401 - any JSON
    """The class with the greatest score; of equal ones the first in the order of their code points."""
    if not isinstance(scores, dict):
        return None
    told = [(-value, name) for name, each in scores.items() if math.isfinite(value := number(each))]
    return min(told)[1] if told else None


def probabilities(classes: Sequence[str]) -> Kept:
    """Keeps the probability of each of some classes, 0 where it is left out, and the sum of all others.

    They are float32, little-endian: 24 bits of a probability. What is no number is nan; what is no object is empty.
    Before them comes a hash of the classes, for those of another plan may be others.
    """
    known, whose = set(classes), _hash(classes)
    pack = struct.Struct(f"<{len(classes) + 1}f").pack

    def kept(scores: Any) -> bytes:  # noqa: ANN401 - any JSON
        if not isinstance(scores, dict) or not scores:
            return b""
        told = [scores.get(name, 0.0) for name in classes]
        others = () if scores.keys() <= known else [each for name, each in scores.items() if name not in known]
        try:
            return whose + pack(*told, _total(others))
        except (struct.error, OverflowError):  # a null, a text, a number beyond any probability
            with np.errstate(over="ignore"):
                return whose + np.array([*_numbers(told), _total(others)]).astype("<f4").tobytes()

    return kept


def _total(others: Sequence[object]) -> float:
    """The sum of probabilities, exact, so that their order does not matter; nan where some are none."""
    told = _numbers(others)
    return math.fsum(told) if all(abs(each) <= 1 for each in told) else math.nan


def _numbers(told: Sequence[object]) -> list[float]:
    return [0.0 if each is None else number(each) for each in told]


def unpacked(kept: NDArray[np.object_], classes: Sequence[str]) -> Floats:
    """What was kept of predictions, (n, classes + 1); nan where it is of other classes, or nothing."""
    whose, width = _hash(classes), len(classes) + 1
    found = np.full((len(kept), width), np.nan)
    there = [i for i, each in enumerate(kept.tolist()) if each[:HASH] == whose and len(each) == HASH + 4 * width]
    bare = b"".join([each[HASH:] for each in kept[there].tolist()])
    found[there] = np.frombuffer(bare, "<f4").reshape(-1, width)
    return found


def of_columns(columns: Mapping[str, NDArray[Any]], classes: Sequence[str]) -> NDArray[np.object_]:
    """What is kept of rows of which each class has a column of numbers, (n,); nan is none, of all of them none is said.

    There is at least one column.
    """
    table = {name: values.astype(np.float64) for name, values in columns.items()}
    n = len(next(iter(table.values())))
    said = np.logical_or.reduce([~np.isnan(values) for values in table.values()])
    zero = np.zeros(n)
    known = [np.nan_to_num(table.get(name, zero), nan=0.0) for name in classes]
    others = [np.nan_to_num(table[name], nan=0.0) for name in sorted(table.keys() - {*classes})]
    with np.errstate(over="ignore"):
        packed = np.stack((*known, np.sum([zero, *others], axis=0)), axis=1).astype("<f4")
    whose, kept = _hash(classes), np.full(n, b"", np.object_)
    kept[said] = [whose + row.tobytes() for row in packed[said]]
    return kept


def quantiles(levels: Sequence[float]) -> Kept:
    """Keeps the value of each of some quantiles by its level, however that is spelt: `0.5` and `.50` are one.

    They are float64, little-endian; nan where there is no finite number. Nothing is kept where all are such, and what
    is no object is empty. Before them comes a hash of the levels.
    """
    whose = _hash_of_levels(levels)
    names, pack = tuple(map(category_text, levels)), struct.Struct(f"<{len(levels)}d").pack

    def kept(scores: Any) -> bytes:  # noqa: ANN401 - any JSON
        if not isinstance(scores, dict):
            return b""
        if not scores.keys() >= {*names}:
            scores = {_spelt(name): value for name, value in scores.items()}
        told = [each if math.isfinite(each := number(scores.get(name))) else math.nan for name in names]
        return b"" if all(map(math.isnan, told)) else whose + pack(*told)

    return kept


def unpacked_quantiles(kept: NDArray[np.object_], levels: Sequence[float]) -> Floats:
    """What was kept of predictions, (n, levels); nan where it is of other levels, or nothing."""
    whose, size = _hash_of_levels(levels), HASH + 8 * len(levels)
    found = np.full((len(kept), len(levels)), np.nan)
    if levels:
        there = [i for i, each in enumerate(kept.tolist()) if len(each) == size and each[:HASH] == whose]
        bare = b"".join([each[HASH:] for each in kept[there].tolist()])
        found[there] = np.frombuffer(bare, "<f8").reshape(-1, len(levels))
    return found


def of_quantile_columns(columns: Mapping[str, NDArray[Any]], levels: Sequence[float]) -> NDArray[np.object_]:
    """What is kept of rows of which each quantile has a column of numbers, (n,). There is at least one column."""
    kept, names = quantiles(levels), list(columns)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    found = [kept(dict(zip(names, row, strict=True))) for row in rows]
    result = np.empty(len(found), np.object_)
    result[:] = found
    return result


@lru_cache(maxsize=4_096)  # the same few in every event
def _spelt(name: str) -> str:
    """The level that a text spells, as it is usually written; the text itself where it spells none."""
    try:
        return category_text(float(name))
    except ValueError:
        return name


def _hash_of_levels(levels: Sequence[float]) -> bytes:
    return _hash([f"quantile {each!r}" for each in levels])


def _hash(classes: Sequence[str]) -> bytes:
    return blake2b("\0".join(classes).encode(), digest_size=HASH).digest()
