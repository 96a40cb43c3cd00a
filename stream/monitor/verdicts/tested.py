"""Two-sample tests of closed windows: what `drift.tests` and `drift.together` name, as rows, and as findings.

Numbers are tested on the samples of window and reference, categories on all their counts. A test judges nothing unless
`drift.findings` has a limit of its effect, and its finding opens no incident: no budget of false triggers is touched.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from detectors.codes import Floats
from detectors.multivariate import TOGETHER
from detectors.multivariate.structure import Correlations
from detectors.two_sample import CATEGORIES, VALUES, Outcome
from sinks import commit as tables
from sinks.commit import Texts
from stream.counting.drawn import Drawn
from stream.ledger import Ledger, moment
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import Noticed, noticed_window
from stream.monitor.panes.accumulator import Either, Key
from stream.monitor.panes.window import Window
from stream.monitor.verdicts.judging import Case
from stream.monitor.verdicts.layout import COMPARED
from stream.plan import Plan, is_feature

SURELY: Final = 0.01  # a greater chance is no finding, whatever its effect is
NAMED: Final = 3  # features that moved a test of all
DETECTOR: Final = "tested"


class Tested(NamedTuple):
    """What one test says; `feature` is empty where it is of all."""

    test: str
    feature: str
    outcome: Outcome
    n: int
    n_reference: int
    words: str


# ---- what is kept for tests


def reference_row(ledger: Ledger, plan: Plan) -> None:
    """The sample of a plan's reference."""
    if plan.drawn is not None:
        n, columns = plan.drawn.shape
        ledger.row(tables.REFERENCE_ROWS, plan.id, plan.model, n, columns, plan.drawn.astype("<f8").tobytes())


def drawn_row(ledger: Ledger, case: Case, drawn: Drawn | None, windows: Mapping[Key, Either]) -> None:
    """Of a closed pane's sample, what the samples of windows that are still open can have of it.

    A window's bound only falls, so rows beyond it never come back.
    """
    if drawn is None:
        return
    keys = [(case.plan.model, case.version, length) for length in case.settings.windows]
    samples = [_sample(windows[key]) for key in keys]
    still = [one.bound for end, one in samples if end > case.end and one is not None]
    if still:
        about = (case.plan.model, case.version, moment(case.start), moment(case.end))
        ledger.row(tables.DRAWN, *about, *drawn.below(max(still)).pack())


def _sample(window: Either) -> tuple[int, Drawn | None]:
    """The sample that a window's panes add to, and the end of the window that it is of: the next that is tested."""
    if isinstance(window, Window):
        return window.end, window.drawn
    return (0, None) if window.sampled is None else (window.sampled.end, window.sampled.drawn)


# ---- what is said of windows


def close(ledger: Ledger, closing: Mapping[Key, Either], cases: Sequence[Case]) -> Iterator[Noticed]:
    """Test windows that close together."""
    for case in cases:
        drift = case.settings.drift
        if not drift.tests and not drift.together:
            continue
        end, sample = _sample(closing[case.plan.model, case.version, case.length])
        drawn = sample if end == case.end else None
        told = [one for one in _tested(case, drawn) if not np.isnan(one.outcome.statistic)]
        if told:
            rows(ledger, case, told)
            judged = [("", _called(one)) for one in told]
            about = ((case.plan.model, case.version), case.end, (case.length, case.end))
            yield noticed_window(*about, judged, list(_findings(case, told)), "chosen")


def _tested(case: Case, drawn: Drawn | None) -> Iterator[Tested]:
    """All that is asked for, and known; in order of features, then of tests."""
    drift, grid = case.settings.drift, case.plan.grid
    before, now = (case.plan.drawn, drawn.values) if drawn is not None else (None, None)
    for i, name in enumerate(grid.columns):
        if i >= len(grid.numeric):
            yield from _of_categories(case, i, [test for test in drift.tests if test in CATEGORIES])
        elif before is not None and now is not None:
            values = tuple(side[np.isfinite(side)] for side in (before[:, i], now[:, i]))
            for test in drift.tests:
                if test in VALUES:
                    yield Tested(test, name, VALUES[test](*values), len(values[1]), len(values[0]), "")
    if before is not None and now is not None:
        yield from _together(case, before, now)


