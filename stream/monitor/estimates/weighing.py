"""A second opinion before labels: labelled events, weighted so that their inputs are distributed as a window's.

Panes have counts of all events' inputs, which add up, so each is read once, when its step is taken, and what windows
still lack after a restart is read again. It judges nothing: estimates by scores do, and it says where they differ.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from detectors.codes import Integers
from detectors.estimation.estimate import Estimate
from detectors.importance import Known, Opinion, apart, learn, weigh
from detectors.outcomes import KINDS
from detectors.packing import total
from sinks import commit as tables
from sinks.commit import Columns, Span, Steps, Texts, to_ns
from stream.answers.chosen import answers_of
from stream.config.settings import Settings
from stream.joining.showing import shows
from stream.ledger import Ledger, moment
from stream.monitor.estimates.examples import Examples
from stream.monitor.estimates.told import Told
from stream.monitor.labels.called import Called, Kept, Key, Panes
from stream.monitor.performance.numbered import LEVEL
from stream.monitor.state import State
from stream.plan import Plan
from stream.taught.truth import Truth
from stream.taught.weighting import cells_of_inputs, inputs

PANES_MAX: Final = 288  # that are read at once, of one model: with segments each may be some 10 KB


@dataclass
class Open:
    """A window that may still get a pane: `counts` of its inputs, and how many predictions may get a label."""

    counts: Integers
    n: int


class Source(NamedTuple):
    """What a window is weighed by: its plan, labelled events, and where these come from."""

    plan: Plan
    truth: Truth
    about: str


class Weighing:
    """The open windows of models whose reference has labelled events, or whose stream had enough of them."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger, examples: Examples) -> None:
        self._settings, self._state, self._ledger, self._examples = settings, state, ledger, examples
        self._called = Called(settings, state)
        self._open: dict[Key, Open] = {}
        self._counted: dict[str, str] = {}  # by plan, what its answers are counted as now
        self.fresh: dict[Key, Told] = {}  # since the last Commit, of the shortest windows

    def weighs(self, model: str) -> bool:
        """Whether any of a model's plans has labelled events, or may get them from the stream."""
        entry = self._state.roster.get(model)
        return entry is not None and any(
            _taught(plan) is not None or shows(entry.settings.output, plan) for plan in entry.plans
        )

    def recall(self, arrived: Panes, joined: Callable[[str], int], kept: Kept) -> None:
        """Take in the panes of windows that steps have begun and not ended; steps ended with `joined` of a model."""
        self._open, self._counted, self.fresh = {}, {}, {}
        begun = {pane: n for pane, n in arrived.items() if pane[2] <= joined(pane[0])}
        still = {key for pane in begun for key in self._called.windows(*pane) if key[3] > joined(key[0])}
        self._read({pane: n for pane, n in begun.items() if still & {*self._called.windows(*pane)}}, kept, still)

    def step(self, steps: Steps, arrived: Panes, estimates: Mapping[Key, Told], kept: Kept) -> None:
        """Take steps of some models; tell the windows that end with them. `estimates` are those of the same windows."""
        self._read({pane: n for pane, n in arrived.items() if steps.after < pane[2] <= steps.upto}, kept)
        for key in sorted(key for key in self._open if key[0] in steps.models and key[3] <= steps.upto):
            window, source = self._open.pop(key), self._source(key)
            if source is not None and self._called.whole(key) is not None:
                self._tell(key, source, window, estimates.get(key))

    # ---- panes in

    def _read(self, panes: Panes, kept: Kept, only: Collection[Key] | None = None) -> None:
        """Add the counts of panes in which anything waits for labels to their windows, or to some of them."""
        arrived = Counter[tuple[str, str, int]]()
        for (model, version, end), n in panes.items():
            arrived[model, self._called.version(model, version, end), end] += n
        wanted = {
            pane: keys
            for pane in arrived
            if (
                keys := [
                    key for key in self._called.windows(*pane) if (only is None or key in only) and self._source(key)
                ]
            )
        }
        for (model, version, end), keys in wanted.items():
            for key in keys:
                known = self._open.setdefault(key, Open(np.zeros(0, np.int64), 0))
                known.n += arrived[model, version, end]
        for span in _spans({(model, end) for model, _, end in wanted}, self._settings.pane):
            self._add(kept([span]), wanted)

    def _add(self, rows: Columns, wanted: Mapping[tuple[str, str, int], list[Key]]) -> None:
        ends = to_ns(rows["end"])
        names = (rows[name].tolist() for name in ("model", "version", "plan", "summary"))
        for model, version, plan_id, summary, end in zip(*names, ends.tolist(), strict=True):
            for key in wanted.get((model, self._called.version(model, version, end), end), ()):
                source = self._source(key)
                if source is not None and source.plan.id == plan_id:
                    counts, known = total(source.plan.grid, summary), self._open[key]
                    known.counts = counts + known.counts if len(known.counts) else counts

    def _source(self, key: Key) -> Source | None:
        """The plan that held when a window began, and labelled events that are counted as answers are now."""
        model, version, length, end = key
        entry = self._state.roster.get(model)
        plan = None if entry is None else entry.plan_at(end - length)
        if entry is None or plan is None:
            return None
        if plan.id not in self._counted:
            answers = answers_of(entry.settings, plan)
            self._counted[plan.id] = "" if answers is None else answers.about
        about = self._counted[plan.id]
        if (taught := _taught(plan)) is not None:
            return Source(plan, taught, plan.source) if about == taught.answers else None
        truth = self._examples.at((model, version), plan, about, end - length)
        return None if truth is None else Source(plan, truth, f"learned from {truth.n:,} labels")

    # ---- windows out

    def _tell(self, key: Key, source: Source, window: Open, estimates: Told | None) -> None:
        if not window.counts.any():
            return
        known, at = known_of(source.truth), cells_of_inputs(source.plan)
        said = weigh(known, window.counts[at], window.n, LEVEL)
        unknown = {name for name, each in said.found.items() if np.isnan(each.value[0])}
        names = sorted(KINDS[known.labelled.kind].metrics.keys() - unknown)
        found = {name: said.found[name] for name in names if name in said.found}
        if found and key[2] == min(self._called.lengths(key[0])):
            self.fresh[key] = source.about, found
        if names:
            columns = _numbers(names, said, {} if estimates is None else estimates[1])
            self._ledger.block(
                tables.WEIGHTED, columns | _about(key, source, known, said, len(names)) | {"n": window.n}
            )


