"""How much a service is asked, against what was usual."""

import numpy as np

from detectors.codes import Floats, Integers
from detectors.performance.measured import Measured, wilson


def traffic(events: Integers, usual: Integers, spans: Floats, dispersion: Floats, level: float = 0.95) -> Measured:
    """How many times the usual number of events came, per time; nan where usually none did. Any shape.

    `spans` is how many times as long as the window the usual one is. `dispersion` is the variance of a window's number,
    in its mean: 1 for events that know nothing of each other, and learned from windows where they do (McCullagh and
    Nelder 1989, Generalized linear models, 4.5). Given their sum, one of two numbers is binomial, so the interval is
    Wilson's, of as many events as so dispersed ones are worth.
    """
    n, m = events / dispersion, usual / dispersion
    share = np.where(usual > 0, spans, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = share * events / usual
        error = share * np.sqrt(events * dispersion / usual**2.0 * (1 + events / np.maximum(usual, 1)))
        low, high = (share * end / (1 - end) for end in wilson(n, n + m, level))
    return Measured(value, error, low, high)
