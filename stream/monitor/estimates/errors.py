"""Errors before labels: how large those of a regression probably are in a window, by what its inputs are.

What a window's panes hold is asked for when its last step is taken: nothing is remembered but which windows are open.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from detectors.estimation.estimate import Estimate
from detectors.estimation.loss import Losses
from detectors.packing import unpack
from detectors.parts import Summary
from sinks import commit as tables
from sinks.commit import Span, Steps, to_ns
from stream.answers.chosen import answers_of
from stream.config.settings import Settings
from stream.ledger import Ledger
from stream.monitor.estimates.decay import Decay
from stream.monitor.estimates.heard import LEAST
from stream.monitor.estimates.learned import Learned, counted_as
from stream.monitor.estimates.told import Told, told_rows
from stream.monitor.labels.called import Called, Kept, Key, Panes
from stream.monitor.panes.closing import UNTOLD
from stream.monitor.performance.measuring import SEGMENTED
from stream.monitor.performance.numbered import LEVEL
from stream.monitor.state import State
from stream.plan import Plan

PANES_MAX: Final = 512  # that are read at once, unless one window has more
SEGMENTS: Final = 16  # with as many a window's sums are twice as large


class Source(NamedTuple):
    """What estimates of a window stand on, and the plan that its panes are counted by."""

    losses: Losses
    about: str
    plan: Plan


class Errors:
    """The windows of regressions. How many predictions they hold so far is known of the store's panes."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger, learned: Learned) -> None:
        self._settings, self._state, self._ledger, self._learned = settings, state, ledger, learned
        self._called, self._decay = Called(settings, state), Decay(settings, state)
        self._open: dict[Key, int] = {}
        self.fresh: dict[Key, Told] = {}  # since the last Commit, of the shortest windows
        self.told: dict[Key, Told] = {}  # with the last steps

    def recall(self, arrived: Panes, joined: Callable[[str], int]) -> None:
        """Take in the panes of windows that steps have begun and not ended; steps ended with `joined` of a model."""
        self._open, self.fresh = {}, {}
        for pane, n in arrived.items():
            if pane[2] <= joined(pane[0]):
                self._arrive(pane, n, joined(pane[0]))

    def step(self, steps: Steps, arrived: Panes, kept: Kept) -> None:
        """Take steps of some models; tell the windows that end with them."""
        self.told = {}
        for pane, n in arrived.items():
            if steps.after < pane[2] <= steps.upto:
                self._arrive(pane, n, steps.after)
        ending = sorted(key for key in self._open if key[0] in steps.models and key[3] <= steps.upto)
        counted = {key: self._open.pop(key) for key in ending}
        sources = {key: source for key in ending if (source := self._source(key)) is not None}
        for some in self._together({key: source.plan for key, source in sources.items()}):
            for key, summary in self._summed({key: sources[key].plan for key in some}, kept):
                self._tell(key, sources[key], summary, counted[key])

    def _arrive(self, pane: tuple[str, str, int], n: int, after: int) -> None:
        for key in self._called.windows(*pane):
            if key[3] > after:
                self._open[key] = self._open.get(key, 0) + n

    def _source(self, key: Key) -> Source | None:
        """What a window is estimated by, which held when it began; None where nothing did."""
        model, version, length, end = key
        entry, plan = self._state.roster.get(model), self._called.whole(key)
        if entry is None or plan is None or version == UNTOLD:
            return None
        if plan.truth is not None and plan.truth.losses is not None:
            return Source(plan.truth.losses, plan.source, plan)
        found, answers = self._learned.at(model, version, end - length), answers_of(entry.settings, plan)
        if found is None or answers is None:
            return None
        truth = found[1]
        if truth.losses is None or truth.answers != counted_as(answers, plan):
            return None
        return Source(truth.losses, f"learned from {truth.n:,} labels", plan)

    def _together(self, plans: Mapping[Key, Plan]) -> Iterator[list[Key]]:
        """Windows with few panes, which are fewer where each has many segments."""
        some, n = list[Key](), 0
        for key in sorted(plans, key=lambda key: (key[3], key)):
            segments = len(plans[key].rows) // SEGMENTS
            more = key[2] // self._settings.pane * (1 + segments)
            if some and n + more > PANES_MAX:
                yield some
                some, n = [], 0
            some, n = [*some, key], n + more
        if some:
            yield some

    def _summed(self, plans: Mapping[Key, Plan], kept: Kept) -> Iterator[tuple[Key, Summary]]:
        """What windows hold, each by its plan."""
        rows = kept(_apart([Span(model, end - length, end) for model, _, length, end in plans]))
        ends = to_ns(rows["end"])
        names = zip(rows["model"].tolist(), rows["version"].tolist(), ends.tolist(), strict=True)
        place = {name: i for i, name in enumerate(names) if self._called.version(*name) == name[1]}
        wanted: dict[int, list[Key]] = {}
        for key, plan in plans.items():
            model, version, length, end = key
            panes = range(end - length + self._settings.pane, end + 1, self._settings.pane)
            found = [place[model, version, at] for at in panes if (model, version, at) in place]
            if not found or any(rows["plan"][i] != plan.id for i in found):
                continue
            for i in found:
                wanted.setdefault(i, []).append(key)
        totals: dict[Key, Summary] = {}
        for i, keys in wanted.items():  # each pane once, and none of them longer than it is added
            summary = unpack(plans[keys[0]].grid, rows["summary"][i])
            for key in keys:
                totals[key] = totals[key] + summary if key in totals else summary
        yield from sorted(totals.items(), key=lambda one: (one[0][3], one[0]))

    def _tell(self, key: Key, source: Source, summary: Summary, n: int) -> None:
        """Estimate a window; each metric that is known becomes a row."""
        found = source.losses.estimate(summary, n, LEVEL)
        told = {name: each for name, each in found.items() if not np.isnan(each.value[0])}
        self.told[key] = source.about, told
        if key[2] == min(self._called.lengths(key[0])):
            self.fresh[key] = source.about, told
        self._ledger.block(tables.ESTIMATES, told_rows(key, source.about, told, n))
        for segment, of, part in _parts(source, summary, n):
            self._ledger.block(tables.ESTIMATES, told_rows(key, source.about, part, of, segment))
        self._decay.look_at_errors(key, told["mae"], n, source.losses.known("mae"))


def _parts(source: Source, summary: Summary, n: int) -> Iterator[tuple[str, int, dict[str, Estimate]]]:
    """What is expected of segments, by name, and of how many predictions: all their events that may get a label."""
    for i, events in enumerate(summary.events().tolist()):
        if i and (of := min(events, n)) >= LEAST:
            found = source.losses.estimate(summary, of, LEVEL, i)
            told = {name: each for name, each in found.items() if name in SEGMENTED and not np.isnan(each.value[0])}
            yield source.plan.rows[i], of, told


def _apart(spans: Sequence[Span]) -> list[Span]:
    """The same panes, each in one span."""
    found = list[Span]()
    for model, after, upto in sorted(spans):
        if found and found[-1].model == model and after <= found[-1].upto:
            found[-1] = Span(model, found[-1].after, max(found[-1].upto, upto))
        else:
            found.append(Span(model, after, upto))
    return found
