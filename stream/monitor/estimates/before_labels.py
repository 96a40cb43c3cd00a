"""What is done about a model's performance beside its labels, step by step: learn, estimate, compare with the truth.

In this order: a basis that is learned at a step holds for windows that begin then or later, and the truth of a window
never comes before its estimate.
"""

from collections.abc import Callable
from typing import NamedTuple

from sinks.commit import Columns, Standing, Steps
from stream.answers.kind import Rows
from stream.config.settings import Settings
from stream.ledger import Ledger
from stream.monitor.estimates.errors import Errors
from stream.monitor.estimates.examples import Examples
from stream.monitor.estimates.learned import Learned, PairsOf, pairs_of
from stream.monitor.estimates.scores import Ask, Estimates
from stream.monitor.estimates.trust import Lesson, Tracks
from stream.monitor.estimates.truths import FIRST, SECOND, Estimated, Truths
from stream.monitor.estimates.weighing import Weighing
from stream.monitor.labels.called import Called, Kept, Panes
from stream.monitor.performance.gathering import Kept as KeptPairs
from stream.monitor.performance.matured import Matured, telling
from stream.monitor.state import State, Version


class Asked(NamedTuple):
    """What a store is asked: what models said, what panes hold, what they saw; estimates of both kinds, bases."""

    said: Ask
    panes: Kept
    estimated: Estimated
    weighted: Estimated
    shown: KeptPairs
    bases: Callable[[], Columns]
    examples: Callable[[], Columns]


class _Remembered(NamedTuple):
    """What labels leave in a state."""

    lessons: dict[Version, Lesson]
    tracks: dict[Version, Tracks]
    weighed: dict[Version, Tracks]


class BeforeLabels:
    """Estimates and what they stand on. What the store knows of them is asked for once in a life."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._called = settings, state, Called(settings, state)
        self._learned = Learned(settings, state, ledger)
        self._estimates = Estimates(settings, state, ledger, self._learned)
        self._errors = Errors(settings, state, ledger, self._learned)
        self._examples = Examples(settings, state, ledger)
        self._weighing = Weighing(settings, state, ledger, self._examples)
        self._truths, self._seconds = Truths(FIRST, state, ledger), Truths(SECOND, state, ledger)
        self._kept = _Remembered({}, {}, {})  # as the last Commit has them

    def begin(self) -> None:
        """All that was decided is committed."""
        state = self._state
        self._kept = _Remembered(dict(state.lessons), dict(state.tracks), dict(state.weighed))
        self._estimates.fresh, self._errors.fresh, self._weighing.fresh = {}, {}, {}

    def recall(self, known: Standing, joined: Callable[[str], int], asked: Asked) -> None:
        """Take in what steps have left; they ended with `joined` of their model."""
        self._learned.recall(asked.bases())
        self._examples.recall(asked.examples())
        self._estimates.recall(known.arrived, joined, asked.said)
        self._errors.recall(known.arrived, joined)
        self._weighing.recall(known.arrived, joined, asked.panes)

    def forget(self) -> None:
        """Let everything since `begin` be as if it had not been: it is recalled anew."""
        kept = self._kept
        self._state.lessons, self._state.tracks, self._state.weighed = kept.lessons, kept.tracks, kept.weighed

    def weighs(self, model: str) -> bool:
        """Whether counts of closed panes say something of a model before labels do."""
        return self._weighing.weighs(model)

    def pairs_of(self, new: Rows, kept: KeptPairs) -> PairsOf:
        """How the pairs of a window are found."""
        return pairs_of(self._called, new, kept)

    def step(self, steps: Steps, arrived: Panes, matured: list[Matured], pairs_of: PairsOf, asked: Asked) -> None:
        """Take steps of some models, of which performance has been told."""
        told = telling(self._settings, self._state, matured)
        self._learned.learn(told, pairs_of)
        self._examples.learn(told, pairs_of, asked.shown)
        self._estimates.step(steps, arrived, asked.said)
        self._errors.step(steps, arrived, asked.panes)
        told_of = {**self._estimates.told, **self._errors.told}
        self._weighing.step(steps, arrived, told_of, asked.panes)
        self._truths.reconcile(told, {**self._estimates.fresh, **self._errors.fresh}, asked.estimated)
        weighed = [one for one in told if self._weighing.weighs(one.key[0])]
        self._seconds.reconcile(weighed, self._weighing.fresh, asked.weighted)
