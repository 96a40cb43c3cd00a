"""What is summed between two cuts, apart from the rows that wait to be folded: counts, samples, dead letters."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stream.closed import Closed
from stream.config.settings import Settings
from stream.counting.fewest import tell_fewest
from stream.counting.fold import Folded
from stream.counting.sample import Pool, hashes_of
from stream.events import Batch, Ints
from stream.joining.keyed import Keyed
from stream.joining.waiting import Waiting
from stream.partials import STRANGER_SAMPLE, STRANGERS_MAX, DeadLetter, Fields, Partial
from stream.roster import FUTURE


@dataclass
class Sums:
    """Keys begin with the end of a pane, as in a Partial."""

    learning: Counter[tuple[int, str]] = field(default_factory=Counter)
    strangers: Counter[tuple[int, str]] = field(default_factory=Counter)
    samples: dict[tuple[int, str], Pool] = field(default_factory=dict)
    late: Counter[tuple[int, str]] = field(default_factory=Counter)
    labels: Counter[tuple[int, str]] = field(default_factory=Counter)
    rejected: Counter[tuple[int, str, int, str]] = field(default_factory=Counter)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    keyed: Counter[tuple[int, str]] = field(default_factory=Counter)
    kept: Counter[tuple[int, str]] = field(default_factory=Counter)

    def wait(self, keyed: Keyed, waiting: list[Waiting]) -> None:
        """Count predictions with an id, and take those down that wait for labels."""
        self.keyed.update(keyed.keyed)
        self.kept.update(keyed.kept)
        self.waiting += waiting

    def take_placed(self) -> Partial:
        """What belongs to positions, which no sum waits for."""
        placed = Partial(dead_letters=tuple(self.dead_letters), waiting=tuple(self.waiting))
        self.dead_letters, self.waiting = [], []
        return placed

    def partial(self, folded: Folded, unwatched: Fields) -> Partial:
        """All of it, with the folded rows."""
        return Partial(
            folded.blocks,
            folded.versions,
            self.learning,
            self.strangers,
            {pane: pool.sample() for pane, pool in self.samples.items()},
            self.late,
            self.labels,
            self.rejected,
            unwatched,
            tuple(self.dead_letters),
            tuple(self.waiting),
            self.keyed,
            self.kept,
            folded.drawn,
        )


@dataclass(frozen=True)
class Unplanned:
    """Events of models without a plan: until when each model is a stranger, from which hash on nothing is sampled."""

    settings: Settings
    since: Mapping[str, int]
    bounds: Mapping[str, int]

    def learn(self, sums: Sums, batch: Batch, rows: Ints, end: Ints) -> None:
        """Count and sample these rows of a batch; `end` is the end of each event's pane."""
        records = batch.records
        at, heads = batch.at[rows], batch.head[rows]
        hashes = hashes_of(records, at)
        order = np.lexsort((hashes, heads, end[rows]))
        at, heads, ends, hashes = at[order], heads[order], end[rows][order], hashes[order]
        cuts = np.flatnonzero((heads[1:] != heads[:-1]) | (ends[1:] != ends[:-1])) + 1
        for i, j in pairwise((0, *cuts.tolist(), len(order))):
            pane, head = int(ends[i]), batch.heads[heads[i]]
            stranger = pane - self.settings.pane < self.since.get(head.name, FUTURE)  # before T, admitted or not
            (sums.strangers if stranger else sums.learning)[pane, head.name] += j - i
            k = STRANGER_SAMPLE if stranger else self.settings.limits.sample
            pool = sums.samples.get((pane, head.name))
            if pool is None:
                pool = sums.samples[pane, head.name] = Pool(k)
            bound = min(pool.bound, self.bounds.get(head.name, FUTURE))
            here = slice(i, i + int(np.searchsorted(hashes[i:j], bound)))
            pool.add(hashes[here], head.version, [records.payload(row) for row in at[here].tolist()])
        for gone in tell_fewest(sums.strangers, STRANGERS_MAX, self.settings):
            sums.samples.pop(gone, None)


def tally(batch: Batch, head: NDArray[np.int32], ends: Ints, closed: Closed) -> Counter[tuple[int, str]]:
    """How many events of each open pane and model there are."""
    found: Counter[tuple[int, str]] = Counter()
    for (end, i), n in Counter(zip(ends.tolist(), head.tolist(), strict=True)).items():
        name = batch.heads[i].name
        if end > closed.of(name):
            found[end, name] += n
    return found
