"""Accuracy that is surely gone before any label says so: estimated below the reference's by more than is tolerated."""

from typing import Final

import numpy as np

from detectors.estimation.estimate import Estimate
from detectors.performance.measured import deviations
from stream.config.settings import Settings
from stream.ledger import Ledger
from stream.monitor import rows
from stream.monitor.called import Called, Key
from stream.monitor.findings import Finding
from stream.monitor.judging import MONTH
from stream.monitor.matured import LEAST
from stream.monitor.state import State

DETECTOR: Final = "estimate"
FEATURE: Final = "output:estimated_accuracy"
SHARE: Final = 0.1  # of the false triggers that are allowed: drift has most of the others


class Decay:
    """Looks at each window's estimated accuracy; what is surely bad is a finding."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._state, self._ledger, self._called = state, ledger, Called(settings, state)

    def look(self, key: Key, accuracy: Estimate, n: int, right: tuple[float, int]) -> None:
        """One window of `n` predictions; `right` is the share of right answers that is known, and of how many.

        Which events a window has is chance as well: an answer is right or wrong with the variance of its mean,
        whatever each one's probability. The labels that both numbers stand on are counted twice, to be sure.
        """
        if n < LEAST:
            return
        (model, version, length, end), (share, labels) = key, right
        entry, value = self._state.roster.get(model), float(accuracy.value[0])
        assert entry is not None, key
        per_month = MONTH / length * len(self._called.lengths(model))
        reach = deviations(1 - 2 * min(0.5, entry.settings.false_triggers_per_month * SHARE / per_month))
        target = share * (1 - entry.settings.tolerate)
        own = max(value * (1 - value), share * (1 - share)) / n + share * (1 - share) / labels
        if value + reach * float(np.sqrt(own + accuracy.shared[0] ** 2)) >= target:
            return
        words = f"accuracy is probably {value:.1%}, by the scores of {n:,} predictions, after {share:.1%}"
        found = Finding(model, version, "", FEATURE, length, end - length, end, DETECTOR, value, target, n, (), words)
        rows.finding_rows(self._ledger, [found], "")
