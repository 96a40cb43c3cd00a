"""A plan in rows for people: what is watched, how it was found, and what the reference holds."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detectors.grids import MISSING_CELL
from stream.plan import Plan
from stream.reference.kinds import Kind

TOP = 5  # categories shown


@dataclass(frozen=True)
class Row:
    """One column. Shares are of `events`, the rows it applies to; `mean` and `deviation` are None for categories."""

    column: str
    kind: Kind
    origin: Literal["declared", "inferred"]
    cells: int  # that hold values; there are four more for what is none
    events: int
    missing: float  # share, 0 to 1
    mean: float | None
    deviation: float | None
    top: tuple[tuple[str, float], ...]  # the most frequent categories and their shares


def describe(plan: Plan) -> list[Row]:
    """A row per watched column, in the order of the grid."""
    grid, everything = plan.grid, plan.reference.take([0])
    means, deviations = everything.mean()[0], everything.deviation()[0]
    events = everything.comparable()[0]
    rows = []
    for i, name in enumerate(grid.columns):
        numeric = i < len(grid.numeric)
        counts = everything.counts[0, grid.offsets[i] : grid.offsets[i + 1]]
        n, regular = int(events[i]), int(grid.regular[i])
        vocabulary = () if numeric else grid.vocabularies[i - len(grid.numeric)]
        rows.append(
            Row(
                name,
                "numeric" if numeric else "categorical",
                "inferred" if name in plan.inferred else "declared",
                regular,
                n,
                int(counts[regular + MISSING_CELL]) / max(1, n),
                _known(means[i]) if numeric else None,
                _known(deviations[i]) if numeric else None,
                tuple((text, int(counts[j]) / max(1, n)) for j, text in enumerate(vocabulary[:TOP])),
            )
        )
    return rows


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
