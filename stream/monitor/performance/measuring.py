"""Windows are measured, many at once: one alone costs as much as fifty together. A row's numbers are its own."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from detectors.performance.cells import Cells
from detectors.performance.measured import Measured
from sinks import commit as tables
from sinks.commit import Texts
from stream.answers import ranked
from stream.ledger import Ledger, moment
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import Noticed
from stream.monitor.labels.called import Called
from stream.monitor.performance import fairness
from stream.monitor.performance.by_class import by_class
from stream.monitor.performance.gathered import Gathered
from stream.monitor.performance.matured import Matured
from stream.monitor.performance.numbered import Numbers, numbered, of_labels
from stream.monitor.performance.settled import settled
from stream.monitor.performance.standards import (
    DETECTOR,
    VERDICTS,
    WELL,
    WORSE,
    Judged,
    Standards,
    Sums,
    finding,
    judge,
)
from stream.monitor.performance.tell import PROVISIONAL, Tell
from stream.monitor.state import State
from stream.policy.sightings import Series

SEGMENTED: Final = (
    *("accuracy", "precision", "recall", "specificity", "selection_rate", "roc_auc", "mae", "rmse", "mean_error"),
    *("interval_coverage", "interval_width", "pinball", "ndcg_at_10", "hit_rate_at_10", "mrr"),
)
WHOLE: Final = np.zeros(1, np.int64)  # the row of everything


class Measuring:
    """Makes rows of what is known of windows."""

    def __init__(self, called: Called, state: State, ledger: Ledger) -> None:
        self._called, self._state, self._ledger = called, state, ledger
        self.standards = Standards(called, ledger)
        self.matured: list[Matured] = []  # whoever takes steps empties it

    def tell(self, tells: Sequence[Tell], found: Sequence[Gathered]) -> None:
        """Windows as they stood at steps, in the order of these; at least one."""
        alike: dict[Any, list[int]] = {}
        for i, one in enumerate(found):
            if one.shape.answers is not None:
                alike.setdefault((type(one.shape.answers), one.shape.answers.family), []).append(i)
        standards = [self._standard(*both) for both in zip(tells, found, strict=True)]
        numbers = [*of_labels(tells, found)]
        for members in alike.values():
            numbers += self._measured(members, tells, found, standards)
        rates = [self._called.rate(one.key[0], one.key[3] - one.key[2], one.key[3]) for one in tells]
        self._ledger.block(tables.PERFORMANCE, _rows(tells, found, numbers, rates))
        self.matured += _matured(tells, numbers)
        worse: dict[int, list[Finding]] = {}
        judged: dict[int, list[Series]] = {}
        for each in numbers:
            self._find(tells, found, each, worse, judged)
        for i, (tell, one, rate) in enumerate(zip(tells, found, rates, strict=True)):
            gaps = self._beside(tell, one, rate) if tell.status != PROVISIONAL else ()
            self._notice(tell, one, worse.get(i, []), judged.get(i, []), gaps)

    def _standard(self, tell: Tell, found: Gathered) -> Sums | None:
        """What a window is compared with; it may become part of that, after it."""
        if tell.status == PROVISIONAL or found.shape.answers is None:
            return None
        standard = self.standards.of(tell.key, found)
        if tell.settles:
            self.standards.learn(tell.key, tell.at, found)
        return standard

    def _measured(
        self,
        members: Sequence[int],
        tells: Sequence[Tell],
        found: Sequence[Gathered],
        standards: Sequence[Sums | None],
    ) -> Iterator[Numbers]:
        """Windows whose cells are alike: all metrics of each, those of segments where it has enough labels."""
        cells = [one.cells for i in members if (one := found[i]).cells is not None]
        answers = found[members[0]].shape.answers
        assert answers is not None, "cells without answers"
        whole = Cells.stacked([each.take([0]) for each in cells])
        settled = [place for place, i in enumerate(members) if tells[i].status != PROVISIONAL]
        judged, extra = dict[str, Judged](), dict[str, Measured]()
        if settled:
            mine = [members[place] for place in settled]
            entries = [self._state.roster.get(tells[i].key[0]) for i in mine]
            models = [entry.settings for entry in entries if entry is not None]
            keys = [tells[i].key for i in mine]
            before = [None if (known := standards[i]) is None else known.cells for i in mine]
            judged, extra = judge(answers, models, keys, whole.take(settled), before)
            yield from numbered(np.array(mine), np.zeros(len(mine), np.int64), tells, extra, judged)
        first, places = np.zeros(len(members), np.int64), np.array(members)
        scores = [found[i].ranked for i in members]
        exact = ranked.of_rows(answers, scores, [WHOLE] * len(members))
        off = ranked.bounds(answers, whole, exact)
        yield from numbered(places, first, tells, answers.measure(whole, exact=exact), judged, settled, off)
        if not settled:
            return
        mine = [members[place] for place in settled]
        yield from by_class(answers, mine, tells, found, [standards[i] for i in mine])
        parts = [(members[place], np.flatnonzero(found[members[place]].n[1:]) + 1) for place in settled]
        if any(len(part) for _, part in parts):
            row = np.concatenate([part for _, part in parts])
            segments = Cells.stacked([cells[place].take(part) for place, (_, part) in zip(settled, parts, strict=True)])
            tell = np.repeat([i for i, _ in parts], [len(part) for _, part in parts])
            exact = ranked.of_rows(answers, [scores[place] for place in settled], [part for _, part in parts])
            off = ranked.bounds(answers, segments, exact)
            told = answers.measure(segments, SEGMENTED, exact)
            yield from numbered(tell, row, tells, told, off=off)

    def _find(
        self,
        tells: Sequence[Tell],
        found: Sequence[Gathered],
        numbers: Numbers,
        worse: dict[int, list[Finding]],
        judged: dict[int, list[Series]],
    ) -> None:
        """What is worse now and was not before, and what was judged at all, by the place of the tell."""
        for i in np.flatnonzero(numbers.judged.verdict == WELL).tolist():
            judged.setdefault(int(numbers.tell[i]), []).append(("", f"{DETECTOR}:{numbers.metric[i]}"))
        for i in np.flatnonzero(numbers.judged.verdict == WORSE).tolist():
            tell, metric = tells[numbers.tell[i]], numbers.metric[i]
            if metric in tell.worse:
                continue
            tell.worse.add(metric)
            n, value = int(found[numbers.tell[i]].n[0]), float(numbers.measured.value[i])
            one = finding(tell.key, metric, value, n, numbers.judged.take(i))
            worse.setdefault(int(numbers.tell[i]), []).append(one)

    def _beside(self, tell: Tell, found: Gathered, rate: float) -> list[fairness.Treated]:
        """What groups are beside each other."""
        entry = self._state.roster.get(tell.key[0])
        assert entry is not None, tell.key
        gaps = [*fairness.treated(tell.key, entry.settings, found)]
        for one in gaps:
            fairness.gap_rows(self._ledger, tell.at, tell.status, rate, one)
        return gaps

    def _notice(
        self,
        tell: Tell,
        found: Gathered,
        worse: Sequence[Finding],
        judged: Sequence[Series],
        gaps: Sequence[fairness.Treated],
    ) -> None:
        """The policy sees a window once, when it has enough labels. What is found later is told alone."""
        entry = self._state.roster.get(tell.key[0])
        assert entry is not None, tell.key
        if tell.settles:
            coverage = tell.labelled / tell.arrived
            self._state.noticed += settled(tell.key, tell.at, entry.settings, found, coverage, worse, judged, gaps)
        elif worse:
            self._state.noticed.append(Noticed(tell.key[:2], tell.at, tuple(worse)))


def _matured(tells: Sequence[Tell], numbers: Sequence[Numbers]) -> list[Matured]:
    """What windows say of all events that have enough labels for the first time."""
    settled = {i: dict[str, float]() for i, tell in enumerate(tells) if tell.settles}
    for each in numbers:
        for i in np.flatnonzero((each.row == 0) & np.isin(each.tell, list(settled))).tolist():
            settled[int(each.tell[i])][each.metric[i]] = float(each.measured.value[i])
    some = ((tells[i], truth) for i, truth in settled.items())
    return [Matured(one.key, one.at, one.status, one.predicted, one.labelled, truth) for one, truth in some]


def _rows(
    tells: Sequence[Tell], found: Sequence[Gathered], numbers: Sequence[Numbers], rates: Sequence[float]
) -> dict[str, Any]:
    """Rows of `performance`."""
    tell, row = (np.concatenate([getattr(each, name) for each in numbers]) for name in ("tell", "row"))
    names = dict.fromkeys(one.shape.names for one in found)
    firsts = dict(zip(names, np.cumsum([0, *map(len, names)]).tolist(), strict=False))
    first = np.array([firsts[one.shape.names] for one in found])
    ns = np.concatenate([one.n for one in found])
    n_first = np.cumsum([0, *(len(one.n) for one in found)])[:-1]
    keys = [one.key for one in tells]
    predicted, repeats = (np.array([getattr(one, name) for one in tells]) for name in ("predicted", "repeats"))
    measured = [np.concatenate([each.measured[i] for each in numbers]) for i in range(4)]
    judged = [np.concatenate([each.judged[i] for each in numbers]) for i in range(4)]

    def moments(times: Sequence[int]) -> Any:  # noqa: ANN401 - of a block
        return np.array([moment(time) for time in times])[tell]

    return {
        "model": Texts(tuple(key[0] for key in keys), tell),
        "version": Texts(tuple(key[1] for key in keys), tell),
        "segment": Texts(tuple(chain.from_iterable(names)), first[tell] + row),
        "metric": Texts.of([name for each in numbers for name in each.metric]),
        "length": np.array([key[2] for key in keys])[tell],
        "start": moments([key[3] - key[2] for key in keys]),
        "end": moments([key[3] for key in keys]),
        "step": moments([one.at for one in tells]),
        "status": Texts(tuple(one.status for one in tells), tell),
        **dict(zip(("value", "error", "low", "high"), measured, strict=True)),
        **dict(zip(("reference", "limit", "baseline"), judged[:3], strict=True)),
        "verdict": Texts(VERDICTS, judged[3]),
        "predicted": np.where(row == 0, predicted[tell], -1),
        "repeats": np.where(row == 0, repeats[tell], -1),
        "labelled": ns[n_first[tell] + row],
        "rate": np.array(rates)[tell],
        "bound": np.concatenate([each.bound for each in numbers]),
    }
