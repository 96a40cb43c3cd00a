"""What is told of each class of a model beside all others, of windows that have enough labels."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from detectors.codes import Floats
from detectors.performance.cells import Cells
from stream.answers import apart, ranked
from stream.answers.kind import Answers
from stream.monitor.performance.gathered import Gathered
from stream.monitor.performance.numbered import Numbers, numbered
from stream.monitor.performance.standards import Judged, Sums
from stream.monitor.performance.tell import Tell


def by_class(
    answers: Answers,
    members: Sequence[int],
    tells: Sequence[Tell],
    found: Sequence[Gathered],
    standards: Sequence[Sums | None],
) -> Iterator[Numbers]:
    """Windows whose answers are alike; at least one. Those of one class, or of no classes, have none."""
    if apart.classes_of(answers) is None:
        return
    windows = [found[i] for i in members]
    made = Cells.stacked([one.cells.take([0]) for one in windows if one.cells is not None])
    scores = [one.apart for one in windows if one.apart is not None]
    stacked = Cells.stacked(scores) if scores else None
    exact = ranked.of_classes(answers, [one.ranked for one in windows])
    metrics = apart.measured(answers, made, stacked, exact)
    judged = {name: Judged.nothing(len(members)) for name in metrics}
    for name, values in apart.constant(answers, made, stacked).items():
        judged[name].baseline[:] = values
    for name, values in _usual(answers, standards).items():
        judged[name].reference[:] = values
    row, off = np.zeros(len(members), np.int64), ranked.bounds_of_classes(answers, stacked, exact)
    yield from numbered(np.array(members), row, tells, metrics, judged, off=off)


def _usual(answers: Answers, standards: Sequence[Sums | None]) -> Mapping[str, Floats]:
    """What the standards of windows have, (windows,) each: of scores where all that they are made of has them."""
    usual: dict[str, Floats] = {}
    for scored in (False, True):
        places = [i for i, one in enumerate(standards) if one is not None and (one.apart is not None) == scored]
        some = [one for one in standards if one is not None and (one.apart is not None) == scored]
        if not some:
            continue
        scores = [one.apart for one in some if one.apart is not None]
        stacked = Cells.stacked(scores) if scores else None
        for name, each in apart.measured(answers, Cells.stacked([one.cells for one in some]), stacked).items():
            usual.setdefault(name, np.full(len(standards), np.nan))[places] = each.value
    return usual
