"""Performance of windows, step by step: what their labels say so far, told again whenever there is more to say.

A window's number is provisional, then mature (the configured share of its predictions has labels), then final (no more
labels count). It is told when it becomes mature or final, from LEAST labels on whenever a quarter more have come, and
once it was mature also when a label was corrected. A micro-batch of labels touches thousands of windows; few have news.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sinks.commit import Meeting, Standing, Steps
from stream.answers.kind import Rows
from stream.config.settings import Settings
from stream.events import Ints
from stream.ledger import Ledger
from stream.monitor.labels.called import Called, Key, Pane, Panes
from stream.monitor.labels.charting import Charts
from stream.monitor.labels.news import Change, News
from stream.monitor.performance.abreast import abreast_rows
from stream.monitor.performance.gathering import Gathering, Kept
from stream.monitor.performance.matured import Matured
from stream.monitor.performance.measuring import Measuring
from stream.monitor.performance.selecting import Selecting
from stream.monitor.performance.tell import FINAL, MATURE, PROVISIONAL, Tell
from stream.monitor.state import State

MORE: Final = 1.25  # times as many labels are news
Span = tuple[str, int, int]  # a model's window of any version: its length and end

LEAST: Final = 30  # labels of a provisional window: of fewer an interval says that nothing is known
AT_ONCE: Final = 256  # windows that are measured together


@dataclass(slots=True)
class Window:
    """How a window stands: of the predictions that have `arrived`, `repeats` count for nothing.

    From the step `final` on no label counts for it; `coverage` is the share of labels that is enough.
    `told`: with how many labels it was told last, as what, and what was found to be worse. `settled`: it has had enough
    labels. One that is taken back may leave too few again; it settles once all the same.
    """

    final: int
    coverage: float
    arrived: int = 0
    repeats: int = 0
    labelled: int = 0
    told: int = 0
    status: str = ""
    settled: bool = False
    worse: set[str] = field(default_factory=set)

    @property
    def predicted(self) -> int:
        """The predictions that may get a label."""
        return self.arrived - self.repeats

    @property
    def speaks(self) -> bool:
        """Whether more labels than when it was told make it told again, or mature."""
        n = self.labelled
        return (n >= LEAST and n >= MORE * self.told) or (
            self.status != MATURE and n >= self.coverage * (self.arrived - self.repeats)
        )

    def arrive(self, n: int, repeats: int) -> None:
        """Add a pane."""
        self.arrived += n
        self.repeats += repeats


class Performance:
    """The windows of which labels may still come. What the store knows of them is asked for once in a life."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger = settings, state, ledger
        self._called = Called(settings, state)
        self._charts = Charts(settings, state)
        self._gathering, self._measuring = Gathering(self._called), Measuring(self._called, state, ledger)
        self._selecting = Selecting(self._called, state)
        self._windows: dict[Key, Window] | None = None
        self._versions: dict[Span, set[str]] = {}  # that have a window there
        self._agenda: dict[str, list[tuple[int, Key]]] = {}  # by model, a heap: when which window closes, or is final

    @property
    def recalled(self) -> bool:
        """Whether the store has been asked."""
        return self._windows is not None

    def forget(self) -> None:
        """Know nothing any more: the store is to be asked again."""
        self._windows, self._agenda, self._versions = None, {}, {}
        self._gathering.forget()
        self._measuring.matured = []

    def recall(self, known: Standing, joined: Callable[[str], int]) -> None:
        """Take in how windows stand by the steps that were taken, which ended with `joined` of their model."""
        self._windows, self._agenda, self._versions = {}, {}, {}
        for window, pane, n in self._of_panes(known.arrived, joined):
            window.arrive(n, known.repeats.get(pane, 0))
        for window, _, n in self._of_panes(known.labelled, joined):
            window.labelled += n
        for key, (status, n, settled) in known.said.items():
            if key in self._windows:
                one = self._windows[key]
                one.status, one.told, one.settled = status, n, settled
        for key, metric in known.worse:
            if key in self._windows:
                self._windows[key].worse.add(metric)
        self._measuring.standards.recall(known.standards)
        for model, heap in self._agenda.items():  # what was due was done
            self._agenda[model] = [one for one in heap if one[0] > joined(model)]
            heapq.heapify(self._agenda[model])
        for key in [key for key in self._windows if self._windows[key].final <= joined(key[0])]:
            self._drop(key)

    def step(self, met: Meeting, new: Rows, kept: Kept) -> None:
        """Take steps by what the store says of them: `new` are their pairs, with `end` and `step` in ns."""
        steps, places, news = met.steps, _by_step(new), News(self._called, new)
        changes = news.changes()
        changed = {key for some in changes.values() for key, _, _ in some}
        coming: dict[int, list[tuple[Key, int, int]]] = {}
        for pane, n in met.arrived.items():
            repeats = met.repeats.get(pane, 0)
            coming.setdefault(pane[2], []).extend((key, n, repeats) for key in self._called.windows(*pane))
        tells: list[Tell] = []
        times = [*{*places, *coming}]
        heapq.heapify(times)
        while (at := self._next(times, steps)) is not None:
            for key, *counted in coming.pop(at, ()):
                self._window(key).arrive(*counted)
            self._charts.step(at, new, places.get(at, np.zeros(0, np.int64)))
            speaking, corrected = self._count(changes.get(at, ()))
            due = self._due(at, steps)
            found = sorted(speaking | due)
            tells += filter(None, (self._told(key, at, corrected=key in corrected) for key in found))
            for key in due:  # all are there until all are told
                if self._known[key].final <= at:
                    self._drop(key)
        for i in range(0, len(tells), AT_ONCE):
            some = tells[i : i + AT_ONCE]
            gathered = self._gathering.gather(some, news, kept)
            self._measuring.tell(some, gathered)
            abreast_rows(self._ledger, some, gathered)
            self._selecting.tell(some, gathered, news, kept)
        self._gathering.follow(news, changed)

    def matured(self) -> list[Matured]:
        """The windows that have had enough labels for the first time since this was asked last."""
        found, self._measuring.matured = self._measuring.matured, []
        return found

    def _of_panes(self, panes: Panes, joined: Callable[[str], int]) -> Iterator[tuple[Window, Pane, int]]:
        """The windows of those panes whose steps were taken."""
        for pane, n in panes.items():
            for key in self._called.windows(*pane) if pane[2] <= joined(pane[0]) else ():
                yield self._window(key), pane, n

    # ---- one step

    def _next(self, times: list[int], steps: Steps) -> int | None:
        """The next step at which anything happens."""
        ahead = [heap[0][0] for model in steps.models if (heap := self._agenda.get(model))]
        at = min((*times[:1], *ahead), default=None)
        while times and times[0] == at:
            heapq.heappop(times)
        return at if at is not None and at <= steps.upto else None

    def _due(self, at: int, steps: Steps) -> set[Key]:
        """The windows that close at a step, or become final."""
        due = set()
        for model in steps.models:
            heap = self._agenda.get(model, [])
            while heap and heap[0][0] <= at:
                due.add(heapq.heappop(heap)[1])
        return due & self._known.keys()

    def _count(self, changes: Iterable[Change]) -> tuple[set[Key], set[Key]]:
        """Add the pairs of a step: the windows that may have news thereby, and those where an earlier pair changed."""
        speaking, corrected, known = set[Key](), set[Key](), self._known
        for key, more, rewritten in changes:
            window = known.get(key) or self._window(key)
            window.labelled += more
            if rewritten:
                corrected.add(key)
            if rewritten or window.speaks:
                speaking.add(key)
        return speaking, corrected

    def _told(self, key: Key, at: int, *, corrected: bool) -> Tell | None:
        """A closed window, where there is news of it."""
        if key[3] > at:
            return None
        window = self._known[key]
        mature = window.labelled >= window.coverage * (window.arrived - window.repeats)
        status = FINAL if window.final <= at else MATURE if mature else PROVISIONAL
        undone = corrected and window.status not in {"", PROVISIONAL}
        news = window.labelled >= max(LEAST, MORE * window.told) or undone
        news |= status not in {window.status, PROVISIONAL}
        if not (news and (window.labelled or undone)):
            return None
        settles = not window.settled and status != PROVISIONAL
        window.settled |= settles
        window.status, window.told = status, window.labelled
        counted, abreast = (window.predicted, window.repeats, window.labelled), self._abreast(key)
        return Tell(key, at, status, *counted, settles, undone, window.worse, abreast)

    @property
    def _known(self) -> dict[Key, Window]:
        assert self._windows is not None, "the store was not asked how windows stand"
        return self._windows

    def _window(self, key: Key) -> Window:
        """A window, which is on the agenda from its first prediction on."""
        known = self._known
        if key not in known:
            entry = self._state.roster.get(key[0])
            assert entry is not None, f"{key[0]}: joined, and nobody knows it"
            labels, pane = entry.settings.labels, self._settings.pane
            final = -(-(key[3] + labels.within) // pane) * pane
            known[key] = Window(final, labels.coverage)
            self._versions.setdefault((key[0], *key[2:]), set()).add(key[1])
            heap = self._agenda.setdefault(key[0], [])
            for at in (key[3], final):
                heapq.heappush(heap, (at, key))
        return known[key]

    def _drop(self, key: Key) -> None:
        del self._known[key]
        others = self._versions[key[0], *key[2:]]
        others.discard(key[1])
        if not others:
            del self._versions[key[0], *key[2:]]

    def _abreast(self, key: Key) -> bool:
        """Whether other versions have predictions in a window of the shortest length."""
        several = len(self._versions.get((key[0], *key[2:]), ())) > 1
        return several and key[2] == min(self._called.lengths(key[0]))


def _by_step(new: Rows) -> dict[int, Ints]:
    """The places of pairs, which come in the order of their steps."""
    steps, cuts = np.unique(new["step"], return_index=True)
    return dict(zip(steps.tolist(), np.split(np.arange(len(new["step"])), cuts[1:]), strict=False))
