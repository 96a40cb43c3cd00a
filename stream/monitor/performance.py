"""Performance of windows, step by step: what their labels say so far, told again whenever there is more to say.

A window's number is provisional, then mature (the configured share of its predictions has labels), then final (no more
labels count). It is told when it becomes mature or final, from LEAST labels on whenever a quarter more have come, and
once it was mature also when a label was corrected. A micro-batch of labels touches thousands of windows; few have news.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.performance.measured import Measured
from sinks import commit as tables
from sinks.commit import Standing, Steps, Texts
from stream.config.settings import Settings
from stream.ledger import Ledger, moment
from stream.monitor.called import Called, Key
from stream.monitor.charting import Charts
from stream.monitor.outputs import Rows, answers_of, measured
from stream.monitor.state import State

PROVISIONAL, MATURE, FINAL = "provisional", "mature", "final"
MORE: Final = 1.25  # times as many labels are news
LEAST: Final = 30  # labels of a provisional window: of fewer an interval says that nothing is known
SEGMENTED: Final = ("accuracy", "precision", "recall", "selection_rate", "roc_auc", "mae", "rmse", "mean_error")

Kept = Callable[[str, int, int], Rows]  # the pairs of a model in panes that end in a span: those of the store


@dataclass
class Window:
    """How a window stands. `told`: with how many labels it was told last, and as what."""

    arrived: int = 0
    labelled: int = 0
    told: int = 0
    status: str = ""


class Performance:
    """The windows of which labels may still come. What the store knows of them is asked for once in a life."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger = settings, state, ledger
        self._called = Called(settings, state)
        self._charts = Charts(settings, state, ledger)
        self._windows: dict[Key, Window] | None = None
        self._agenda: dict[str, list[tuple[int, Key]]] = {}  # by model, a heap: when which window closes, or is final

    @property
    def recalled(self) -> bool:
        """Whether the store has been asked."""
        return self._windows is not None

    def forget(self) -> None:
        """Know nothing any more: the store is to be asked again."""
        self._windows, self._agenda = None, {}

    def recall(self, known: Standing, joined: Callable[[str], int]) -> None:
        """Take in how windows stand by the steps that were taken, which ended with `joined` of their model."""
        self._windows, self._agenda = {}, {}
        for panes, of_arrived in ((known.arrived, True), (known.labelled, False)):
            for (model, version, end), n in panes.items():
                for key in self._called.windows(model, version, end) if end <= joined(model) else ():
                    window = self._window(key)
                    window.arrived += n * of_arrived
                    window.labelled += n * (not of_arrived)
        for key, (status, n) in known.said.items():
            if key in self._windows:
                self._windows[key].status, self._windows[key].told = status, n
        for model, heap in self._agenda.items():  # what was due was done
            self._agenda[model] = [one for one in heap if one[0] > joined(model)]
            heapq.heapify(self._agenda[model])
        self._windows = {key: one for key, one in self._windows.items() if self._final(key) > joined(key[0])}

    def step(self, steps: Steps, arrived: Mapping[tuple[str, str, int], int], new: Rows, kept: Kept) -> None:
        """Take steps of some models: `new` are the pairs that they make, with `end` and `step` in ns."""
        pairs = _by_step(new)
        coming: dict[int, list[tuple[Key, int]]] = {}
        for (model, version, end), n in arrived.items():
            coming.setdefault(end, []).extend((key, n) for key in self._called.windows(model, version, end))
        times = [*{*pairs, *coming}]
        heapq.heapify(times)
        while (at := self._next(times, steps)) is not None:
            for key, n in coming.pop(at, ()):
                self._window(key).arrived += n
            places = pairs.pop(at, [])
            self._charts.step(at, new, places)
            changed, corrected = self._count(new, places)
            for key in sorted(changed | self._due(at, steps)):
                self._tell(key, at, new, kept, corrected=key in corrected)

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
        return {key for key in due if key in self._known}

    def _count(self, new: Rows, places: Iterable[int]) -> tuple[set[Key], set[Key]]:
        """Add the pairs of a step: the windows that they belong to, and those where an earlier pair changed."""
        changed, corrected = set[Key](), set[Key]()
        model, version, end, change, first = (new[name] for name in ("model", "version", "end", "change", "first"))
        for i in places:
            for key in self._called.windows(model[i], version[i], int(end[i])):
                self._window(key).labelled += int(change[i])
                changed.add(key)
                if not first[i]:
                    corrected.add(key)
        return changed, corrected

    def _tell(self, key: Key, at: int, new: Rows, kept: Kept, *, corrected: bool) -> None:
        """Tell a closed window where there is news of it; forget one that is final."""
        window, (name, _, _, end) = self._known[key], key
        if end > at:
            return
        entry = self._state.roster.get(name)
        assert entry is not None, f"{name}: joined, and nobody knows it"
        mature = window.labelled >= entry.settings.labels.coverage * window.arrived
        final = self._final(key) <= at
        status = FINAL if final else MATURE if mature else PROVISIONAL
        settled = window.status not in {"", PROVISIONAL}
        news = window.labelled >= max(LEAST, MORE * window.told) or (corrected and settled)
        news |= status not in {window.status, PROVISIONAL}
        if window.labelled and news and self._measure(key, at, status, new, kept):
            window.status, window.told = status, window.labelled
        if final:
            del self._known[key]

    @property
    def _known(self) -> dict[Key, Window]:
        assert self._windows is not None, "the store was not asked how windows stand"
        return self._windows

    def _window(self, key: Key) -> Window:
        """A window, which is on the agenda from its first prediction on."""
        if key not in self._known:
            self._known[key] = Window()
            heap = self._agenda.setdefault(key[0], [])
            for at in (key[3], self._final(key)):
                heapq.heappush(heap, (at, key))
        return self._known[key]

    def _final(self, key: Key) -> int:
        """The step from which on no label counts for a window."""
        entry, pane = self._state.roster.get(key[0]), self._settings.pane
        assert entry is not None, key
        return -(-(key[3] + entry.settings.labels.within) // pane) * pane

    def _measure(self, key: Key, at: int, status: str, new: Rows, kept: Kept) -> bool:
        """The metrics of a window's pairs up to a step as rows; whether there are any."""
        name, version, length, end = key
        before = kept(name, end - length, end)
        every = {column: np.concatenate((before[column], new[column])) for column in new}
        panes, steps = every["end"], every["step"]
        there = np.flatnonzero((every["model"] == name) & (panes > end - length) & (panes <= end) & (steps <= at))
        told = list(zip(every["version"][there].tolist(), panes[there].tolist(), strict=True))
        mine = {one for one in set(told) if self._called.version(name, *one) == version}  # of many pairs few differ
        called = np.array([one in mine for one in told], np.bool_)
        pairs = {column: values[there[called]] for column, values in every.items()}
        plan, entry = self._called.plan(name, pairs), self._state.roster.get(name)
        answers = None if plan is None or entry is None else answers_of(entry.settings, plan)
        if plan is None or answers is None:
            return False
        one_plan = bool((pairs["plan"] == plan.id).all())  # segments of another plan are other rows
        fields, names = (len(plan.segments), plan.rows) if one_plan else (0, plan.rows[:1])
        metrics, n = measured(answers, pairs, fields, len(names))
        chosen = [
            (metric, row)
            for metric, found in metrics.items()
            for row in range(len(names))
            if n[row] > 0 and not np.isnan(found.value[row]) and (not row or metric in SEGMENTED)
        ]
        if chosen:
            self._ledger.block(tables.PERFORMANCE, self._rows(key, at, status, chosen, metrics, n, names))
        return bool(chosen)

    def _rows(  # noqa: PLR0913, PLR0917 - what is known of one window
        self,
        key: Key,
        at: int,
        status: str,
        chosen: Sequence[tuple[str, int]],
        metrics: Mapping[str, Measured],
        n: NDArray[np.int64],
        names: tuple[str, ...],
    ) -> dict[str, Any]:
        model, version, length, end = key
        row = np.array([row for _, row in chosen])
        told = [tuple(column[i] for column in metrics[metric]) for metric, i in chosen]
        value, error, low, high = (np.array(column, np.float64) for column in zip(*told, strict=True))
        same = np.zeros(len(chosen), np.int64)
        return {
            "model": Texts((model,), same),
            "version": Texts((version,), same),
            "segment": Texts(names, row),
            "metric": Texts.of([metric for metric, _ in chosen]),
            "length": length,
            "start": moment(end - length),
            "end": moment(end),
            "step": moment(at),
            "status": Texts((status,), same),
            "value": value,
            "error": error,
            "low": low,
            "high": high,
            "predicted": np.where(row == 0, self._known[key].arrived, -1),
            "labelled": n[row],
        }


def _by_step(new: Rows) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for i, step in enumerate(new["step"].tolist()):
        found.setdefault(step, []).append(i)
    return found
