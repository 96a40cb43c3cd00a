"""What windows of performance are compared with: the first windows of their version, and the limits that these make.

Where its reference has labels, they are the standard; else the first windows that have enough labels, in the order in
which they had, up to some thousand pairs.
From then on a window that has enough labels is judged: a share of bad answers is worse where it surely exceeds that of
the standard by more than is tolerated. Levels are such that all of a version's windows together are wrong at most as
often as its budget says.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance import shares
from detectors.performance.cells import Cells
from detectors.performance.classes.one_vs_rest import LAYOUT
from detectors.performance.measured import Measured
from sinks import commit as tables
from sinks.commit import Columns
from stream.answers.apart import n_rows
from stream.answers.kind import Answers
from stream.config.settings import Model
from stream.ledger import Ledger, moment
from stream.monitor.acting.findings import Finding
from stream.monitor.labels.called import Called, Key
from stream.monitor.labels.charts import REFERENCE
from stream.monitor.performance.gathered import Gathered
from stream.monitor.state import Version
from stream.monitor.verdicts.levels import MONTH

DETECTOR: Final = "performance"
TAUGHT: Final = 100  # labels of a reference: limits know how many there are
ALPHA_MAX: Final = 0.05  # of one comparison: above, a verdict would mean little
VERDICTS: Final = ("", "well", "worse", "unknown")
WELL, WORSE, UNKNOWN = 1, 2, 3


@dataclass(frozen=True)
class Standard:
    """The pairs of the first windows: their sums, of one row, packed. `measured` is a hash of how they are measured."""

    measured: str
    packed: bytes
    n: int
    settled: bool


class Sums(NamedTuple):
    """What windows are compared with, one row; `apart` of the scores of each class, None where some have none."""

    cells: Cells
    apart: Cells | None

    def pack(self) -> bytes:
        """As bytes, one after the other."""
        return self.cells.pack() + (b"" if self.apart is None else self.apart.pack())

    @classmethod
    def unpack(cls, answers: Answers, packed: bytes) -> Self:
        """What `pack` made bytes of, also before scores were told apart."""
        first = zlib.decompressobj()
        first.decompress(packed)
        rest, rows = first.unused_data, n_rows(answers)
        cells = Cells.unpack(answers.layout, 1, packed[: len(packed) - len(rest)])
        return cls(cells, Cells.unpack(LAYOUT, rows, rest) if rest and rows else None)

    def __add__(self, other: "Sums") -> "Sums":  # type: ignore[override]  # not one tuple after another
        apart = None if self.apart is None or other.apart is None else self.apart + other.apart
        return Sums(self.cells + other.cells, apart)


class Judged(NamedTuple):
    """What standards say of one metric of windows, (windows,) each; nan where they say nothing."""

    reference: Floats
    limit: Floats
    baseline: Floats
    verdict: Integers  # places in VERDICTS; 0 where a metric has no limit

    @classmethod
    def nothing(cls, n: int) -> "Judged":
        """Nothing is said of so many windows."""
        return cls(np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, np.int64))

    def take(self, rows: NDArray[np.bool_] | int) -> "Judged":
        """Only these, or this one."""
        return Judged(self.reference[rows], self.limit[rows], self.baseline[rows], self.verdict[rows])


class Standards:
    """Those of all versions."""

    def __init__(self, called: Called, ledger: Ledger) -> None:
        self._called, self._ledger = called, ledger
        self._known: dict[Version, Standard] = {}

    def recall(self, rows: Columns) -> None:
        """Take in what is committed."""
        self._known = {}
        order = np.argsort(rows["step"], kind="stable")
        names = ("model", "version", "measured", "cells", "pairs", "settled")
        for model, version, *standard in zip(*(rows[name][order].tolist() for name in names), strict=True):
            self._known[model, version] = Standard(*standard)

    def of(self, key: Key, found: Gathered) -> Sums | None:
        """The sums that a window is compared with: of its reference's labels, else of first windows, if enough."""
        answers, taught = found.shape.answers, _taught(found)
        if answers is None or taught is not None:
            return taught
        known = self._standard(key, answers)
        return _unpacked(answers, known.packed) if known is not None and known.settled else None

    def learn(self, key: Key, at: int, found: Gathered) -> None:
        """Add a window that has enough labels now, where there are too few pairs so far."""
        model, version, length, _ = key
        answers = found.shape.answers
        if length != min(self._called.lengths(model)) or answers is None or found.cells is None:
            return
        if _taught(found) is not None:
            return
        known = self._standard(key, answers)
        if known is not None and known.settled:
            return
        made, n = Sums(found.cells.take([0]), found.apart), int(found.n[0])
        if known is not None:
            made, n = made + _unpacked(answers, known.packed), n + known.n
        standard = Standard(_measured(answers), made.pack(), n, n >= REFERENCE)
        self._known[model, version] = standard
        told = (standard.measured, standard.n, standard.settled, standard.packed)
        self._ledger.row(tables.STANDARDS, model, version, moment(at), *told)

    def _standard(self, key: Key, answers: Answers) -> Standard | None:
        """That of a window with such answers."""
        known = self._known.get(key[:2])
        return known if known is not None and known.measured == _measured(answers) else None


