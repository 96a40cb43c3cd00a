"""Closed windows as a service's own quality: how fast, how reliable, how much asked, and what of it is surely worse.

One budget of false findings, as large as the one of false triggers: an equal share for each window length, and of that
for each of the JUDGED metrics.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

import numpy as np

from detectors.codes import Floats
from detectors.performance import latency, service_limits, traffic
from sinks import commit as tables
from sinks.commit import Texts
from stream.config.settings import SECOND, Model
from stream.ledger import Ledger
from stream.monitor import losses
from stream.monitor.accumulator import Either, Key
from stream.monitor.judging import Case
from stream.monitor.levels import MONTH
from stream.monitor.noticed import Noticed, noticed_window
from stream.monitor.scopes import Scope
from stream.monitor.served import FAILING, TRAFFIC, UNJUDGED, UNKNOWN, WELL, WORSE, Told
from stream.monitor.sighted import of_service
from stream.monitor.state import State
from stream.monitor.usual import Base, Traffic, basis, slot

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
        compared = [latency.read([each[i] for each in against]) for i in range(2)]
        numbers = latency.measure(seen)
        of_latency, of_failure = (latency.values(each) for each in compared)
        limits = _limits(seen, compared, cases)
        n, m = _sizes(seen), [_sizes(each) for each in compared]
        for i, case in enumerate(cases):
            for metric, measured in numbers.items():
                failing = metric == FAILING
                value, _, low, high = (float(each[i]) for each in measured)
                if np.isnan(value):
                    continue
                reference = (of_failure if failing else of_latency)[metric][i]
                limit = float(limits[metric][i]) if metric in limits else np.nan
                known = np.isfinite(limit) and not (failing and limit > 1)
                verdict = UNKNOWN if not known else WORSE if value > limit else WELL
                verdict = verdict if metric in JUDGED else UNJUDGED
                sizes = int(n[failing][i]), int(m[failing][failing][i])
                about = case.plan.model, case.version, metric, case.length, case.end
                yield Told(
                    *about, sizes[0], value, low, high, float(reference), sizes[1], limit if known else np.nan, verdict
                )

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
        about = model, "", TRAFFIC, length, end, events, events / seconds, low, high
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
            version, span, found = (one.model, one.version), (one.length, one.end), one.finding()
            series = [("", found.feature)]
            yield noticed_window(
                version, one.end, span, series, [found] * (one.verdict == WORSE), of_service(one.metric)
            )


def _chance(settings: Model, length: int) -> float:
    """Of a false finding in one window, of one metric."""
    share = settings.false_triggers_per_month / len(settings.windows) / len(JUDGED)
    return min(share * length / MONTH, CHANCE_MAX)


def _limits(seen: latency.Seen, compared: Sequence[latency.Seen], cases: Sequence[Case]) -> dict[str, Floats]:
    """What each metric may be, (cases,): those of one level at once."""
    levels = [(_chance(case.settings, case.length), case.settings.tolerate) for case in cases]
    limits = {metric: np.full(len(cases), np.nan) for metric in JUDGED if metric != TRAFFIC}
    n_latency, n_status = _sizes(seen)
    for level in sorted(set(levels)):
        rows = np.array([i for i, each in enumerate(levels) if each == level])
        slow, failing = (latency.Seen(*(column[rows] for column in each)) for each in compared)
        for metric, share in latency.SHARES.items():
            limits[metric][rows] = service_limits.quantile_limit(slow, n_latency[rows], share, *level)
        limits[FAILING][rows] = service_limits.failures_limit(failing, n_status[rows], *level)
    return limits


def _sizes(seen: latency.Seen) -> tuple[Floats, Floats]:
    """How many latencies and how many statuses are known, (rows,) each."""
    return seen.latencies.sum(axis=1), seen.good + seen.failed


def _columns(told: Sequence[Told]) -> dict[str, object]:
    length, end = (np.array([getattr(one, name) for one in told], np.int64) for name in ("length", "end"))
    texts = {name: Texts.of([getattr(one, name) for one in told]) for name in ("model", "version", "metric", "verdict")}
    whole = {name: np.array([getattr(one, name) for one in told], np.int64) for name in ("n", "n_reference")}
    names = ("value", "low", "high", "reference", "limit")
    floats = {name: np.array([getattr(one, name) for one in told], np.float64) for name in names}
    times = {"start": (end - length) // 1_000, "end": end // 1_000}
    spans = {name: each.astype("datetime64[us]") for name, each in times.items()}
    return {**texts, **whole, **floats, "length": length, **spans}
