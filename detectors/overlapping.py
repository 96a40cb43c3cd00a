"""How many windows that overlap are worth as many that do not, when each may alarm by chance.

Two of them share most of their events, so alarms come in clumps, and a budget counts clumps.
"""

from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from detectors.codes import Floats

TRIALS: Final = 20  # contrasts that share the level of a comparison, each as far out as that takes
LEVEL_LEAST: Final = 1e-300  # of a reference that is far off, a level may be 0


def worth(level: Floats, overlap: int, k: int = 1) -> Floats:
    """How often alarms at this level begin in a stretch as long as a window, beside once where none overlap, (levels,).

    Each event is in `overlap` windows; an alarm is one that k windows confirm which share no event. A moving sum that
    has reached a high z falls by z / overlap at each step, give or take sqrt(2 / overlap): clumps begin at z^2 nu(z
    sqrt(2 / overlap)) / overlap times the rate of alarms (Siegmund and Yakir 2007, The Statistics of Gene Mapping,
    whose nu this is). Of k sums the first to fall ends one, and any may begin it: k (k + 1) / 2 times as fast, as
    simulated.
    """
    if overlap == 1:
        return np.ones_like(level)
    z = np.maximum(-ndtri(np.maximum(level, LEVEL_LEAST) / (2 * TRIALS)), 1.0)
    fall = k * (k + 1) / 2
    found = fall * (z**2 + 1) * _overshoot(z * np.sqrt(2 * fall / overlap))
    return np.asarray(np.clip(found, 1.0, overlap))


def _overshoot(x: Floats) -> Floats:
    """By how much fewer a walk of finite steps crosses than a path without steps; 1 at 0, as Siegmund has it."""
    half = x / 2
    return np.asarray((ndtr(half) - 0.5) / half / (half * ndtr(half) + np.exp(-(half**2) / 2) / np.sqrt(2 * np.pi)))
