"""Estimates meet the truth, once windows have enough labels: what was estimated, and whether that can go on.

An estimate assumes that a score means what it meant in the labels that it stands on; a second one, that labels depend
on the inputs as they did. Where the truth is outside its interval more often, or further away, than chance has it, that
is so no more: the concept has drifted, or labels are chosen otherwise than they were. It is the one thing that no
estimate can see by itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.estimation.binary import METRICS
from detectors.estimation.class_metrics import ends as of_classes
from detectors.estimation.estimate import TINY, Ends, Estimate, between
from detectors.estimation.loss import ENDS
from detectors.estimation.reconciliation import reconcile, shifted
from sinks import commit as tables
from sinks.commit import Columns, Span, Texts, to_ns
from stream.ledger import Ledger, moment
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import noticed_alone
from stream.monitor.estimates.decay import DETECTOR, SHARE
from stream.monitor.estimates.told import Told
from stream.monitor.estimates.trust import Tracks
from stream.monitor.labels.called import Key
from stream.monitor.performance.matured import Matured
from stream.monitor.performance.numbered import LEVEL
from stream.monitor.state import State, Version
from stream.monitor.verdicts.levels import MONTH

LAST: Final = 12  # windows that are looked at together
WATCHED: Final = ("accuracy", "brier")  # one that everybody understands, one that feels every score
OF_NUMBERS: Final = ("mae",)
UNEVEN: Final = ("balanced_accuracy", "kappa", "matthews")  # few events of a rare class count more than many others
COUNTED: Final = 0.9  # as if intervals held no more: shares of few labels leave theirs up to twice as often
LOOKS: Final = 2 * len(WATCHED)  # each by how often and by how far

Estimated = Callable[[Sequence[Span]], Columns]  # rows of `estimates` or `weighted` of windows that end in spans
_ENDS: Final = {name: ends for name, (_, ends) in METRICS.items()} | ENDS
_NUMBERS: Final = ("value", "chance", "shared", "low", "high")


class Opinion(NamedTuple):
    """One of the two estimates of a window: its name, what became of the last ones, and its findings.

    `broken` says that what it assumes is so no more, of shares and of numbers.
    """

    name: str
    tracks: Callable[[State], dict[Version, Tracks]]
    feature: str
    said: str
    broken: tuple[str, str]


FIRST: Final = Opinion(
    "first",
    lambda state: state.tracks,
    "output:estimate",
    "was estimated as",
    ("scores no longer mean what they meant", "inputs no longer mean what they meant"),
)
SECOND: Final = Opinion(
    "second",
    lambda state: state.weighed,
    "output:weighted",
    "by the inputs alone was",
    ("labels no longer depend on the inputs as they did",) * 2,
)


class Truths:
    """Compares estimates of the shortest windows with what their labels say, and keeps the last ones in mind."""

    def __init__(self, opinion: Opinion, state: State, ledger: Ledger) -> None:
        self._opinion, self._state, self._ledger = opinion, state, ledger

    def reconcile(self, matured: Sequence[Matured], fresh: Mapping[Key, Told], estimated: Estimated) -> None:
        """Take windows that have matured, in their order. `fresh` are estimates that no Commit has yet."""
        known = {**_kept([one.key for one in matured if one.key not in fresh], estimated), **fresh}
        for one in matured:
            if one.key in known:
                about, told = known[one.key]
                both = {name: each for name, each in told.items() if not np.isnan(one.truth.get(name, np.nan))}
                compared = {name: widened(name, each, one.predicted, one.labelled) for name, each in both.items()}
                if compared:
                    opinion = {"opinion": Texts((self._opinion.name,), np.zeros(len(compared), np.int64))}
                    self._ledger.block(tables.RECONCILED, _rows(one, compared) | opinion)
                    self._watch(one, about, compared)

    def _watch(self, one: Matured, about: str, told: Mapping[str, Estimate]) -> None:
        """Look at the last windows of a version together."""
        version, tracks = one.key[:2], self._opinion.tracks(self._state)
        before = tracks.get(version, Tracks(about, {}))
        series = {} if before.basis != about else dict(before.series)
        for name in (*WATCHED, *OF_NUMBERS):
            if name in told:
                numbers = (*(float(getattr(told[name], each)[0]) for each in _NUMBERS), one.truth[name])
                series[name] = (*series.get(name, ()), numbers)[-LAST:]
        tracks[version] = Tracks(about, series)
        chances = {name: chance_of(numbers, shares=name in WATCHED) for name, numbers in series.items()}
        name = min(chances, key=lambda each: chances[each], default="")
        entry = self._state.roster.get(version[0])
        if not name or entry is None:
            return
        per_month = MONTH / one.key[2]
        if chances[name] * LOOKS < entry.settings.false_triggers_per_month * SHARE / per_month:
            self._found(one, name, series[name])
            tracks[version] = Tracks(about, {})  # begin anew, rather than say it of every window

    def _found(self, one: Matured, name: str, numbers: Sequence[Sequence[float]]) -> None:
        model, version, length, end = one.key
        estimate, truth = _columns(numbers)
        outside = int(reconcile(estimate, truth, LEVEL).outside.sum())
        mean, true, n = float(estimate.value.mean()), float(truth.mean()), len(numbers)
        words = (
            f"{name} {self._opinion.said} {mean:.3g} and is {true:.3g}, in {outside} of {n} windows outside the "
            f"interval: {self._opinion.broken[name in OF_NUMBERS]}, which no estimate can see"
        )
        about = (model, version, "", self._opinion.feature, length, end - length, end, DETECTOR)
        finding = Finding(*about, outside / n, 1 - LEVEL, one.labelled, (), words)
        self._state.noticed.append(noticed_alone((model, version), one.at, [finding], length))


def _kept(keys: Sequence[Key], estimated: Estimated) -> dict[Key, Told]:
    """The estimates of windows that the store has, asked for in one question."""
    found: dict[Key, dict[str, Estimate]] = {}
    basis: dict[Key, str] = {}
    if not keys:
        return {}
    columns = estimated(_runs(keys))
    ends = to_ns(columns["end"])
    names = ("model", "version", "length", "metric", "basis", "segment")
    rows_of = zip(*(columns[name].tolist() for name in names), ends.tolist(), strict=True)
    for i, (model, version, length, metric, about, segment, end) in enumerate(rows_of):
        key, numbers = (model, version, length, end), [float(columns[name][i]) for name in _NUMBERS]
        if not segment and not np.isnan(numbers[0]):  # a second opinion has a row where it says nothing, too
            basis[key] = about
            found.setdefault(key, {})[metric] = _one(numbers)
    return {key: (basis[key], found[key]) for key in keys if key in found}


def _runs(keys: Iterable[Key]) -> list[Span]:
    """Where windows of a model lie close together."""
    runs: list[Span] = []
    for model, end, length in sorted({(model, end, length) for model, _, length, end in keys}):
        if runs and runs[-1].model == model and end - runs[-1].upto <= LAST * length:
            runs[-1] = Span(model, runs[-1].after, end)
        else:
            runs.append(Span(model, end - 1, end))
    return runs


def widened(name: str, one: Estimate, predicted: int, labelled: int) -> Estimate:
    """An estimate of a metric for as many labels of a window as there are.

    Fewer labels have more chance, and which predictions have one is chance too: a mean of values between 0 and 1 varies
    by what is left of a share's variance when that of labels is taken off. Of errors it is not known what is left:
    mostly little, as inputs tell little of how large each one is. Where rare classes count as much as others it is
    taken for as much as the chance of labels, at least.
    """
    more = max(1.0, predicted / labelled)
    if name in ENDS:
        chance = one.chance * np.sqrt(more)
        return _stretched(one, chance, _ends(name))
    mixed = np.maximum(one.value * (1 - one.value) / predicted - one.chance**2, 0.0)  # below 0 of what is no such mean
    if name in UNEVEN or name not in _ENDS:
        mixed = np.maximum(mixed, one.chance**2)
    chance = np.sqrt(one.chance**2 * more + mixed * (more - 1))
    return between((one.value, one.value), (chance, one.shared), LEVEL, _ends(name))


def _stretched(one: Estimate, chance: Floats, ends: Ends) -> Estimate:
    """An estimate with more chance, whose interval leans as it did."""
    longer = np.hypot(chance, one.shared) / np.maximum(one.error, TINY)
    low, high = one.value - (one.value - one.low) * longer, one.value + (one.high - one.value) * longer
    return one._replace(chance=chance, low=np.maximum(low, ends[0]), high=np.minimum(high, ends[1]))


def _ends(name: str) -> Ends:
    """The least and the greatest value of a metric of whatever kind."""
    return _ENDS[name] if name in _ENDS else of_classes(name)


def chance_of(numbers: Sequence[Sequence[float]], *, shares: bool = True) -> float:
    """Of truths so often outside, or so far off, in windows of value, chance, shared, low, high and truth each."""
    estimate, truth = _columns(numbers)
    return min(reconcile(estimate, truth, COUNTED).chance, shifted(estimate, truth, shares=shares))


def _columns(numbers: Sequence[Sequence[float]]) -> tuple[Estimate, Any]:
    """Windows as columns: their estimates and truths."""
    value, chance, shared, low, high, truth = np.array(numbers, np.float64).T
    return Estimate(value, value, chance, shared, low, high), truth


def _one(numbers: Sequence[float]) -> Estimate:
    value, *others = (np.array([number]) for number in numbers)
    return Estimate(value, value, *others)


def _rows(one: Matured, told: Mapping[str, Estimate]) -> dict[str, Any]:
    model, version, length, end = one.key
    same, names = np.zeros(len(told), np.int64), list(told)
    value, low, high = (
        np.array([getattr(each, name)[0] for each in told.values()]) for name in ("value", "low", "high")
    )
    truth = np.array([one.truth[name] for name in names])
    return {
        "model": Texts((model,), same),
        "version": Texts((version,), same),
        "segment": Texts(("",), same),
        "metric": Texts.of(names),
        "length": length,
        "start": moment(end - length),
        "end": moment(end),
        "step": moment(one.at),
        "status": Texts((one.status,), same),
        "value": value,
        "low": low,
        "high": high,
        "truth": truth,
        "outside": (truth < low) | (truth > high),
        "labelled": np.full(len(told), one.labelled, np.int64),
    }
