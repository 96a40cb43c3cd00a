"""What the policy is told beside the verdicts of windows: judged windows with their findings, and findings alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stream.monitor.acting.findings import Finding
from stream.monitor.acting.sighted import kind_of, sighting
from stream.policy import Seen
from stream.policy.sightings import Series

Version = tuple[str, str]


@dataclass(frozen=True)
class Noticed:
    """Findings of a version, which become rows; `seen` has what the policy is to see of them, None if nothing.

    The version is empty where they are of all versions.
    """

    version: Version
    at: int
    findings: tuple[Finding, ...]
    seen: Seen | None = None
    coverage: float | None = None  # the share of the window's predictions that have a label

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands among others, however they came."""
        seen = self.seen
        about = (0, 0, "") if seen is None else (seen.length, seen.end, " ".join(sorted(seen.kinds)))
        return self.at, *about, *((one.segment, one.feature, one.detector) for one in self.findings)


def noticed_window(  # noqa: PLR0913, PLR0917 - all that is to be said of it
    version: Version, at: int, span: tuple[int, int], judged: Iterable[Series], found: Sequence[Finding], kind: str
) -> Noticed:
    """A window, of `span` (length, end), in which some series were judged by one kind, and what was found in it."""
    length, end = span
    series = {*judged, *((one.segment, one.feature) for one in found)}
    sightings = tuple(sighting(one, length) for one in found)
    return Noticed(version, at, tuple(found), Seen(frozenset((kind,)), at, length, end, sightings, series.__contains__))


def noticed_alone(version: Version, at: int, found: Sequence[Finding], length: int) -> Noticed:
    """Findings of no window: alarms. `length` is that of the windows that must be clean again after them."""
    sightings = tuple(sighting(one, length) for one in found)
    kinds = frozenset(kind_of(one.detector, one.feature) for one in found)
    return Noticed(version, at, tuple(found), Seen(kinds, at, length, at, sightings, frozenset[Series]().__contains__))
