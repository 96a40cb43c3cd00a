"""Performance before labels: what scores of a window are worth, by what scores meant in the labels that are known.

Counts of (decision, bin) add up, so each pane is read once, when its step is taken, and what windows still lack after a
restart is read again. What is said of a window follows from its panes and from a basis that held before it began.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Integers
from sinks import commit as tables
from sinks.commit import Said, Steps
from stream.answers.chosen import answers_of
from stream.answers.classes import Classes
from stream.answers.own import bare
from stream.config.settings import Settings
from stream.ledger import Ledger
from stream.monitor.estimates.decay import Decay
from stream.monitor.estimates.heard import Heard, Meaning, estimated, heard, of_parts
from stream.monitor.estimates.learned import Learned
from stream.monitor.estimates.told import Told, told_rows
from stream.monitor.labels.called import Called, Key, Pane, Panes
from stream.monitor.state import State
from stream.plan import Plan

ROWS_MAX: Final = 200_000  # predictions that are read at once, unless one pane has more
PER_SEGMENT: Final = 26  # predictions, at 100 bytes, take as much as the counts of one segment

Ask = Callable[[Sequence[str], int, int], Said]  # of models, in panes that end in a span


@dataclass(frozen=True, eq=False)
class Source:
    """What estimates of a window stand on. `right`: the share of right answers among the labels, and how many."""

    meaning: Meaning
    about: str
    right: tuple[float, int]
    plan: Plan


@dataclass
class Open:
    """A window that may still get a pane."""

    source: Source
    counted: Heard


class Estimates:
    """The open windows of versions that have a basis. What they hold so far is asked for once in a life."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger, learned: Learned) -> None:
        self._settings, self._state, self._ledger, self._learned = settings, state, ledger, learned
        self._called, self._decay = Called(settings, state), Decay(settings, state)
        self._open: dict[Key, Open] = {}
        self._sources: dict[tuple[object, ...], Source] = {}
        self.fresh: dict[Key, Told] = {}  # since the last Commit, of the shortest windows
        self.told: dict[Key, Told] = {}  # with the last steps

    def recall(self, arrived: Panes, joined: Callable[[str], int], said: Ask) -> None:
        """Take in the panes of windows that steps have begun and not ended; steps ended with `joined` of a model."""
        self._open, self._sources, self.fresh = {}, {}, {}
        begun = {pane: n for pane, n in arrived.items() if pane[2] <= joined(pane[0])}
        still = {key for pane in begun for key in self._called.windows(*pane) if key[3] > joined(key[0])}
        self._read({pane: n for pane, n in begun.items() if still & {*self._called.windows(*pane)}}, said, still)

    def step(self, steps: Steps, arrived: Panes, said: Ask) -> None:
        """Take steps of some models; tell the windows that end with them."""
        self.told = {}
        self._read({pane: n for pane, n in arrived.items() if steps.after < pane[2] <= steps.upto}, said)
        for key in sorted(key for key in self._open if key[0] in steps.models and key[3] <= steps.upto):
            window = self._open.pop(key)
            if self._called.whole(key) is not None:
                self._tell(key, window)

    # ---- panes in

    def _read(self, panes: Panes, said: Ask, only: Collection[Key] | None = None) -> None:
        """Add what was said in panes to their windows, or to some of them.

        Not to windows over two plans: they are not told, and segments are other ones in each.
        """
        wanted: dict[Pane, list[tuple[Key, Source]]] = {}
        for pane in panes:
            keys, plan = self._called.windows(*pane), self._called.plan_of(pane[0], pane[2])
            sources = [(key, self._source(key)) for key in keys if only is None or key in only]
            found = [(key, source) for key, source in sources if source is not None and source.plan is plan]
            if found:
                wanted[pane] = found
        for stretch in _stretches({pane: _size(panes[pane], found) for pane, found in wanted.items()}):
            first, last = min(end for _, _, end in stretch), max(end for _, _, end in stretch)
            models = sorted({model for model, _, _ in stretch})
            self._add(said(models, first - self._settings.pane, last), {pane: wanted[pane] for pane in stretch})

    def _add(self, said: Said, wanted: Mapping[Pane, list[tuple[Key, Source]]]) -> None:
        """Count rows by pane, once for each basis that one of its windows has, and add them up."""
        if not len(said.end):
            return
        panes, place = _panes(said)
        sources = {id(source): source for found in wanted.values() for _, source in found}
        for source in sources.values():
            mine = [i for i, pane in enumerate(panes) if any(one is source for _, one in wanted.get(pane, ()))]
            row_of = np.zeros(len(panes), np.int64)
            row_of[mine] = np.arange(1, len(mine) + 1)
            chosen = np.flatnonzero(row_of[place])
            rows = {name: getattr(said, name)[chosen] for name in ("score", "value", "answer", "several")}
            segments = _segments(source, said.segments[chosen])
            made = heard(source.meaning, rows, (row_of[place[chosen]] - 1, len(mine)), segments)
            for i, part in zip(mine, made, strict=True):
                for key, one in wanted[panes[i]]:
                    if one is source:
                        self._grow(key, source, part)

    def _grow(self, key: Key, source: Source, part: Heard) -> None:
        known = self._open.get(key)
        self._open[key] = Open(source, part if known is None else known.counted + part)

    def _source(self, key: Key) -> Source | None:
        """What a window is estimated by, which held when it began; None where nothing did."""
        model, version, length, end = key
        entry = self._state.roster.get(model)
        plan = None if entry is None else entry.plan_at(end - length)
        if entry is None or plan is None:
            return None
        truth, about, since = plan.truth, plan.source, plan.since
        if truth is None or not (truth.basis or truth.classes):
            found = self._learned.at(model, version, end - length)
            if found is None:
                return None
            since, truth = found
            about = f"learned from {truth.n:,} labels"
        answers = answers_of(entry.settings, plan)
        if answers is None or answers.about != truth.answers:
            return None
        kind, classes = bare(answers), truth.classes
        if classes is not None and not (isinstance(kind, Classes) and kind.settings.classes == classes.names):
            classes = None
        if truth.basis is None and classes is None:
            return None
        name = (plan.id, model, version, since)
        if name not in self._sources:
            meaning = Meaning(truth.basis, classes, answers, plan.rows)
            self._sources[name] = Source(meaning, about, (truth.right / truth.n, truth.n), plan)
        return self._sources[name]

    # ---- windows out

    def _tell(self, key: Key, window: Open) -> None:
        """Estimate a window; each metric that is known becomes a row.

        One by one: the last bit of a sum depends on how many rows are summed at once, which differs between runs.
        """
        source = window.source
        n, told = estimated(source.meaning, window.counted.whole)
        if not told:
            return
        self.told[key] = source.about, told
        if key[2] == min(self._called.lengths(key[0])):
            self.fresh[key] = source.about, told
        self._ledger.block(tables.ESTIMATES, told_rows(key, source.about, told, n))
        for segment, of, part in of_parts(source.meaning, window.counted.parts) if window.counted.parts else ():
            self._ledger.block(tables.ESTIMATES, told_rows(key, source.about, part, of, segment))
        if "accuracy" in told:
            self._decay.look(key, told["accuracy"], n, source.right)


