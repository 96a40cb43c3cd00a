"""Labels of ids that are not in the sample: which they are, from when on that is certain, and how many.

Rates may change between a label and the predictions that it is for. What is in none of the samples that it can meet is
unsampled with its own step, and may be forgotten. What is in some waits, and where no prediction comes, it is an
orphan if it is in all of them, else unsampled.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks.commit import HALVINGS_MAX, Steps, Unsampled, in_sample
from stream.counting.windows import window_end
from stream.joining.sampling import EVERY_ID, Schedule
from stream.monitor.panes.pending import grace
from stream.roster import Roster

Rows = Mapping[str, NDArray[Any]]
Fates = Counter[tuple[str, int, str]]  # by model, step and fate


def out_of_reach(answers: Rows, steps: Steps, roster: Roster, pane: int) -> NDArray[np.bool_]:
    """Which labels come with the steps and can meet no prediction, (n,); `answers` has all of theirs, `end` in ns."""
    found = np.zeros(len(answers["end"]), np.bool_)
    for name in steps.models:
        entry = roster.get(name)
        if entry is None or not entry.rates:
            continue
        reach = Reach(entry.rates, steps.within, pane)
        mine = np.flatnonzero((answers["model"] == name) & (answers["end"] > steps.after))
        keys, ends = answers["key"][mine], answers["end"][mine]
        for end in np.unique(ends).tolist():
            found[mine[ends == end]] = ~in_sample(keys[ends == end], reach.least(end))
    return found


def gone(answers: Rows, hopeless: NDArray[np.bool_]) -> Fates:
    """These labels, with their own steps."""
    named = zip(answers["model"][hopeless].tolist(), answers["end"][hopeless].tolist(), strict=True)
    return Counter((name, end, "unsampled") for name, end in named)


def unmet(labels: Mapping[tuple[str, int, int], int], steps: Steps, roster: Roster, pane: int) -> Fates:
    """What became of labels, by model, end and bit as a Meeting has them, that have waited for nothing."""
    found: Fates = Counter()
    for (name, end, bit), n in labels.items():
        entry = roster.get(name)
        reach = Reach(EVERY_ID if entry is None else entry.rates, steps.within, pane)
        halvings = bit.bit_length() - 1 if bit else HALVINGS_MAX  # of the smallest sample that they are in
        if halvings >= reach.least(end):
            fate = "orphans" if halvings >= reach.most(end) else "unsampled"
            found[name, end + steps.within, fate] += n
    return found


class Reach:
    """The panes whose predictions a label can meet, in time or late, by the end of its own."""

    def __init__(self, rates: Schedule, within: int, pane: int) -> None:
        self._rates, self._within, self._pane = rates, within, pane

    def _span(self, end: int) -> tuple[int, int]:
        start = end - self._pane
        return start - self._within - grace(self._within), start + self._within

    def least(self, end: int) -> int:
        """The halvings of the largest sample among them, as it was decided by the label's own step.

        What is decided later makes no sample larger that its panes can be in.
        """
        return self._rates.least(*self._span(end), decided=end)

    def most(self, end: int) -> int:
        """The halvings of the smallest sample among them, as it has come."""
        return self._rates.most(*self._span(end))

    def first(self, joined: int) -> int:
        """The end of the pane behind which there are labels, when all steps up to one have been taken."""
        return joined - 2 * self._within - grace(self._within) - self._pane

    def asked(self, joined: int) -> int:
        """The earliest time that a question about rates can be about after that step."""
        return self._span(self.first(joined))[0]

    def spans(self, name: str, joined: int) -> Iterator[Unsampled]:
        """The labels up to a step that can meet no prediction, and may go; older ones have gone for their age."""
        before, after, first = self._within + grace(self._within), self._within, self.first(joined)
        cuts = {rate.decided - self._pane for rate in self._rates.rates}
        for rate in self._rates.rates:  # the ends behind which a rate comes into reach, and behind which another leaves
            cuts |= {rate.since - after, rate.since + before}
        ends = {window_end(cut, self._pane) for cut in cuts}
        edges = sorted({first, joined, *(end for end in ends if first < end < joined)})
        for begin, end in pairwise(edges):
            halvings = self.least(end)
            if halvings:
                yield Unsampled(name, begin, end, halvings)
