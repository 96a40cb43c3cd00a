"""Which earlier windows a moving reference takes: the last ones, or those of the same time of day or of week."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from detectors.verdict import PANES_MIN
from stream.config.mistakes import Objection
from stream.config.sections.references import Reference
from stream.config.settings import DAY, HOUR, MINUTE, SECOND, Model, Settings
from stream.config.units import spelled_duration

WEEK = 7 * DAY
LEAST = 7  # periods that are looked back at least: else a short incident would use them up
SLOTS = 24  # of a day, or a week, that teach: with seven days 144 squares, whose mean is right to an eighth
TAUGHT = 27  # days that teach: more say little more, and each costs a read
NAMES = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))

Unit = Literal["window", "day", "week"]


class Choice(NamedTuple):
    """The newest `n` windows that end whole periods (ns) before another one, looked for in the last `among` of these.

    Half of them are enough.
    """

    unit: Unit
    period: int
    n: int
    among: int


def choices(reference: Reference, length: int) -> tuple[Choice, ...]:
    """What a window of this length, ns, is compared with; nothing where the reference does not move."""
    asked: tuple[tuple[Unit, int, int], ...] = (
        ("window", length, reference.previous),
        ("day", DAY, reference.days),
        ("week", WEEK, reference.weeks),
    )
    return tuple(Choice(unit, period, n, max(2 * n, LEAST, DAY // period)) for unit, period, n in asked if n)


def among_days(choice: Choice) -> int:
    """How many days (or weeks) teach how much these differ: all but the one that may be forgotten meanwhile."""
    return min(choice.among - 1, max(choice.n, TAUGHT))


def step(choice: Choice, length: int) -> int:
    """From one slot that teaches to the next, ns: whole windows."""
    return -(-choice.period // (SLOTS * length)) * length


def reach(model: Model) -> int:
    """How far before its own end a window may ask for others, ns; 0 where the reference does not move."""
    return max((_reach(model, length) for length in model.windows), default=0)


def _reach(model: Model, length: int) -> int:
    return max((choice.among * choice.period for choice in choices(model.reference, length)), default=0)


def words(reference: Reference, length: int) -> str:
    """What windows of a length are compared with, as a phrase."""
    return " and ".join(told(choice, length, choice.n, choice.n) for choice in choices(reference, length))


def source(model: Model) -> str:
    """What windows of a model are compared with, or in whose cells what they are compared with is counted."""
    learned = f"its own first {spelled_duration(model.reference.learn)} (unknown until then)"
    pinned = model.reference.file or learned
    return f"earlier ones, in the cells of {pinned}" if model.reference.moves else pinned


def told(choice: Choice, length: int, n: int, of: int) -> str:
    """`n` windows out of the last `of` that could have been chosen, as a phrase."""
    before = f"{choice.unit} before" if n == of == 1 else f"last {of} {choice.unit}s"
    some = f"the {before}" if n == of else f"{n} of the {before}"
    return some if choice.unit == "window" else f"the same {_called(length)} of {some}"


def _called(length: int) -> str:
    """A length as people say it: hour, 5 minutes."""
    for unit, name in NAMES:
        if not length % unit:
            n = length // unit
            return name if n == 1 else f"{n} {name}s"
    return spelled_duration(length)


def divided(model: Model, _: Settings) -> Iterator[Objection]:
    """Windows that are no whole part of a day have no same slot a day earlier."""
    for key, period in (("days", DAY), ("weeks", WEEK)):
        for length in model.windows if getattr(model.reference, key) else ():
            if period % length:
                expected = f"windows that divide a {key[:-1]}: there is no same {_called(length)} of another one"
                yield Objection(("reference", key), expected, f"a window of {spelled_duration(length)}")


def sentences(settings: Settings) -> Iterator[str]:
    """What a moving reference does, and which of its windows promise nothing."""
    for pattern, model in settings.patterns:
        reference = model.reference
        if not reference.moves:
            continue
        each = "; ".join(f"{spelled_duration(length)} with {words(reference, length)}" for length in model.windows)
        kept = sum(_reach(model, length) // every for length, every in model.spans)
        yield (
            f"Windows of {pattern} are compared with earlier ones of the same version: {each}. With less than half of "
            "them the verdict is unknown; windows of an incident are never among them, and cusum does not watch. "
            f"At most {kept:,} windows of a version are kept for that."
        )
        untaught = [spelled_duration(length) for length in model.windows if not _taught(reference, length)]
        if untaught and (reference.days or reference.weeks):
            yield (
                f"Warning: windows of {pattern} of {', '.join(untaught)} promise no rate of false alarms against those "
                f"of other days: fewer than {PANES_MIN} of them are kept, which do not tell how much days differ."
            )


def _taught(reference: Reference, length: int) -> bool:
    """Whether as many windows are kept as teach how much days differ."""
    asked = [choice for choice in choices(reference, length) if choice.unit != "window"]
    return any(among_days(one) * -(-one.period // step(one, length)) >= PANES_MIN for one in asked[:1])
