"""What a policy that waits for labels hears of the one that does not: how things stood when labels were not yet there.

Windows close before their labels come, by how much depends on the reading. So what closes decide is kept until the
steps of labels have reached that time, and only then heard; nothing of it depends on which came first.
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from stream.policy.book import Book
from stream.policy.incidents import NONE, Fresh, Last
from stream.policy.sightings import Sighting


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """How closes left things: which of their leaves hold, by name; the incident that is open; the newest trigger."""

    holds: tuple[str, ...] = ()
    incident: str = ""
    last: Last = NONE


class News(msgspec.Struct, frozen=True, array_like=True):
    """A time at which a close changed how things stand, or something lasted in its windows."""

    at: int
    standing: Standing
    fresh: dict[str, tuple[Sighting, ...]] = {}


class Hearing(msgspec.Struct, frozen=True, array_like=True):
    """One version: how things stood at the last step of labels, and what has come since, oldest first."""

    now: Standing = Standing()
    news: tuple[News, ...] = ()

    def told(self, at: int, standing: Standing, fresh: Mapping[str, tuple[Sighting, ...]]) -> "Hearing":
        """After a close. Where nothing is new nothing is kept."""
        newest = self.news[-1].standing if self.news else self.now
        if standing == newest and not fresh:
            return self
        return replace(self, news=(*self.news, News(at, standing, dict(fresh))))

    def upto(self, at: int) -> tuple["Hearing", dict[str, tuple[Sighting, ...]]]:
        """Having heard what was told until a time: what lasted in windows since the last one, by leaf."""
        heard = [one for one in self.news if one.at <= at]
        if not heard:
            return self, {}
        fresh = {key: some for one in heard for key, some in one.fresh.items()}
        return Hearing(heard[-1].standing, self.news[len(heard) :]), fresh

    def times(self, upto: int) -> set[int]:
        """When there is something to hear."""
        return {one.at for one in self.news if one.at <= upto}


def wanted(book: Book) -> frozenset[int]:
    """The leaves that rules with labels ask closes for."""
    return frozenset(place for rule in book.rules if rule.labelled for place in rule.when.places())


def heard(book: Book, fresh: Mapping[str, tuple[Sighting, ...]]) -> Fresh:
    """The same by the places of leaves."""
    return {i: fresh[leaf.key] for i, leaf in enumerate(book.leaves) if leaf.key in fresh}
