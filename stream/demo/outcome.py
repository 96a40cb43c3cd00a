"""What was planted against what was told: the judgement of a performance. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from stream.demo.changes import CHANGES, CONCEPTS, FAULTS, GAPS, PLANTED, Change, Concept, Fault, Gap
from stream.demo.world import HOUR_MS, World
from stream.monitor.labels.charts import FEATURE as ERRORS

Planted = Change | Fault | Gap
SERVED, TREATED = "service:", "fairness:"  # what findings about a service, and about groups, begin with
ANSWERED = ("performance:", "output:estimate", "output:weighted")  # findings about how good answers are
GRACE_H = 2  # a window that touches the change may end so much after it


class Told(Struct, frozen=True):
    """A finding, an incident or a trigger. What has no window, or no feature, leaves it out."""

    model: str
    end_ms: int  # the end of the window that it is about
    start_ms: int = 0
    feature: str = ""
    detector: str = ""
    words: str = ""


class Retrained(Struct, frozen=True):
    """A model that was fitted anew: for which trigger, on how many tickets, and from when on it answers."""

    model: str
    version: str
    trigger: str
    rows: int
    from_ms: int


class Discovery(Struct, frozen=True):
    """A planted change, and the first finding of it. None: it was missed."""

    change: Planted
    begin_ms: int
    first: Told | None

    @property
    def delay_ms(self) -> int | None:
        """From the beginning of the change to the end of the window that showed it, in event time."""
        return None if self.first is None else self.first.end_ms - self.begin_ms


class Measured(Struct, frozen=True):
    """How often a model was right in a window that has enough labels, and the 95 % interval of that."""

    model: str
    start_ms: int
    end_ms: int
    value: float
    low: float
    high: float
    version: str = ""


class Fall(Struct, frozen=True):
    """A planted concept: the first finding of errors, and what accuracy says.

    `before` is the longest and latest window before it, `after` the first whose interval lies below.
    """

    concept: Concept
    begin_ms: int
    first: Told | None
    before: Measured | None
    after: Measured | None

    @property
    def delay_ms(self) -> int | None:
        """From the beginning of the change to the end of the window that showed it, in event time."""
        return None if self.first is None else self.first.end_ms - self.begin_ms

    @property
    def found(self) -> bool:
        """Whether it was told, and can be seen."""
        return self.first is not None and self.after is not None


class Recovery(Struct, frozen=True):
    """How a model does that was fitted anew.

    `after` is the new version's longest and latest window; `unclosed` are the model's incidents that are still open,
    `triggers` what was asked for of the new version.
    """

    made: Retrained
    fallen: Measured | None
    before: Measured | None
    after: Measured | None
    unclosed: int
    triggers: int

    @property
    def found(self) -> bool:
        """Whether it is surely better than it had become, not surely worse than it was, and all is closed."""
        if self.fallen is None or self.before is None or self.after is None:
            return False
        better, as_good = self.fallen.high < self.after.low, self.before.low <= self.after.high
        return better and as_good and not self.triggers and not self.unclosed


class Outcome(Struct, frozen=True):
    """How it went. `claims`: incidents and triggers of what was well; `strays`: single findings there, which may be."""

    discoveries: tuple[Discovery, ...]
    falls: tuple[Fall, ...]
    claims: tuple[Told, ...]
    strays: tuple[Told, ...]

    @property
    def good(self) -> bool:
        """Every change was found, and nothing was claimed where there was none."""
        found = all(discovery.first is not None for discovery in self.discoveries)
        return not self.claims and found and all(fall.found for fall in self.falls)


def judge(world: World, findings: Sequence[Told], accuracies: Sequence[Measured], claims: Iterable[Told]) -> Outcome:
    """Judge what a service told about a world; `claims` are its incidents and triggers."""
    return Outcome(
        tuple(_discovery(world, change, findings) for change in PLANTED),
        tuple(_fall(world, concept, findings, accuracies) for concept in CONCEPTS),
        tuple(told for told in claims if _well(world, told)),
        tuple(told for told in findings if _well(world, told)),
    )


def recovery(
    made: Retrained, falls: Iterable[Fall], accuracies: Iterable[Measured], unclosed: int, triggers: int
) -> Recovery:
    """How a new version does beside the fall that it was made for."""
    fall = next(fall for fall in falls if fall.concept.model == made.model)
    mine = [each for each in accuracies if (each.model, each.version) == (made.model, made.version)]
    after = max(mine, key=lambda each: (each.end_ms - each.start_ms, each.end_ms), default=None)
    return Recovery(made, fall.after, fall.before, after, unclosed, triggers)


def _discovery(world: World, change: Planted, findings: Iterable[Told]) -> Discovery:
    showing = [told for told in findings if _shows(change, told)]
    return Discovery(change, world.span_ms(change)[0], _first(world, change, showing))


def _shows(change: Planted, told: Told) -> bool:
    """Whether a finding is about what was planted: of groups, it must name the right one."""
    match change:
        case Fault():
            return told.detector == "service" and told.feature.startswith(f"{SERVED}latency")
        case Gap():
            return told.feature.startswith(TREATED) and f"in {change.feature}={change.group}" in told.words
        case _:
            return told.feature == change.feature


def _fall(world: World, concept: Concept, findings: Iterable[Told], accuracies: Iterable[Measured]) -> Fall:
    begin, end = world.span_ms(concept)
    mine = [each for each in accuracies if each.model == concept.model]
    earlier = [each for each in mine if each.end_ms <= begin]
    before = max(earlier, key=lambda each: (each.end_ms - each.start_ms, each.end_ms), default=None)
    lower = [
        each
        for each in mine
        if before is not None and begin <= each.start_ms and each.end_ms <= end and each.high < before.low
    ]
    after = min(lower, key=lambda each: (each.end_ms, -each.start_ms), default=None)
    first = _first(world, concept, [told for told in findings if told.feature == ERRORS])
    return Fall(concept, begin, first, before, after)


def _first(world: World, change: Planted | Concept, showing: Iterable[Told]) -> Told | None:
    """The first finding of a change among those that are about such."""
    begin, end = world.span_ms(change)
    grace = GRACE_H * world.hour_ms
    touching = [
        told
        for told in showing
        if told.model == change.model and told.start_ms < end and begin < told.end_ms <= end + grace
    ]
    return min(touching, key=lambda told: (told.end_ms, -told.start_ms), default=None)


def _well(world: World, told: Told) -> bool:
    """Whether the model was well up to then: it never has a change of what this is about, or none has begun."""
    planted: Sequence[Planted | Concept] = CHANGES if told.feature else (*CHANGES, *CONCEPTS)  # claims name none
    if told.feature == ERRORS or told.feature.startswith(ANSWERED):
        planted = CONCEPTS
    elif told.feature.startswith(SERVED):
        planted = FAULTS
    elif told.feature.startswith(TREATED):
        planted = GAPS
    begun = (world.span_ms(change)[0] for change in planted if change.model == told.model)
    return all(told.end_ms <= begin for begin in begun)


def spelled(delay_ms: int) -> str:
    """A delay for people: hours and minutes."""
    hours, rest = divmod(delay_ms, HOUR_MS)
    minutes = rest // 60_000
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
