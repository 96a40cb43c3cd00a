"""Which version of a model is served, which are not any more, and whose reference is being learned: by event time.

Frozen, and answered for any time: steps of labels are behind closes, and ask about what was then.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from stream.events import NEVER
from stream.roster import FUTURE

PROMOTIONS_MAX: Final = 32  # of a model that are remembered
AWAITED: Final = 86_400_000_000_000  # ns: a day, for events of a promoted version; then the others are watched again


class Promotion(Struct, frozen=True, array_like=True):
    """A version is served from `since` on. Up to `until` its windows are not judged; FUTURE: nobody knows yet."""

    version: str
    since: int  # T, ns
    retired: tuple[str, ...]  # the versions whose place it has taken, or that were so before it
    until: int = NEVER
    decided: int = NEVER  # when somebody made up their mind, ns of their clock
    who: str = ""


Promotions = tuple[Promotion, ...]  # in the order in which they came


def promoted(known: Promotions, new: Promotion, others: Iterable[str]) -> tuple[Promotions, str]:
    """With one more; `others` are the versions that have come by then. Else why it changes nothing."""
    before = known[-1] if known else None
    if before is not None and NEVER != new.decided < before.decided:
        return known, f"version {before.version} was promoted by a later decision"
    if before is not None and before.version == new.version:
        return known, f"version {new.version} is the one that is served already"
    old = {*others} if before is None else {*before.retired, before.version}
    new = replace(new, retired=tuple(sorted(old - {new.version})))
    earlier = () if before is None else (*known[:-1], replace(before, until=min(before.until, new.since)))
    return (*earlier, new)[-PROMOTIONS_MAX:], ""


def settled(known: Promotions, until: int) -> Promotions:
    """With a reference for the newest one that holds from `until` on."""
    return (*known[:-1], replace(known[-1], until=until)) if known and known[-1].until == FUTURE else known


def serving(known: Promotions, at: int) -> Promotion | None:
    """The promotion in force at an event time, ns."""
    return next((one for one in reversed(known) if one.since < at), None)


def learning(known: Promotions, version: str, at: int) -> bool:
    """Whether windows of a version that end then are not judged: its own reference is still being learned."""
    one = serving(known, at)
    return one is not None and one.version == version and at <= one.until


def retired(known: Promotions, version: str, at: int, versions: Mapping[str, int]) -> bool:
    """Whether another version has taken its place; `versions`: the start of the first pane that tells each one apart.

    A version that nobody ever sees silences the others for AWAITED alone.
    """
    one = serving(known, at)
    if one is None or version not in one.retired:
        return False
    return versions.get(one.version, FUTURE) < at or (one.since != NEVER and at <= one.since + AWAITED)


def ended(known: Promotions, version: str, opened: int, at: int) -> Promotion | None:
    """The first promotion that has ended an incident of a version, opened at a time, before another time."""
    about = (one for one in known if opened <= one.since < at)
    return next((one for one in about if version == one.version or version in one.retired), None)
