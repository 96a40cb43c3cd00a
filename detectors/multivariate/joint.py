"""What a test of several features at once says, and rows of features made comparable."""

from typing import NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.two_sample.outcome import Outcome

REACH = 4.0  # scales from the centre: what is further away counts as so far, so one value owns nothing
NORMAL = 1.349  # interquartile range of a normal law, in deviations


class Joint(NamedTuple):
    """An outcome, and what each feature has to do with it, (features,): the greatest moved it most."""

    outcome: Outcome
    features: Floats


class Standard(NamedTuple):
    """Centres and scales that values are measured by, (features,) each: the reference's, or those of both sides."""

    centers: Floats
    scales: Floats

    @classmethod
    def of(cls, values: Floats) -> "Standard":
        """Medians and interquartile ranges of the finite values of (n, features); 1 where a feature has no spread."""
        finite = np.where(np.isfinite(values), values, np.nan)
        some = np.isfinite(values).any(axis=0)
        quartiles = np.zeros((3, values.shape[1]))
        if some.any():
            quartiles[:, some] = np.nanquantile(finite[:, some], [0.25, 0.5, 0.75], axis=0)
        spread = (quartiles[2] / 2 - quartiles[0] / 2) * 2 / NORMAL
        usual = np.isfinite(spread) & (spread > 0)
        return cls(quartiles[1], np.where(usual, spread, np.maximum(np.abs(quartiles[1]), 1.0)))

    def measure(self, values: Floats) -> Floats:
        """Distances from the centre in scales, at most REACH; 0 for what is missing, (n, features)."""
        with np.errstate(over="ignore"):
            away = values / self.scales - self.centers / self.scales
        return np.clip(np.nan_to_num(away, nan=0.0), -REACH, REACH)
