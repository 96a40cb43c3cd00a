"""How far counts are from the counts they are compared with: the table of all distances, a row per series.

Expected and observed are counts, (..., cells); a cell that is empty in both changes nothing, so shorter rows can be
padded. Where either side is empty nothing is known, and the distance is 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Literal

from detectors.codes import Floats
from detectors.distances.gaps import (
    hellinger,
    hellinger_cells,
    histogram_intersection,
    histogram_intersection_cells,
    l_infinity,
    total_variation,
    total_variation_cells,
)
from detectors.distances.independence import chi_square, chi_square_cells, g, g_cells
from detectors.distances.information import (
    jensen_shannon,
    jensen_shannon_cells,
    jensen_shannon_divergence,
    jensen_shannon_divergence_natural,
    jensen_shannon_natural,
    jensen_shannon_natural_cells,
)
from detectors.distances.order import cramer_von_mises, cramer_von_mises_cells, kolmogorov_smirnov, kuiper
from detectors.distances.ratios import (
    bhattacharyya,
    kl,
    kl_cells,
    kl_reverse,
    kl_reverse_cells,
    kl_symmetric,
    kl_symmetric_cells,
    psi,
    psi_cells,
)
from detectors.distances.shares import PRIOR, Counts
from detectors.distances.transport import (
    energy,
    energy_cells,
    wasserstein,
    wasserstein_by_deviation,
    wasserstein_by_deviation_cells,
    wasserstein_by_range,
    wasserstein_by_range_cells,
    wasserstein_cells,
)

__all__ = ["DISTANCES", "PRIOR", "USUAL", "Counts", "Distance", "jensen_shannon", "kolmogorov_smirnov", "psi_cells"]

USUAL = ("psi", "jensen_shannon", "kolmogorov_smirnov")  # those that people ask for first: always kept


@dataclass(frozen=True)
class Distance:
    """One of the table. `of` takes expected and observed counts, and gives 0 to `greatest`, (...,).

    It sees cells of any kind; or their order: cells of numbers only, ascending; or their positions on the number line,
    too. What `cells` gives, (..., cells), adds up to the distance to the power of `power`; None where it is no sum.
    """

    of: Callable[..., Floats]
    cells: Callable[..., Floats] | None
    greatest: float = inf
    sees: Literal["cells", "order", "positions"] = "cells"
    power: int = 1

    @property
    def name(self) -> str:
        """As it is written in tables and configurations."""
        return self.of.__name__

    def __call__(self, expected: Counts, observed: Counts, positions: Floats | None = None) -> Floats:
        """The distance, (...,). `positions`: finite numbers, (..., cells) or (cells,), for those that see them."""
        return self.of(expected, observed, *self._placed(positions))

    def contributions(self, expected: Counts, observed: Counts, positions: Floats | None = None) -> Floats:
        """What each cell contributes, 0 or more, (..., cells). Only of a distance that is a sum."""
        assert self.cells is not None, f"{self.name} is no sum over cells"
        return self.cells(expected, observed, *self._placed(positions))

    def _placed(self, positions: Floats | None) -> tuple[Floats, ...]:
        if self.sees != "positions":
            return ()
        assert positions is not None, f"{self.name} needs positions"
        return (positions,)


DISTANCES: dict[str, Distance] = {
    distance.name: distance
    for distance in (
        Distance(psi, psi_cells),
        Distance(jensen_shannon, jensen_shannon_cells, 1.0, power=2),
        Distance(kolmogorov_smirnov, None, 1.0, "order"),
        Distance(jensen_shannon_divergence, jensen_shannon_cells, 1.0),
        Distance(jensen_shannon_natural, jensen_shannon_natural_cells, sqrt(log(2)), power=2),
        Distance(jensen_shannon_divergence_natural, jensen_shannon_natural_cells, log(2)),
        Distance(kl, kl_cells),
        Distance(kl_reverse, kl_reverse_cells),
        Distance(kl_symmetric, kl_symmetric_cells),
        Distance(bhattacharyya, None),
        Distance(hellinger, hellinger_cells, 1.0, power=2),
        Distance(total_variation, total_variation_cells, 1.0),
        Distance(histogram_intersection, histogram_intersection_cells, 1.0),
        Distance(l_infinity, None, 1.0),
        Distance(chi_square, chi_square_cells),
        Distance(g, g_cells),
        Distance(kuiper, None, 1.0, "order"),
        Distance(cramer_von_mises, cramer_von_mises_cells, 1 / 3, "order"),
        Distance(energy, energy_cells, sees="positions", power=2),
        Distance(wasserstein, wasserstein_cells, sees="positions"),
        Distance(wasserstein_by_deviation, wasserstein_by_deviation_cells, sees="positions"),
        Distance(wasserstein_by_range, wasserstein_by_range_cells, 1.0, "positions"),
    )
}
