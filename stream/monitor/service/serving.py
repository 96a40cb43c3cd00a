"""Closed windows as a service's own quality: how fast, how reliable, how much asked, and what of it is surely worse.

One budget of false findings, as large as the one of false triggers: an equal share for each window length, and of that
for each of the JUDGED metrics.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import isnan
from typing import Final

import numpy as np
from msgspec.structs import astuple

from detectors.codes import Floats
from detectors.performance.service import latency, traffic
from detectors.performance.service.limits import failures_limit, quantile_limit
from sinks import commit as tables
from sinks.commit import Texts
from stream.config.settings import SECOND, Model
from stream.ledger import Ledger, moments
from stream.monitor import losses
from stream.monitor.acting.noticed import Noticed, noticed_window
from stream.monitor.acting.sighted import of_service
from stream.monitor.panes.accumulator import Either, Key
from stream.monitor.scopes import Scope
from stream.monitor.service.served import FAILING, TRAFFIC, UNJUDGED, UNKNOWN, WELL, WORSE, Told
from stream.monitor.service.usual import Base, Traffic, basis, slot
from stream.monitor.state import State
from stream.monitor.verdicts.judging import Case
from stream.monitor.verdicts.levels import MONTH

JUDGED: Final = (*latency.SHARES, FAILING, TRAFFIC)  # the mean is the others' company
CHANCE_MAX = 0.05  # of a false finding in one window and metric, however long the window is


class Serving:
    """What windows say of the service."""

    def __init__(self, state: State, ledger: Ledger) -> None:
        self._state, self._ledger = state, ledger
        # Topics on which nothing more comes: what closes now is not full, and its traffic says nothing.
        self.ended: Collection[str] = ()

    def close(
        self, scope: Scope, closing: Mapping[Key, Either], cases: Sequence[Case], silent: Sequence[tuple[str, int]]
    ) -> list[Noticed]:
        """Close windows that end together; `silent` are (model, length) of those of which nothing came."""
        whole = [case for case in cases if case.summary.service]
        told = [*self._answers(whole), *self._traffic(scope, closing), *self._silence(scope, silent)]
        for key, window in sorted(closing.items(), key=lambda one: one[0]):
            self._learn(scope, key, window)
        if told:
            self._ledger.block(tables.SERVICE, _columns(told))
        return [*_noticed(told)]

    # ---- answers

    def _answers(self, cases: Sequence[Case]) -> Iterator[Told]:
        """Latencies and failures of windows, all measured at once."""
        if not cases:
            return
        against = [basis(self._state.bases.get(case.plan.model, Base()), case.plan.reference.service) for case in cases]
        seen = latency.read([case.summary.service for case in cases])
        slow, failing = (latency.read([each[i] for each in against]) for i in range(2))
        numbers, limits = latency.measure(seen), _limits(seen, slow, failing, cases)
        before = {**latency.values(slow), FAILING: latency.values(failing)[FAILING]}
        by_metric = []
        for metric, (value, _, low, high) in numbers.items():
            n, m = (seen.answers, failing.answers) if metric == FAILING else (seen.n, slow.n)
            limit = limits.get(metric, np.full(len(cases), np.nan))
            known = np.isfinite(limit) & ~((metric == FAILING) & (limit > 1))
            verdict = np.where(known, np.where(value > limit, WORSE, WELL), UNKNOWN if metric in JUDGED else UNJUDGED)
            sizes = n.astype(np.int64), m.astype(np.int64)
            columns = (sizes[0], value, low, high, before[metric], sizes[1], np.where(known, limit, np.nan), verdict)
            by_metric.append([(metric, *row) for row in zip(*(each.tolist() for each in columns), strict=True)])
        for case, *found in zip(cases, *by_metric, strict=True):
            about = case.plan.model, case.version, case.length, case.end
            yield from (one for row in found if not isnan((one := Told(*about, *row)).value))

    # ---- traffic

    def _traffic(self, scope: Scope, closing: Mapping[Key, Either]) -> Iterator[Told]:
        """How many events came, of all versions together, and what that makes usual."""
        keys = sorted(closing, key=lambda key: (key[0], key[2], key[1]))
        for (model, length), same in groupby(keys, key=lambda key: (key[0], key[2])):
            windows = [closing[key] for key in same]
            events, end = sum(window.events for window in windows), windows[0].end
            complete = self._complete(scope, end - length, end)
            known = self._state.traffic.get((model, length))
            yield self._asked(model, length, end, events, complete=complete)
            # The first window began before its model did.
            after = Traffic(end) if known is None else known.step(events, end, length, learned=complete)
            self._state.traffic[model, length] = after

    def _silence(self, scope: Scope, silent: Sequence[tuple[str, int]]) -> Iterator[Told]:
        for model, length in sorted(silent):
            known = self._state.traffic[model, length]
            end = known.seen + length
            if not self._over(scope):
                yield self._asked(model, length, end, 0, complete=self._complete(scope, known.seen, end))
            self._state.traffic[model, length] = known.stopped()

    def _asked(self, model: str, length: int, end: int, events: int, *, complete: bool) -> Told:
        """Traffic in events per second, against what is usual by now."""
        entry = self._state.roster.entries[self._state.roster.index[model]]
        known, seconds = self._state.traffic.get((model, length), Traffic(end)), length / SECOND
        place, _ = slot(end, length)
        least = known.usual.limit(place, _chance(entry.settings, length), entry.settings.tolerate)
        if not complete:
            least = float("nan")
        verdict = UNKNOWN if np.isnan(least) else WORSE if events <= least else WELL
        usual = known.usual.expected(place) / seconds if known.usual.windows else np.nan
        low, high = (each / seconds for each in traffic.interval(events))
        about = model, "", length, end, TRAFFIC, events, events / seconds, low, high
        return Told(*about, usual, known.usual.windows, least / seconds, verdict)

    def _over(self, scope: Scope) -> bool:
        return set(scope) <= set(self.ended)

    def _complete(self, scope: Scope, start: int, end: int) -> bool:
        return not self._over(scope) and not losses.touched(self._state.losses, scope, start, end)

    def _learn(self, scope: Scope, key: Key, window: Either) -> None:
        """Let a model's base grow, where its reference does not say how its service answers."""
        model, _, length = key
        entry = self._state.roster.entries[self._state.roster.index[model]]
        if window.summary is None or window.plan is None or length != max(entry.settings.windows):
            return
        reference = window.plan.reference.service
        if not window.summary.service or (reference.answers and reference.good + reference.failed):
            return
        if self._complete(scope, window.start, window.end):
            self._state.bases[model] = self._state.bases.get(model, Base()).add(window.summary.service)


