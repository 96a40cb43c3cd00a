"""How many predictions of a model wait for labels, and what share of its ids is kept so that they stay below a limit.

Decided when a pane closes, by what the panes up to it hold, so that every run, and every monitor, decides the same.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sinks.commit import HALVINGS_MAX
from stream.config.settings import DAY, Settings
from stream.counting.windows import window_end
from stream.joining.sampling import Rate, Schedule

SPANS: Final = 32  # of the time that predictions are kept, each counted as a whole: no more is in every Commit
EARLY: Final = 8  # from a limit's eighth on it matters: before, a model's first panes say too little of the others


def grace(within: int) -> int:
    """For how long a prediction is known after its time: a day, for nobody retries or complains much later."""
    return min(within, DAY)


def remembered(within: int, longest: int) -> int:
    """For how long predictions are kept, where the longest window is so long, ns."""
    return within + max(2 * grace(within), longest)


def kept_for(settings: Settings) -> int:
    """For how long those of all models are: the file forgets by time alone, and so as the slowest of them needs."""
    longest = max(length for _, model in settings.patterns for length in model.windows)
    return max(remembered(model.labels.within, longest) for _, model in settings.patterns)


class Span(Struct, frozen=True, array_like=True):
    """Predictions of some panes: with an id, waiting, and how many that stands for at the rates of their panes."""

    keyed: int = 0
    kept: int = 0
    meant: int = 0


class Pending(Struct, frozen=True):
    """Of a model. `started`: the start of its first pane with any. `spans`: by their end, while rows are kept."""

    started: int
    spans: dict[int, Span] = {}

    def add(self, end: int, span: Span, pane: int, keep: int) -> "Pending":
        """With the pane that ends then; without what is older than `keep` now."""
        place = window_end(end, _width(keep, pane))
        before = self.spans.get(place, Span())
        now = Span(before.keyed + span.keyed, before.kept + span.kept, before.meant + span.meant)
        recent = {at: one for at, one in self.spans.items() if at > end - keep}
        return replace(self, spans={**recent, place: now})

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(span.kept for span in self.spans.values())

    def expected(self, held: "Held") -> int:
        """How many would wait if all ids were kept: by the last day, or by all that is known, whichever is more.

        An id that comes again and again is more than its share of a sample, and is counted as what it stands for.
        """
        return max(self._expected(held, held.keep), self._expected(held, min(held.keep, DAY)))

    def _expected(self, held: "Held", last: int) -> int:
        width = _width(held.keep, held.pane)
        since = (held.end - last) // width * width
        recent = [one for at, one in self.spans.items() if at > since]
        n = max(sum(one.keyed for one in recent), sum(one.meant for one in recent))
        return n * held.keep // (held.end - max(since, self.started))

    def decide(self, rates: Schedule, limit: int, held: "Held") -> Schedule:
        """The rates from now on.

        More halvings hold from T on. Fewer wait until no label that is there already can be meant, for labels of ids
        that were not kept are gone; and until half of the limit would do, or rates would go back and forth.
        """
        expected, aim = self.expected(held), limit - limit // EARLY
        needed = _halvings(expected, aim) if self.waiting * EARLY >= limit else 0
        now, announced = rates.at(held.soon), rates.in_force[-1].halvings if rates else 0
        if needed > announced:
            return rates.decide(Rate(held.end, held.soon, max(needed, now)))
        if announced == now and (enough := _halvings(2 * expected, aim)) < now:
            return rates.decide(Rate(held.end, held.later, enough))
        return rates


class Held(Struct, frozen=True):
    """When a decision is made, from when on it may hold, and for how long predictions are kept. Event times, ns."""

    end: int
    soon: int
    later: int
    keep: int
    pane: int


def _width(keep: int, pane: int) -> int:
    """Of a span, ns: whole panes."""
    return -(-keep // SPANS // pane) * pane


def _halvings(n: int, limit: int) -> int:
    """How often n must be halved to be at most the limit."""
    return min((-(-n // limit) - 1).bit_length() if n else 0, HALVINGS_MAX)
