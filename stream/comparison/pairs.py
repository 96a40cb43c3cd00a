"""The columns of two files in pairs: which are compared, as what, and why the others are not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import numpy as np

from detectors.codes import MISSING
from stream.reference.columns import Values, missing
from stream.reference.kinds import Kind, inferred_kind, reason
from stream.reference.problem import ReferenceProblem
from stream.reference.table import META, NAMES_SHOWN, Table

INTEGERS_END: Final = 2.0**63  # what is larger is a float to data frames, too


@dataclass(frozen=True)
class Side:
    """A file: its name, its rows, and the columns that are integers by their type; None where types say nothing."""

    name: str
    table: Table
    integers: frozenset[str] | None


@dataclass(frozen=True, eq=False)
class Pair:
    """A column of both files; where the current file has none, all its values are missing.

    `integers` says which of them holds integers without a gap, the reference first.
    """

    kind: Kind
    reference: Values
    current: Values
    integers: tuple[bool, bool]


@dataclass(frozen=True, eq=False)
class Pairs:
    """What is compared, by name; what is not, and why; how many rows the files have."""

    columns: Mapping[str, Pair]
    left_out: Mapping[str, str]
    n_reference: int
    n_current: int


def paired(reference: Side, current: Side, wanted: Sequence[str] = ()) -> Pairs:
    """Columns by the reference's names and kinds; or those `wanted`. ReferenceProblem for unknown ones."""
    before, now = _columns(reference), _columns(current)
    _known(wanted, before, reference.name)
    columns: dict[str, Pair] = {}
    left_out: dict[str, str] = {}
    for name in wanted or sorted(before):
        kind = _kind(before[name], declared=name in wanted)
        if not wanted and name in META and not reference.table.nested:
            left_out[name] = "a field of events; name it with --features if it is a feature"
        elif kind is None:
            left_out[name] = reason(before[name])
        else:
            values = now.get(name, np.full(current.table.n, MISSING))
            integers = _integers(reference, name, before[name]), _integers(current, name, values)
            columns[name] = Pair(kind, before[name], values, integers)
    if not wanted:
        left_out |= dict.fromkeys(sorted(now.keys() - before.keys() - META), f"only {current.name} has it")
    if not columns:
        raise ReferenceProblem(f"{reference.name} has no column to compare")
    if columns.keys().isdisjoint(now):
        has = ", ".join(sorted(now)[:NAMES_SHOWN]) or "none"
        raise ReferenceProblem(f"{current.name} has no column of {reference.name} that is compared; its columns: {has}")
    return Pairs(columns, left_out, reference.table.n, current.table.n)


def _columns(side: Side) -> dict[str, Values]:
    """Features, and what the model said under the names that files have for it."""
    if side.table.saved is not None:
        raise ReferenceProblem(
            f"{side.name} is a saved reference, whose rows are no more; name the file it was made of"
        )
    outputs = {name.partition(":")[2]: values for name, values in side.table.outputs.items()}
    return {**outputs, **side.table.features}


def _known(wanted: Iterable[str], columns: Mapping[str, Values], name: str) -> None:
    for one in wanted:
        if one not in columns:
            near = get_close_matches(one, columns, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(columns)[:NAMES_SHOWN])}"
            raise ReferenceProblem(f"{name} has no feature {one!r}; {hint}")


def _kind(values: Values, *, declared: bool) -> Kind | None:
    """As in a reference; a column that was asked for is something, an identifier a category."""
    found = inferred_kind(values)
    return found or ("categorical" if declared and values.dtype == np.object_ else None)


def _integers(side: Side, name: str, values: Values) -> bool:
    """Whether a column is integers without a gap: by its type, or by all its values where types say nothing."""
    if values.dtype != np.float64 or missing(values).any() or not np.isfinite(values).all():
        return False
    whole = name in side.integers if side.integers is not None else bool((values == np.floor(values)).all())
    return whole and bool((np.abs(values) < INTEGERS_END).all())