def _noticed(told: Iterable[Told]) -> Iterator[Noticed]:
    """What the policy sees of numbers that were judged: each metric is a series."""
    for one in told:
        if one.verdict in {WELL, WORSE}:
            version, span = (one.model, one.version), (one.length, one.end)
            found = [one.finding()] if one.verdict == WORSE else []
            yield noticed_window(version, one.end, span, [("", one.feature)], found, of_service(one.metric))


def _chance(settings: Model, length: int) -> float:
    """Of a false finding in one window, of one metric."""
    share = settings.false_triggers_per_month / len(settings.windows) / len(JUDGED)
    return min(share * length / MONTH, CHANCE_MAX)


def _limits(seen: latency.Seen, slow: latency.Seen, failing: latency.Seen, cases: Sequence[Case]) -> dict[str, Floats]:
    """What each metric may be, (cases,): `slow` and `failing` are what latencies and statuses are compared with."""
    chance = np.array([_chance(case.settings, case.length) for case in cases])
    level = chance, np.array([case.settings.tolerate for case in cases], np.float64)
    limits = {metric: quantile_limit(slow, seen.n, share, *level) for metric, share in latency.SHARES.items()}
    return limits | {FAILING: failures_limit(failing, seen.answers, *level)}


def _columns(told: Sequence[Told]) -> dict[str, object]:
    found = dict(zip(Told.__struct_fields__, zip(*map(astuple, told), strict=True), strict=True))
    length, end = (np.array(found[name], np.int64) for name in ("length", "end"))
    spans = {"start": moments(end - length), "end": moments(end)}
    texts = {name: Texts.of(found[name]) for name in ("model", "version", "metric", "verdict")}
    whole = {name: np.array(found[name], np.int64) for name in ("n", "n_reference")}
    floats = {name: np.array(found[name], np.float64) for name in ("value", "low", "high", "reference", "limit")}
    return {**texts, **whole, **floats, "length": length, **spans}
