"""Of many names only some are told apart, those with the smallest hashes; the others are counted together."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stream.config.settings import Settings
from stream.events import RESERVED

Pane = tuple[int, str]  # its end, and a model


def name_hash(name: str) -> bytes:
    """What orders names where only some can be kept: no name is favoured, and no order of arrival matters."""
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


def fewest(names: Iterable[str], limit: int) -> frozenset[str]:
    """The names with the smallest hashes."""
    return frozenset(sorted(names, key=lambda name: (name_hash(name), name))[:limit])


@dataclass
class Apart:
    """Adds counts up, and looks through them only when a pane may have more than `limit` models: panes may be many."""

    limit: int
    _sizes: Counter[int] = field(default_factory=Counter)  # models told apart by pane, or more: some have closed

    def add(self, counter: Counter[Pane], added: Mapping[Pane, int], settings: Settings) -> list[Pane]:
        """Add to a counter, always the same one; which models are not told apart any more."""
        fresh = Counter(end for end, name in added if (end, name) not in counter and not name.startswith(RESERVED))
        counter.update(added)
        self._sizes.update(fresh)
        full = any(self._sizes[end] > self.limit for end in fresh)
        gone = tell_fewest(counter, self.limit, settings) if full else []
        if full or len(self._sizes) > 2 * len(counter) + self.limit:
            self._sizes = Counter(end for end, name in counter if not name.startswith(RESERVED))
        return gone


def tell_fewest(counter: Counter[Pane], limit: int, settings: Settings) -> list[Pane]:
    """Tell the models with the smallest hashes apart in each pane, and count the others together, by their patterns.

    Names that come and go cannot fill the memory so. Which they were is returned. One that goes here would go from the
    sum of all as well, so it does not matter when this is done.
    """
    if len(counter) <= limit:
        return []
    names: dict[int, list[str]] = {}
    for end, name in counter:
        if not name.startswith(RESERVED):
            names.setdefault(end, []).append(name)
    many = {end: found for end, found in names.items() if len(found) > limit}
    gone = [(end, name) for end, found in many.items() for name in set(found) - fewest(found, limit)]
    for end, name in gone:
        counter[end, settings.others(name)] += counter.pop((end, name))
    return gone