def _taught(found: Gathered) -> Sums | None:
    """What the labels of a reference say, if there are enough."""
    plan, answers = found.shape.plan, found.shape.answers
    truth = None if plan is None else plan.truth
    fits = truth is not None and answers is not None and truth.answers == answers.about and truth.n >= TAUGHT
    return Sums(truth.cells, truth.apart) if truth is not None and truth.cells is not None and fits else None


@lru_cache(maxsize=1_024)
def _measured(answers: Answers) -> str:
    """A hash of how answers are measured: plans come and go, and most measure alike."""
    return blake2b(repr(answers).encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=256)
def _unpacked(answers: Answers, packed: bytes) -> Sums:
    return Sums.unpack(answers, packed)


def judge(
    answers: Answers, models: Sequence[Model], keys: Sequence[Key], made: Cells, standards: Sequence[Cells | None]
) -> tuple[dict[str, Judged], dict[str, Measured]]:
    """Windows whose answers are alike, a row of `made` each, beside their standards.

    By metric; and the metrics that only a standard gives a meaning.
    """
    n, baselines = len(keys), answers.constant(made)
    found = {name: Judged.nothing(n) for name in baselines}
    for name, baseline in baselines.items():
        found[name].baseline[:] = baseline
    for name in answers.shares:
        found.setdefault(name, Judged.nothing(n)).verdict[:] = UNKNOWN
    extra: dict[str, Measured] = {}
    places = np.array([i for i, standard in enumerate(standards) if standard is not None], np.int64)
    if not len(places):
        return found, extra
    before = Cells.stacked([standard for standard in standards if standard is not None])
    for name, measured in answers.measure(before).items():
        found.setdefault(name, Judged.nothing(n)).reference[places] = measured.value
    trials = answers.judged(made.take(places), before)
    alpha = np.array([level(models[i], keys[i][2], len(trials)) for i in places])
    tolerate = np.array([models[i].tolerate for i in places])
    for name, judged in trials.items():
        beside = shares.beside(judged.now, judged.before, alpha, tolerate)
        told = found[name]
        told.limit[places] = 1 - beside.limit if judged.good else beside.limit
        told.verdict[places] = np.select([beside.worse == 1, beside.worse == 0], [WORSE, WELL], UNKNOWN)
        if not judged.good:
            told.reference[places] = beside.reference
            whole = (np.full(n, np.nan) for _ in Measured._fields)
            extra[name] = Measured(*whole)
            for column, part in zip(extra[name], shares.measured(judged.now), strict=True):
                column[places] = part
    return found, extra


def finding(key: Key, metric: str, value: float, n: int, judged: Judged) -> Finding:
    """What a window that is worse becomes; `judged` is of one."""
    model, version, length, end = key
    reference, bound = float(judged.reference), float(judged.limit)
    words = f"{metric} is {value:.3g} in {n:,} labels; the reference has {reference:.3g}, the limit is {bound:.3g}"
    about = (model, version, "", f"performance:{metric}", length, end - length, end, DETECTOR)
    return Finding(*about, value, bound, n, (), words)


def level(model: Model, length: int, comparisons: int) -> float:
    """The chance of one of a window's comparisons, where windows of each length may be wrong equally often."""
    of_a_month = len(model.windows) * (MONTH / length) * comparisons
    return min(ALPHA_MAX, model.false_triggers_per_month / of_a_month)
