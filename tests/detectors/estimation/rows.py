"""Windows of single events, exactly: the slow oracle of windows that hold bins."""

import numpy as np

from detectors.codes import Bools, Floats
from detectors.estimation.basis import Basis, Window, expected_losses, log_odds


def of_rows(basis: Basis, score: Floats, decided: Bools) -> Window:
    """The window of these events, (n,) each: one row, a place per event. Scores not finite are left out."""
    score, decided = score[np.isfinite(score)], decided[np.isfinite(score)]
    order = np.argsort(score, kind="stable")
    score, decided = score[order], decided[order]
    probability = basis.calibrator.apply(score)
    counts = np.stack((~decided, decided))[None].astype(np.float64)
    losses = expected_losses(score, probability).sum(axis=0, keepdims=True) / (len(score) or np.nan)
    return Window(counts, probability, score, log_odds(score), losses, basis.bins(score))
