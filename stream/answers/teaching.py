"""What labels of numbers teach: how large errors are by what the inputs are, in the cells of a plan."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import parts
from detectors.codes import Floats
from detectors.estimation.inputs import Rows
from detectors.estimation.loss import Losses
from stream.answers.chosen import output_of
from stream.plan import ATTRIBUTION, LATENCY, STATUS, Plan
from stream.taught.truth import LEAST

MOST: Final = 50_000  # labels that are learned from: 70 MB for a moment
SERVED: Final = (LATENCY, STATUS)  # no inputs


def of_rows(plan: Plan, values: Floats, cells: NDArray[np.uint16], error: Floats, unit: float) -> Losses | None:
    """What events of a reference teach, as a plan counts them, (n, columns) each, with their errors, (n,).

    None of fewer than LEAST whose error is known; of very many every k-th counts.
    """
    known = np.flatnonzero(np.isfinite(error))
    if len(known) < LEAST:
        return None
    known = known[:: -(-len(known) // MOST)]
    grid, output = plan.grid, output_of(plan)
    others = [name for name in grid.columns if name not in (*SERVED, output) and not name.startswith(ATTRIBUTION)]
    places = tuple(grid.columns.index(name) for name in (output, *others))
    numbers = np.full((len(grid.columns), len(known)), np.nan)
    numbers[: len(grid.numeric)] = values[known].T
    rows = Rows(
        places,
        tuple(i < len(grid.numeric) for i in places),
        tuple(int(grid.widths[i]) for i in places),
        parts.placed(grid, values[known], cells[known])[list(places)],
        numbers[list(places)],
    )
    return Losses.of(rows, error[known], unit)


def of_pairs(plan: Plan, predicted: Floats, error: Floats, unit: float) -> Losses | None:
    """What pairs of a stream teach: of them only the prediction is known."""
    grid, output = plan.grid, output_of(plan)
    i = grid.columns.index(output)
    values = np.full((len(error), len(grid.numeric)), np.nan)
    values[:, i] = predicted
    none = np.zeros((len(error), len(grid.categorical)), np.uint16)
    rows = Rows((i,), (True,), (int(grid.widths[i]),), parts.placed(grid, values, none)[[i]], values.T[[i]])
    return None if len(error) < LEAST else Losses.of(rows, error, unit)
