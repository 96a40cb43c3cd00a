"""Metrics that a configuration adds to those of a kind."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from detectors.performance.cells import Cells, Layout
from detectors.performance.classes import binary
from detectors.performance.expressed import KINDS, kinds, of_decisions, of_one
from detectors.performance.expression import Expression, parsed
from detectors.performance.measured import Measured
from detectors.performance.shares import Judged
from detectors.performance.versions.comparable import Comparable, comparable
from detectors.performance.versions.composed import composed
from detectors.performance.versions.tallied import OF_CLASSES, TALLIED, Tallied, expressed
from stream.answers.binary import Binary
from stream.answers.kind import NOTHING, Answers, Rows
from stream.config.settings import Model

Metrics = tuple[tuple[str, Expression], ...]
_EVERY: Final = frozenset(name for names in KINDS.values() for name in names)  # that an expression may have


@dataclass(frozen=True)
class Own:
    """Answers of a kind, and expressions over its metrics: also of segments, which have few others."""

    answers: Answers
    metrics: Metrics

    @property
    def family(self) -> Hashable:
        """The kind, and the expressions."""
        return type(self.answers), self.answers.family, self.metrics

    @property
    def layout(self) -> Layout:
        """The kind's."""
        return self.answers.layout

    def pairs(self, rows: Rows) -> tuple[Integers, Floats]:
        """The kind's."""
        return self.answers.pairs(rows)

    def measure(
        self, made: Cells, names: Collection[str] | None = None, exact: Mapping[str, Floats] = NOTHING
    ) -> dict[str, Measured]:
        """All metrics of the kind, or those with these names, and the expressions."""
        single = {each.names[0] for _, each in self.metrics if len(each.names) == 1}
        found = self.answers.measure(made, None if names is None else {*names} | single, exact)
        told = {name: one for name, one in found.items() if names is None or name in names}
        for name, each in self.metrics:
            told[name] = of_one(each, found[each.names[0]]) if len(each.names) == 1 else self._of_several(each, made)
        return told

    def _of_several(self, each: Expression, made: Cells) -> Measured:
        assert isinstance(self.answers, Binary), each
        return of_decisions(each, binary.read(self.answers.settings, made).confusion)

    def constant(self, made: Cells) -> Mapping[str, Floats]:
        """The kind's: of an expression nobody knows which way is better."""
        return self.answers.constant(made)

    def tallied(self, made: Cells) -> tuple[str, Integers] | None:
        """The kind's."""
        return self.answers.tallied(made)

    @property
    def shares(self) -> tuple[str, ...]:
        """The kind's."""
        return self.answers.shares

    def judged(self, made: Cells, before: Cells) -> Mapping[str, Judged]:
        """The kind's."""
        return self.answers.judged(made, before)

    def wrong(self, rows: Rows) -> NDArray[np.bool_] | None:
        """The kind's."""
        return self.answers.wrong(rows)

    @property
    def about(self) -> str:
        """The kind's: expressions count nothing of their own."""
        return self.answers.about

    def scored(self, rows: Rows) -> tuple[Floats, NDArray[np.bool_]] | None:
        """The kind's."""
        return self.answers.scored(rows)

    def decided(self, rows: Rows) -> NDArray[np.bool_]:
        """The kind's."""
        return self.answers.decided(rows)


def bare(answers: Answers) -> Answers:
    """The kind's answers, without expressions."""
    return answers.answers if isinstance(answers, Own) else answers


def compared_as(model: Model, name: str) -> Comparable | None:
    """How a metric of a model is compared, also one of its own; None where it cannot be."""
    if name not in model.metrics:
        return comparable(name)
    read = parsed(model.metrics[name], _EVERY)
    return composed(read, _better(model, name))


def tallied_as(model: Model, name: str) -> Tallied | None:
    """How a metric of a model is compared by cells, also one of its own; None where it is not, or needs none."""
    if name not in model.metrics:
        return (TALLIED | OF_CLASSES).get(name)
    read = parsed(model.metrics[name], _EVERY)
    base = TALLIED.get(read.names[0]) if len(read.names) == 1 else None
    return None if base is None else expressed(read, base, _better(model, name))


def _better(model: Model, name: str) -> int:
    return {"high": 1, "low": -1}.get(model.better.get(name, ""), 0)


@lru_cache(maxsize=512)
def of_kind(texts: tuple[tuple[str, str], ...], kind: str) -> Metrics:
    """Those of these checked metrics that answers of a kind have, sorted."""
    read = ((name, parsed(text, _EVERY)) for name, text in sorted(texts))
    return tuple((name, each) for name, each in read if kind in kinds(each))
