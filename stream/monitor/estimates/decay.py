"""What is surely worse before any label says so: estimated beyond the reference by more than is tolerated."""

from typing import Final

import numpy as np

from detectors.estimation.estimate import Estimate
from detectors.estimation.loss import Known
from detectors.performance.measured import deviations
from stream.config.settings import Settings
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import noticed_window
from stream.monitor.labels.called import Called, Key
from stream.monitor.performance.matured import LEAST
from stream.monitor.state import State
from stream.monitor.verdicts.levels import MONTH

DETECTOR: Final = "estimate"
FEATURE: Final = "output:estimated_accuracy"
ERRORS: Final = "output:estimated_mae"
SHARE: Final = 0.1  # of the false triggers that are allowed: drift has most of the others


class Decay:
    """Looks at each window's estimated accuracy, or errors; what is surely bad is a finding."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._state, self._called = state, Called(settings, state)

    def look(self, key: Key, accuracy: Estimate, n: int, right: tuple[float, int]) -> None:
        """One window of `n` predictions; `right` is the share of right answers that is known, and of how many.

        Which events a window has is chance as well: an answer is right or wrong with the variance of its mean,
        whatever each one's probability. The labels that both numbers stand on are counted twice, to be sure.
        """
        if n < LEAST:
            return
        share, labels = right
        (tolerate, reach), value = self._dials(key), float(accuracy.value[0])
        target = share * (1 - tolerate)
        own = max(value * (1 - value), share * (1 - share)) / n + share * (1 - share) / labels
        bad = value + reach * float(np.sqrt(own + accuracy.shared[0] ** 2)) < target
        words = f"accuracy is probably {value:.1%}, by the scores of {n:,} predictions, after {share:.1%}"
        self._looked(key, FEATURE, (value, target), n, words if bad else "")

    def look_at_errors(self, key: Key, mae: Estimate, n: int, known: Known) -> None:
        """One window of `n` predictions; `known` is what labels say of absolute errors.

        Which events a window has is chance here too: by the variance of what inputs tell of errors, which is larger
        where errors are.
        """
        (tolerate, reach), value = self._dials(key), float(mae.value[0])
        target = known.mean * (1 + tolerate)
        if n < LEAST:
            return
        own = known.told * ((value / known.mean) ** 2 if known.mean else 1.0) / n + known.variance / known.n
        bad = value - reach * float(np.sqrt(own + mae.shared[0] ** 2)) > target
        words = f"mae is probably {value:.4g}, by the inputs of {n:,} predictions, after {known.mean:.4g}"
        self._looked(key, ERRORS, (value, target), n, words if bad else "")

    def _dials(self, key: Key) -> tuple[float, float]:
        """The share that is tolerated, and how many errors further off is surely beyond."""
        model, _, length, _ = key
        entry = self._state.roster.get(model)
        assert entry is not None, key
        per_month = MONTH / length * len(self._called.lengths(model))
        budget = entry.settings.false_triggers_per_month * SHARE / per_month
        return entry.settings.tolerate, deviations(1 - 2 * min(0.5, budget))

    def _looked(self, key: Key, feature: str, numbers: tuple[float, float], n: int, words: str) -> None:
        """What is known of a window; without words nothing is found."""
        model, version, length, end = key
        found = Finding(model, version, "", feature, length, end - length, end, DETECTOR, *numbers, n, (), words)
        about = ((model, version), end, (length, end), [("", feature)], [found] * bool(words))
        self._state.noticed.append(noticed_window(*about, "estimated_performance"))