def _size(n: int, found: Sequence[tuple[Key, Source]]) -> int:
    """What a pane of `n` predictions takes, counted in these: few of them in many segments take more than they are."""
    return max(n, PER_SEGMENT * max(len(source.meaning.names) for _, source in found))


def _segments(source: Source, packed: NDArray[np.object_]) -> Integers | None:
    """The rows of segments that predictions belong to, (n, fields), in panes of the plan of a source."""
    fields = len(source.plan.segments)
    return np.frombuffer(b"".join(packed.tolist()), "<u2").reshape(-1, fields).astype(np.int64) if fields else None


def _stretches(panes: Panes) -> Iterator[list[Pane]]:
    """Panes in order, together as long as they take little."""
    stretch, n = list[Pane](), 0
    for _, group in groupby(sorted(panes, key=lambda pane: pane[2]), key=lambda pane: pane[2]):
        together = list(group)
        more = sum(panes[pane] for pane in together)
        if stretch and n + more > ROWS_MAX:
            yield stretch
            stretch, n = [], 0
        stretch, n = stretch + together, n + more
    if stretch:
        yield stretch


def _panes(said: Said) -> tuple[list[Pane], Integers]:
    """The panes that rows are of, and the place of each row's among them, (n,)."""
    ends, end = np.unique(said.end, return_inverse=True)
    shape = len(said.model.words), len(said.version.words), len(ends)
    codes, place = np.unique(
        np.ravel_multi_index((said.model.codes, said.version.codes, end), shape), return_inverse=True
    )
    places = (each.tolist() for each in np.unravel_index(codes, shape))
    panes = [(said.model.words[i], said.version.words[j], int(ends[k])) for i, j, k in zip(*places, strict=True)]
    return panes, place.astype(np.int64)
