"""Groups of a protected field, once a window has enough labels: how far apart the model treats them.

How often it says yes to them is known before, see `selected`.

Intervals are shown at 95 %. Verdicts are made at the level of the model's budget, where a gap is surely beyond what is
tolerated: a ratio below four fifths, a difference above `tolerate`.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from detectors.fairness import FOUR_FIFTHS, GROUPS_MAX, RATIOS, UNLABELLED, Fairness, Gap, fairness
from detectors.performance.classes import binary
from sinks import commit as tables
from stream.answers.binary import Binary
from stream.answers.own import bare
from stream.config.settings import Model
from stream.joining.spoken import says_yes
from stream.ledger import Ledger, moment
from stream.monitor.acting.findings import Finding
from stream.monitor.labels.called import Key
from stream.monitor.performance.gathered import Gathered
from stream.monitor.performance.standards import level

DETECTOR: Final = "fairness"
ALPHA: Final = 0.05  # of the intervals
VERDICTS: Final = {"found": "worse", "within": "well", "unknown": "unknown"}


class Treated(NamedTuple):
    """The groups of one field in a window: their names, what is counted of them, what is shown, what is judged.

    Counted are pairs with a decision, or, not `labelled`, predictions with one.
    """

    key: Key
    model: Model
    field: str
    names: tuple[str, ...]
    n: int
    shown: Fairness
    judged: Fairness
    labelled: bool = True


def treated(key: Key, model: Model, found: Gathered) -> Iterator[Treated]:
    """The protected fields of a window, where answers are yes or no. Whose group is not known is left out.

    Where the window has said when it closed how often the answer was yes, pairs, which are fewer, do not say it again.
    """
    plan, cells, known = found.shape.plan, found.cells, found.shape.answers
    answers = None if known is None else bare(known)
    if plan is None or cells is None or not found.shape.fields or not isinstance(answers, Binary):
        return
    for field in plan.segments:
        if field.name not in model.fairness:
            continue
        groups = np.arange(field.first, field.missing)
        confusion = binary.read(answers.settings, cells.take(groups)).confusion.astype(np.int64)
        some = np.flatnonzero(confusion.sum(axis=1))
        if not len(some):
            continue
        some = np.sort(some[np.argsort(-confusion[some].sum(axis=1), kind="stable")[:GROUPS_MAX]])
        counts = confusion[some][:, [3, 1, 2, 0]]  # tp, fp, fn, tn
        names = tuple(found.shape.names[i] for i in groups[some].tolist())
        chance = level(model, key[2], len(model.fairness))
        shown, judged = (fairness(counts, alpha, model.tolerate) for alpha in (ALPHA, chance))
        if says_yes(model.output, plan):
            shown, judged = (_of_labels(each) for each in (shown, judged))
        yield Treated(key, model, field.name, names, int(counts.sum()), shown, judged)


def _of_labels(whole: Fairness) -> Fairness:
    """The gaps that only labels can tell."""
    return replace(whole, gaps={name: gap for name, gap in whole.gaps.items() if gap.rate not in UNLABELLED})


def gap_rows(ledger: Ledger, at: int, status: str, rate: float, one: Treated) -> None:
    """The gaps of one field as rows of `performance`; its name is their segment."""
    name, version, length, end = one.key
    span = (length, moment(end - length), moment(end), moment(at), status)
    for metric, gap in one.shown.gaps.items():
        if gap.lower < 0 or np.isnan(gap.value):
            continue
        counted = (-1, -1, one.n) if one.labelled else (one.n, -1, 0)
        numbers = (gap.value, np.nan, gap.low, gap.high, np.nan, _tolerated(metric, one.model), np.nan)
        verdict = VERDICTS[one.judged.gaps[metric].verdict]
        ledger.row(tables.PERFORMANCE, name, version, one.field, metric, *span, *numbers, verdict, *counted, rate, 0.0)


def findings(one: Treated) -> Iterator[Finding]:
    """The gaps that are surely too wide, with the two groups between which they are."""
    name, version, length, end = one.key
    for metric, gap in one.judged.gaps.items():
        if gap.verdict == "found":
            bound = _tolerated(metric, one.model)
            about = (name, version, one.field, f"fairness:{metric}", length, end - length, end, DETECTOR)
            yield Finding(*about, gap.value, bound, one.n, (), _words(metric, gap, one, bound))


def _tolerated(metric: str, model: Model) -> float:
    return FOUR_FIFTHS if metric in RATIOS else model.tolerate


def _words(metric: str, gap: Gap, one: Treated, bound: float) -> str:
    lower, upper = (f"{one.judged.rates[gap.rate][i]:.3g} in {one.names[i]}" for i in (gap.lower, gap.upper))
    beyond = f"below {bound:.3g}" if metric in RATIOS else f"above {bound:.3g}"
    return f"{gap.rate} is {lower} and {upper}: {metric} is surely {beyond}"