def _taught(plan: Plan) -> Truth | None:
    """What a plan's reference teaches, where its labelled events are known."""
    return None if plan.truth is None or plan.truth.labelled is None else plan.truth


@lru_cache(maxsize=64)  # 130 KB each, some ms to work out; models with one reference share one
def known_of(truth: Truth) -> Known:
    """What is worked out of the labelled events of a truth."""
    assert truth.labelled is not None, truth.answers
    return learn(truth.labelled)


def _spans(panes: Iterable[tuple[str, int]], pane: int) -> Iterator[Span]:
    """Spans that hold panes of models, few of each."""
    ordered = sorted(panes)
    for model in sorted({model for model, _ in ordered}):
        ends = [end for name, end in ordered if name == model]
        for i in range(0, len(ends), PANES_MAX):
            some = ends[i : i + PANES_MAX]
            yield Span(model, some[0] - pane, some[-1])


def _numbers(names: Sequence[str], said: Opinion, estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    """What is said of each metric, and whether estimates by scores surely say something else."""
    nan = np.full(len(names), np.nan)
    columns: dict[str, Any] = {
        name: np.array([getattr(said.found[metric], name)[0] for metric in names]) if said.found else nan
        for name in ("value", "chance", "shared", "low", "high")
    }
    both = [name in said.found and name in estimates for name in names]
    differ = [there and apart(estimates[name], said.found[name]) for name, there in zip(names, both, strict=True)]
    return columns | {"metric": Texts.of(list(names)), "apart": np.array(differ, np.bool_)}


def _about(key: Key, source: Source, known: Known, said: Opinion, n: int) -> dict[str, Any]:
    """What metrics have in common, of which there are `n`."""
    model, version, length, end = key
    same = np.zeros(n, np.int64)
    return {
        "model": Texts((model,), same),
        "version": Texts((version,), same),
        "segment": Texts(("",), same),
        "length": length,
        "start": moment(end - length),
        "end": moment(end),
        "basis": Texts((source.about,), same),
        "labelled": len(known.left),
        "effective": said.effective,
        "covered": said.covered,
        "why": Texts((_why(source.plan, said, len(known.left)),), same),
    }


def _why(plan: Plan, said: Opinion, labelled: int) -> str:
    """Why there is no number, for people."""
    if said.why == "unknown":
        name = plan.grid.columns[inputs(plan)[said.column]]
        return f"{1 - said.covered:.1%} of {name} lies where none of the {labelled:,} labelled events does"
    if said.why == "unlike":
        return f"too few of the {labelled:,} labelled events are like these: they are worth {said.effective:,.0f}"
    return ""
