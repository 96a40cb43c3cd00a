"""What a policy sees of findings: of which kind they are, what they are about, and how far beyond their limit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

Series = tuple[str, str]  # (segment, feature)
CRITICAL: Final = 2.0  # times its limit: from there on a finding is critical rather than a warning


class Sighting(msgspec.Struct, frozen=True, array_like=True):
    """One finding as the policy sees it. `strength`: how many times its limit it is, 1 or more."""

    kinds: tuple[str, ...]
    segment: str
    feature: str
    detector: str
    length: int
    strength: float = 1.0
    alarm: bool = False  # of a sequential detector: it has looked at more than one window by itself
    slot: str = ""  # what lasts, where it is not always of the same feature

    @property
    def series(self) -> Series:
        """The segment and the feature that it is about."""
        return self.segment, self.slot or self.feature

    @property
    def severity(self) -> str:
        """`critical` or `warning`, by how strong it is."""
        return "critical" if self.strength >= CRITICAL else "warning"


def everything(_: Series) -> bool:
    """Of every series there is a verdict."""
    return True


@dataclass(frozen=True)
class Seen:
    """One window that was judged, by some kinds, and what was found in it. A window without findings was well.

    `at` is when that became known: its end, or a step of labels. Series that are not `known` had no verdict.
    """

    kinds: frozenset[str]
    at: int
    length: int
    end: int
    sightings: tuple[Sighting, ...] = ()
    known: Callable[[Series], bool] = everything
    plan: str = ""  # whose series they are; empty: they are the same under every plan
    features: tuple[str, ...] = ()  # all that were looked at, for a quorum


def strength(value: float, limit: float) -> float:
    """How many times its limit a finding is, or its limit it: some must not be less. At least 1."""
    if not (value > 0 and limit > 0):
        return CRITICAL if value != limit and value == value and limit == limit else 1.0  # noqa: PLR0124 - nan
    return max(value / limit, limit / value, 1.0)