def _of_categories(case: Case, column: int, tests: Sequence[str]) -> Iterator[Tested]:
    """Tests of a categorical feature's counts. An event that has nothing there is no part of a comparison."""
    grid = case.plan.grid
    first = int(grid.offsets[column])
    cells = slice(first, first + int(grid.regular[column]) + COMPARED)
    expected, observed = (one.counts[0, cells].astype(np.int64) for one in (case.plan.reference, case.summary))
    for test in tests:
        outcome = CATEGORIES[test](expected, observed)
        yield Tested(test, grid.columns[column], outcome, int(observed.sum()), int(expected.sum()), "")


def _together(case: Case, before: Floats, now: Floats) -> Iterator[Tested]:
    """Tests of all numeric features."""
    names = case.plan.grid.numeric
    features = [i for i, name in enumerate(names) if is_feature(name)]
    called = [names[i] for i in features]
    for test in case.settings.drift.together if features else ():
        found = TOGETHER[test](before[:, features], now[:, features])
        words = ""
        if not (np.isnan(found.outcome.statistic) or found.outcome.p > SURELY):  # what chance moved has no names
            words = _moved_pair(called, found) if isinstance(found, Correlations) else _moved(called, found.features)
        yield Tested(test, "", found.outcome, len(now), len(before), words)


def _moved(names: Sequence[str], parts: Floats) -> str:
    """The features that moved a test most, each with its part of all that moved it."""
    up = np.maximum(np.nan_to_num(parts), 0.0)
    most = [i for i in np.argsort(-up, kind="stable")[:NAMED].tolist() if up[i] > 0]
    return ", ".join(f"{names[i]} {up[i] / up.sum():.0%}" for i in most)


def _moved_pair(names: Sequence[str], found: Correlations) -> str:
    """The pair whose correlation moved most surely."""
    i, j = found.pair
    rise = float(found.rises[i, j])
    return f"{names[i]} and {names[j]}: their correlation {'rose' if rise > 0 else 'fell'} by {abs(rise):.2f}"


def rows(ledger: Ledger, case: Case, told: Sequence[Tested]) -> None:
    """What tests say of a window."""
    outcomes = np.array([one.outcome for one in told])
    n = len(told)
    ledger.block(
        tables.TESTED,
        {
            "model": Texts((case.plan.model,), np.zeros(n, np.int64)),
            "version": Texts((case.version,), np.zeros(n, np.int64)),
            "feature": Texts.of([one.feature for one in told]),
            "length": case.length,
            "start": moment(case.start),
            "end": moment(case.end),
            "test": Texts.of([one.test for one in told]),
            **dict(zip(("statistic", "p", "effect"), outcomes.T, strict=True)),
            "n": np.array([one.n for one in told]),
            "n_reference": np.array([one.n_reference for one in told]),
            "words": Texts.of([one.words for one in told]),
        },
    )


def _findings(case: Case, told: Sequence[Tested]) -> Iterator[Finding]:
    """Effects beyond their limit, where chance alone seldom makes such."""
    span = (case.length, case.start, case.end)
    for one in told:
        limit, effect = case.settings.drift.findings.get(one.test), abs(one.outcome.effect)
        if limit is None or not effect > limit or one.outcome.p > SURELY:
            continue
        feature = _called(one)
        words = f"{one.feature or 'all features'}: {one.test} finds {effect:.3g}, more than {limit:g}"
        words += f" ({one.words})" if one.words else ""
        yield Finding(case.plan.model, case.version, "", feature, *span, DETECTOR, effect, limit, one.n, (), words)


def _called(one: Tested) -> str:
    return ":".join(filter(None, (DETECTOR, one.test, one.feature)))
