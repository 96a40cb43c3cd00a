"""What scores mean, or how large errors are, learned from a version's first labels where its reference has none.

The pairs of its first windows that become mature count, in the order in which they do, until they are enough. Estimates
stand on them from the next window on, so that nothing that was told before depends on it.
"""

from collections.abc import Callable, Iterable

import numpy as np

from detectors.codes import Floats
from sinks import commit as tables
from sinks.commit import Columns, Span, identities, numbered
from stream.answers import teaching
from stream.answers.chosen import answers_of
from stream.answers.classes import Classes
from stream.answers.kind import Answers, Rows
from stream.answers.numbers import Numbers
from stream.answers.own import bare
from stream.answers.probable import classes_of, probable
from stream.config.settings import Settings
from stream.ledger import Ledger
from stream.monitor.estimates.trust import NOTHING, Lesson, Several
from stream.monitor.labels.called import Called, Key
from stream.monitor.performance.gathering import Kept
from stream.monitor.performance.matured import Matured
from stream.monitor.state import State, Version
from stream.plan import Plan
from stream.taught.truth import LEAST, Truth, basis_of

PairsOf = Callable[[Key, int], Rows]  # all rows of `pairs` of a window, up to a step


class Learned:
    """The bases that versions have learned, each from a window's beginning on."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger, self._called = settings, state, ledger, Called(settings, state)
        self._known: dict[Version, list[tuple[int, Truth]]] = {}

    def recall(self, rows: Columns) -> None:
        """Take in what is committed: the rows of `bases`."""
        self._known = {}
        for model, version, since, body in zip(
            *(rows[name].tolist() for name in ("model", "version", "since", "body")), strict=True
        ):
            self._known.setdefault((model, version), []).append((since, Truth.unpack(body)))

    def at(self, model: str, version: str, start: int) -> tuple[int, Truth] | None:
        """What a version had learned before a window began, and since when; None where it had nothing."""
        known = (one for one in self._known.get((model, version), ()) if one[0] <= start)
        return max(known, key=lambda one: one[0], default=None)

    def learn(self, matured: Iterable[Matured], pairs_of: PairsOf) -> None:
        """Take in windows that have matured, in their order."""
        for one in matured:
            model, version, length, end = one.key
            entry = self._state.roster.get(model)
            plan = None if entry is None else entry.plan_at(end - length)
            if entry is None or plan is None or (plan.truth is not None and plan.truth.teaches):
                continue
            answers, newest = answers_of(entry.settings, plan), self.at(model, version, one.at)
            if answers is None:
                continue
            about = counted_as(answers, plan)
            if newest is not None and newest[1].answers == about:
                continue
            if about != answers.about and plan is not entry.plan_at(one.at - self._settings.pane):
                continue  # of a plan that is over: nothing is counted in its cells any more
            pairs = standing(pairs_of(one.key, one.at))
            worth = _worth(answers, pairs)
            if worth is None:
                continue
            before = self._state.lessons.get((model, version))
            if before is None or before.answers != about:
                before = Lesson(about, np.empty(0), np.empty(0), 0)
            after = before.add(*worth, _several(answers, pairs))
            self._state.lessons[model, version] = after
            self._settle((model, version), after, one.at, (answers, plan))

    def _settle(self, version: Version, lesson: Lesson, at: int, about: tuple[Answers, Plan]) -> None:
        """Make a basis of pairs that are enough."""
        (answers, plan), several = about, lesson.several
        known = [n for n in (len(lesson.said), several.n) if n]
        n = max(known, default=0)
        if n < LEAST or (min(known) < LEAST and n < 2 * LEAST):  # those that come more seldom are waited for
            return
        numbers = bare(answers)
        if isinstance(numbers, Numbers):
            losses = teaching.of_pairs(plan, lesson.said, lesson.worth, numbers.unit)
            truth = Truth(lesson.answers, n, -1, None, None, losses)
        else:
            basis = basis_of(lesson.said, lesson.worth > 0)
            classes = classes_of(several.names, several.scores, several.decided, several.label)
            n, right = (len(lesson.said), lesson.right) if basis is not None else (several.n, _right(several))
            truth = Truth(lesson.answers, n, right, None, basis, classes=classes)
        self._known.setdefault(version, []).append((at, truth))
        self._ledger.row(tables.BASES, *version, at, n, truth.pack())
        del self._state.lessons[version]


def counted_as(answers: Answers, plan: Plan) -> str:
    """What is counted as what: errors are, in the cells of their plan."""
    return f"{answers.about}, plan {plan.id}" if isinstance(bare(answers), Numbers) else answers.about


def _worth(answers: Answers, pairs: Rows) -> tuple[Floats, Floats, int] | None:
    """What pairs said and what that was worth, as a Lesson has it, and how many answers were right."""
    numbers = bare(answers)
    if isinstance(numbers, Numbers):
        said, error = numbers.errors(pairs)
        known = np.isfinite(error)
        return said[known], error[known], 0
    scored, wrong = answers.scored(pairs), answers.wrong(pairs)
    if scored is None or wrong is None:
        return None
    known = np.isfinite(scored[0])
    return scored[0][known], scored[1][known].astype(np.float64), int((~wrong[known]).sum())


def _several(answers: Answers, pairs: Rows) -> Several:
    """The pairs that have a score for each class."""
    kind = bare(answers)
    found = probable(kind, pairs) if isinstance(kind, Classes) else None
    if found is None or not isinstance(kind, Classes):
        return NOTHING
    label = kind.true(pairs)[found.rows]
    there = label >= 0
    return Several(kind.settings.classes, found.scores[there], found.decided[there], label[there])


def _right(several: Several) -> int:
    return int((several.decided == several.label).sum())


def standing(pairs: Rows) -> Rows:
    """The pairs that nobody has taken back, in an order of their own."""
    said, label = np.unique(pairs["label"].astype(str), return_inverse=True)
    assert len(said) or not len(label)
    ids, _ = numbered(identities(pairs))
    # Each is a prediction with one of its labels.
    each, first, place = np.unique(np.stack((ids, label), axis=1), axis=0, return_index=True, return_inverse=True)
    left = np.bincount(place.ravel(), pairs["change"], len(each)) > 0
    chosen = first[left]
    order = np.lexsort((pairs["check"][chosen], pairs["key"][chosen], pairs["at"][chosen]))
    return {name: column[chosen[order]] for name, column in pairs.items()}


def pairs_of(called: Called, new: Rows, kept: Kept) -> PairsOf:
    """How the pairs of a window are found: those of the store, and the `new` ones that no Commit has yet."""

    def found(key: Key, at: int) -> Rows:
        """All of a window's pairs up to a step."""
        model, version, length, end = key
        before = kept([Span(model, end - length, end)])
        every = {name: np.concatenate((before[name], new[name])) for name in new}
        mine = (every["model"] == model) & (every["end"] > end - length) & (every["end"] <= end) & (every["step"] <= at)
        pairs = {name: column[mine] for name, column in every.items()}
        places = called.apart(pairs).get((model, version), np.empty(0, np.int64))
        return {name: column[places] for name, column in pairs.items()}

    return found
