"""What Prometheus is told of a service: its newest Commit, and the moment."""

from collections.abc import Callable, Iterator
from math import isfinite

import numpy as np

from sinks.commit import Commit
from sinks.prometheus import families
from sinks.prometheus.exposition import Exposition, Sample, label
from sinks.prometheus.live import Live
from sinks.prometheus.moment import of_service
from sinks.prometheus.performance import MAIN, UNTOLD
from sinks.prometheus.phases import PHASES, Durations
from sinks.prometheus.running import running
from sinks.prometheus.shares import series
from sinks.prometheus.snapshot import Count, Snapshot
from sinks.prometheus.windows import DETECTORS, Key

_UNITS = ((86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"))

_PERFORMANCE = (
    families.PERFORMANCE,
    families.PERFORMANCE_LOW,
    families.PERFORMANCE_HIGH,
    families.PERFORMANCE_LIMIT,
    families.PERFORMANCE_VERDICT,
)
_FAIRNESS = (
    families.FAIRNESS,
    families.FAIRNESS_LOW,
    families.FAIRNESS_HIGH,
    families.FAIRNESS_LIMIT,
    families.FAIRNESS_VERDICT,
)
_ESTIMATE = (families.ESTIMATE, families.ESTIMATE_LOW, families.ESTIMATE_HIGH)
_PART = (families.SEGMENT_ESTIMATE, families.SEGMENT_ESTIMATE_LOW, families.SEGMENT_ESTIMATE_HIGH)


class Exporter:
    """Shows Commits as metrics. `show` swaps one reference, so a scrape in another thread sees a whole snapshot."""

    def __init__(self, live: Callable[[], Live] = Live, *, series_max: int = 50_000, version: str = "") -> None:
        self._live = live
        self._series_max = series_max
        self._exposition = Exposition(self._samples, version)
        self._snapshot = Snapshot()

    def show(self, commit: Commit) -> None:
        """Take over what a Commit says. The same Commit twice changes nothing."""
        self._snapshot = self._snapshot.after(commit, self._series_max)

    def text(self) -> bytes:
        """The exposition text, as `/metrics` answers it."""
        return self._exposition.text()

    def _samples(self) -> Iterator[Sample]:
        snapshot, live = self._snapshot, self._live()
        for told in (_windows, _performances, _served, _apart, _distances, _totals):
            yield from told(snapshot)
        yield from of_service(live)


def length_name(length_ns: int) -> str:
    """A duration as the configuration writes it: `5m`, `1h`, `1d`; nanoseconds where no unit divides it."""
    return next((f"{length_ns // unit}{name}" for unit, name in _UNITS if length_ns % unit == 0), f"{length_ns}ns")


def _windows(snapshot: Snapshot) -> Iterator[Sample]:
    for key in snapshot.chosen.windows:
        window = snapshot.windows[key]
        model, version, segment, length = _names(key)
        labels = (model, version, segment, length)
        yield families.WINDOW_VERDICT, labels, window.verdict
        yield families.WINDOW_END, labels, window.end_ns / 1e9
        yield families.WINDOW_EVENTS, labels, window.events
        distances = snapshot.distances.get(key)
        if distances:
            judged = [verdict for verdict in distances.verdicts if verdict >= 0]
            share = sum(judged) / len(judged) if judged else 0.0
            yield families.WINDOW_DRIFTED, (model, version, length), share
        order = snapshot.orders.get(key)
        if order:
            yield families.AGREEMENT_VERDICT, (model, version, length), order.verdict
            if isfinite(order.ndcg):
                yield families.AGREEMENT, (model, version, length), order.ndcg


def _performances(snapshot: Snapshot) -> Iterator[Sample]:
    for key in snapshot.chosen.performances:
        model, version, segment, length = _names(key)
        of = (model, version, segment) if segment else (model, version)
        guesses = _PART if segment else _ESTIMATE
        for told, kinds in ((snapshot.performances, _PERFORMANCE), (snapshot.estimates, guesses)):
            performance = told.get(key, UNTOLD)
            for metric in MAIN:
                numbers = performance.told.get(metric, ())
                for family, number in zip(kinds, numbers, strict=False):
                    if isfinite(number):
                        yield family, (*of, metric, length), number
            if isfinite(performance.coverage):
                yield families.COVERAGE, (model, version, length), performance.coverage
                yield families.REPEATS, (model, version, length), performance.repeats


def _served(snapshot: Snapshot) -> Iterator[Sample]:
    for (model, version, length, metric), served in sorted(snapshot.shown.items()):
        labels = (label(model), label(version), metric, length_name(length))
        yield families.SERVICE, labels, served.value
        if isfinite(served.limit):
            yield families.SERVICE_LIMIT, labels, served.limit
        if served.verdict is not None:
            yield families.SERVICE_VERDICT, labels, served.verdict


def _apart(snapshot: Snapshot) -> Iterator[Sample]:
    for (model, version, length, field, metric), gap in sorted(snapshot.gaps_shown.items()):
        labels = (label(model), label(version), label(field), metric, length_name(length))
        for family, number in zip(_FAIRNESS, gap.numbers, strict=True):
            if isfinite(number):
                yield family, labels, number


def _distances(snapshot: Snapshot) -> Iterator[Sample]:
    for key, chosen in snapshot.chosen.features.items():
        distances = snapshot.distances[key]
        model, version, _, length = _names(key)
        values, limits = distances.values.tolist(), distances.limits.tolist()
        defined = (np.isfinite(distances.values).tolist(), np.isfinite(distances.limits).tolist())
        for i in chosen:
            feature = label(distances.features[i])
            for j, detector in enumerate(DETECTORS):
                labels = (model, version, feature, detector, length)
                if defined[0][i][j]:
                    yield families.DRIFT_VALUE, labels, values[i][j]
                if j == 0 and defined[1][i]:
                    yield families.DRIFT_LIMIT, labels, limits[i]
            yield families.DRIFT_VERDICT, (model, version, feature, length), distances.verdicts[i]


def _totals(snapshot: Snapshot) -> Iterator[Sample]:
    models = {model for model, *_ in snapshot.windows} | set(snapshot.open_incidents.values())
    # A counter that is born as 1 has not increased for Prometheus: the first trigger would alert nobody.
    born: dict[Count, float] = {(families.TRIGGERS.name, (model, "drift")): 0 for model in models}
    for (name, labels), amount in sorted({**born, **snapshot.counts}.items()):
        yield families.FAMILIES[name], tuple(label(text) for text in labels), amount
    open_in = list(snapshot.open_incidents.values())
    for model in sorted(models):
        yield families.INCIDENTS, (label(model),), open_in.count(model)
        for family, number in zip(
            (families.PROMISED, families.EXPECTED), snapshot.promises.get(model, ()), strict=False
        ):
            yield family, (label(model),), number
    for phase in PHASES:  # at once, for the same reason
        yield families.DURATION, (phase,), snapshot.took.get(phase, Durations())
    for target, n in sorted(running(snapshot.runs).items()):
        yield families.RUNNING, (label(target),), n
    yield families.SERIES, (), snapshot.chosen.series + series(snapshot.shown) + series(snapshot.gaps_shown)
    yield families.DROPPED, (), snapshot.dropped


def _names(key: Key) -> tuple[str, str, str, str]:
    model, version, segment, length_ns = key
    return label(model), label(version), label(segment), length_name(length_ns)
