"""Predictions of several classes with a probability for each: what estimates make of them."""

from typing import Final, NamedTuple

from detectors.codes import Bools, Floats, Integers
from detectors.estimation.classes import Basis
from detectors.estimation.softmax import usable
from stream.answers.classes import Classes
from stream.answers.kind import Rows
from stream.encodings.several import unpacked
from stream.taught.truth import LEAST, MOST

CLASSES_MAX: Final = 30  # what labels say of more would take too many numbers


class Probable(NamedTuple):
    """Rows whose scores and decision are known, and these."""

    rows: Bools  # (n,): which
    scores: Floats  # (chosen, classes + 1)
    decided: Integers  # (chosen,): places in the classes, that of all others last


def probable(answers: Classes, rows: Rows) -> Probable | None:
    """The rows that estimates may count; None of too many classes."""
    classes = answers.settings.classes
    if len(classes) > CLASSES_MAX:
        return None
    scores, decided = unpacked(rows["several"], classes), answers.said(rows)
    known = usable(scores) & (decided >= 0)
    return Probable(known, scores[known], decided[known])


def classes_of(names: tuple[str, ...], scores: Floats, decided: Integers, label: Integers) -> Basis | None:
    """What labelled events teach; None of fewer than LEAST. Of very many every k-th counts."""
    if len(label) < LEAST:
        return None
    step = -(-len(label) // MOST)
    return Basis.of(names, scores[::step], decided[::step], label[::step])


def classes_of_pairs(answers: Classes, rows: Rows) -> Basis | None:
    """What pairs teach."""
    found = probable(answers, rows)
    if found is None:
        return None
    label = answers.true(rows)[found.rows]
    there = label >= 0
    return classes_of(answers.settings.classes, found.scores[there], found.decided[there], label[there])
