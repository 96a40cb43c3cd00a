"""Labels that come for a biased part of the traffic: the labelled predictions of a window beside those without a label.

Where chance decides which predictions get a label, both are samples of one distribution, whatever the share of labels:
the null model of `verdict.judge`. Rows may be binned scores, predicted classes, or the values of a segment field.
"""

from typing import NamedTuple

import numpy as np

from detectors.codes import Bools, Floats, Integers
from detectors.distances import Counts, psi_cells
from detectors.verdict import judge


class Selection(NamedTuple):
    """In which series the labelled differ from the others, and where most."""

    differ: Bools  # (series,)
    unknown: Bools  # (series,): too few with or without labels; nothing is at stake where all have one
    cell: Integers  # (series,): the cell that tells them apart most; -1 where they do not differ
    favoured: Bools  # (series,): whether the labelled are more frequent in that cell
    coverage: Floats  # (series, cells): labelled by all; nan of nothing


def selection(
    labelled: Counts, unlabelled: Counts, ordered: Bools, alpha: float = 0.05, tolerate: float = 0.0
) -> Selection:
    """Compare counts, (series, cells) each; `ordered` marks the cells on a number line.

    Where labels come by chance, at most about a share `alpha` of the calls finds any series that differs, and neither
    are differences found that move no more than a share `tolerate` of the predictions.
    """
    judged = judge(unlabelled, labelled, ordered, tolerate)
    differ = ~judged.unknown & (judged.p <= alpha / max(len(labelled), 1))
    m, n = (np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in (unlabelled, labelled))
    cell = psi_cells(unlabelled, labelled).argmax(axis=1)
    gained = np.take_along_axis(labelled / n - unlabelled / m, cell[:, None], axis=1)[:, 0]
    both = labelled + unlabelled
    coverage = np.where(both > 0, labelled / np.maximum(both, 1), np.nan)
    return Selection(differ, judged.unknown, np.where(differ, cell, -1), differ & (gained > 0), coverage)
