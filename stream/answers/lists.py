"""How good lists are: what their labels say of each place becomes cells, cells become metrics."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance import ranking, ranking_metrics
from detectors.performance.cells import Cells, Layout
from detectors.performance.measured import Measured
from detectors.performance.shares import Judged, Trials
from stream.answers.blocks import by_blocks
from stream.answers.kind import NOTHING, Rows
from stream.encodings.ranked import matrices

CUTS: Final = ranking.Ranking()


@dataclass(frozen=True)
class Lists:
    """Items in the order of how good the model thinks they are."""

    settings: ranking.Ranking = CUTS

    @property
    def family(self) -> Hashable:
        """The cuts."""
        return self.settings

    @property
    def layout(self) -> Layout:
        """Queries with something relevant, and what their lists are worth."""
        return ranking.layout(self.settings)

    def pairs(self, rows: Rows) -> tuple[Integers, Floats]:
        """Relevances of the places; a query without an answer is not measured."""
        return by_blocks(rows, self._block)

    def _block(self, rows: Rows) -> tuple[Integers, Floats]:
        gains, missed, said = matrices(rows["several"])
        counted, values = ranking.pairs(self.settings, gains, missed)
        counted[~said], values[~said] = -1, np.nan
        return counted, values

    def measure(
        self,
        made: Cells,
        names: Collection[str] | None = None,
        exact: Mapping[str, Floats] = NOTHING,  # noqa: ARG002  # nothing of it is by bins
    ) -> dict[str, Measured]:
        """All metrics over queries, those of a cut as `ndcg_at_10`; or those with these names."""
        found = ranking_metrics.measure(self.settings, made)
        of_cuts = {metric: found.pop(metric) for metric in ranking_metrics.PER_CUT}
        found |= {
            f"{metric}_at_{cut}": Measured(*(column[:, i] for column in each))
            for metric, each in of_cuts.items()
            for i, cut in enumerate(self.settings.cuts)
        }
        return found if names is None else {name: each for name, each in found.items() if name in names}

    def constant(self, made: Cells) -> dict[str, Floats]:
        """Of a list that is the same for every query nothing is known."""
        assert made.layout.counts
        return {}

    @staticmethod
    def tallied(_: Cells) -> None:
        """Nothing: means are enough to compare lists."""

    @property
    def shares(self) -> tuple[str, ...]:
        """The metrics that are judged."""
        return (f"hit_rate_at_{self.settings.cuts[-1]}",)

    def judged(self, made: Cells, before: Cells) -> dict[str, Judged]:
        """Queries without anything relevant before the last cut."""
        both = [ranking.read(self.settings, each) for each in (made, before)]
        now, usual = (Trials(seen.queries.sum(axis=1) - seen.hits[:, -1], seen.queries.sum(axis=1)) for seen in both)
        return {self.shares[0]: Judged(now, usual, good=True)}

    def wrong(self, rows: Rows) -> None:
        """No list is right."""
        assert len(rows)

    @property
    def about(self) -> str:
        """The plan knows the rest."""
        return "ranking"

    def scored(self, rows: Rows) -> None:
        """No list has one score."""
        assert len(rows)

    def decided(self, rows: Rows) -> NDArray[np.bool_]:
        """None of them: a list is neither yes nor no."""
        return np.zeros(len(rows["score"]), np.bool_)
