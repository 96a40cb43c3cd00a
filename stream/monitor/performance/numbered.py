"""Numbers that are told of windows: what was measured, how far bins may have moved it, and what it is beside."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from detectors.codes import Floats, Integers
from detectors.performance.measured import Measured
from detectors.performance.service import latency
from stream.monitor.performance.gathered import Gathered
from stream.monitor.performance.standards import Judged
from stream.monitor.performance.tell import Tell

DELAYS: Final = {"label_delay_p50": 0.5, "label_delay_p90": 0.9}  # in seconds
COVERAGE: Final = "coverage"
NOTHING: Final[Mapping[str, Judged]] = {}  # is judged
EXACT: Final[Mapping[str, Floats]] = {}  # is all that is not said to be by bins
LEVEL: Final = 0.95  # of every interval that is told, before labels and after


class Numbers(NamedTuple):
    """Numbers of some tells; (n,) each."""

    tell: Integers
    row: Integers  # of its plan's summaries
    metric: Sequence[str]
    measured: Measured
    judged: Judged
    bound: Floats  # by how much the value may be off, (n,)


def of_labels(tells: Sequence[Tell], found: Sequence[Gathered]) -> Iterator[Numbers]:
    """How many predictions have a label, and how long those took."""
    tell, first = np.arange(len(tells)), np.zeros(len(tells), np.int64)
    share = np.array([one.labelled / one.predicted for one in tells])  # counted, not estimated
    counts = np.stack([one.delays for one in found]).astype(np.float64)
    nothing = np.full(len(tells), np.nan)
    known = latency.Seen(counts, nothing, nothing, nothing)
    with np.errstate(divide="ignore", invalid="ignore"):
        delays = {name: latency.quantile(known, LEVEL, share) for name, share in DELAYS.items()}
    yield from numbered(tell, first, tells, {COVERAGE: Measured(share, 0 * share, share, share)} | delays)


def numbered(  # noqa: PLR0913, PLR0917 - what is known of some rows
    tell: Integers,
    row: Integers,
    tells: Sequence[Tell],
    metrics: Mapping[str, Measured],
    judged: Mapping[str, Judged] = NOTHING,
    places: Sequence[int] | None = None,
    off: Mapping[str, Floats] = EXACT,
) -> Iterator[Numbers]:
    """What is to be told of some metrics, (n,) each; those in `judged` are of these places, or of all.

    `off` has of those that bins rank how far they may be off.
    """
    again = np.array([one.corrected for one in tells])[tell] & (row == 0)
    for name, measured in metrics.items():
        known = ~np.isnan(measured.value) | again
        says = Judged.nothing(len(tell))
        if name in judged:
            for whole, part in zip(says, judged[name], strict=True):
                whole[slice(None) if places is None else places] = part
        yield Numbers(
            tell[known],
            row[known],
            [name] * int(known.sum()),
            Measured(*(column[known] for column in measured)),
            says.take(known),
            off.get(name, np.zeros(len(tell)))[known],
        )
