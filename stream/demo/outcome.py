"""What was planted against what was told: the judgement of a performance. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from stream.demo.changes import CHANGES, Change
from stream.demo.world import HOUR_MS, World

GRACE_H = 2  # a window that touches the change may end so much after it


class Told(Struct, frozen=True):
    """A finding, an incident or a trigger. What has no window, or no feature, leaves it out."""

    model: str
    end_ms: int  # the end of the window that it is about
    start_ms: int = 0
    feature: str = ""
    detector: str = ""
    words: str = ""


class Discovery(Struct, frozen=True):
    """A planted change, and the first finding of it. None: it was missed."""

    change: Change
    begin_ms: int
    first: Told | None

    @property
    def delay_ms(self) -> int | None:
        """From the beginning of the change to the end of the window that showed it, in event time."""
        return None if self.first is None else self.first.end_ms - self.begin_ms


class Outcome(Struct, frozen=True):
    """How it went. `claims`: incidents and triggers of what was well; `strays`: single findings there, which may be."""

    discoveries: tuple[Discovery, ...]
    claims: tuple[Told, ...]
    strays: tuple[Told, ...]

    @property
    def good(self) -> bool:
        """Every change was found, and nothing was claimed where there was none."""
        return not self.claims and all(discovery.first is not None for discovery in self.discoveries)


def judge(world: World, findings: Sequence[Told], claims: Iterable[Told]) -> Outcome:
    """Judge what a service told about a world; `claims` are its incidents and triggers."""
    return Outcome(
        tuple(_discovery(world, change, findings) for change in CHANGES),
        tuple(told for told in claims if _well(world, told)),
        tuple(told for told in findings if _well(world, told)),
    )


def _discovery(world: World, change: Change, findings: Iterable[Told]) -> Discovery:
    begin, end = world.span_ms(change)
    grace = GRACE_H * world.hour_ms
    touching = [
        told
        for told in findings
        if (told.model, told.feature) == (change.model, change.feature)
        and told.start_ms < end
        and begin < told.end_ms <= end + grace
    ]
    return Discovery(change, begin, min(touching, key=lambda told: (told.end_ms, -told.start_ms), default=None))


def _well(world: World, told: Told) -> bool:
    """Whether the model was well up to then: it never has a change, or none has begun."""
    begun = (world.span_ms(change)[0] for change in CHANGES if change.model == told.model)
    return all(told.end_ms <= begin for begin in begun)


def spelled(delay_ms: int) -> str:
    """A delay for people: hours and minutes."""
    hours, rest = divmod(delay_ms, HOUR_MS)
    minutes = rest // 60_000
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
