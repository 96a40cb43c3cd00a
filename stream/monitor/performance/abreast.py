"""What labels say of windows in which several versions have predictions: their cells, kept for comparisons."""

import zlib
from collections.abc import Sequence

from sinks import commit as tables
from stream.ledger import Ledger, moment
from stream.monitor.performance.gathered import Gathered
from stream.monitor.performance.tell import Tell

LEVEL = 1  # of compression: 9 takes twice as long for the same bytes


def abreast_rows(ledger: Ledger, tells: Sequence[Tell], found: Sequence[Gathered]) -> None:
    """A row for each tell of such a window, where its answers have cells to compare."""
    for tell, one in zip(tells, found, strict=True):
        answers = one.shape.answers
        if not tell.abreast or answers is None or one.cells is None:
            continue
        tallied = answers.tallied(one.cells.take([0]))
        if tallied is None:
            continue
        what, counts = tallied
        model, version, length, end = tell.key
        packed = zlib.compress(counts[0].astype("<i4").tobytes(), LEVEL)
        ledger.row(tables.ABREAST, model, version, length, moment(end), moment(tell.at), what, packed)
