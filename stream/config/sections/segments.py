"""What tells a model's events apart: fields by name, fields crossed, and conditions that have a name."""

from collections.abc import Iterable

from msgspec import Struct

from stream.config.sections.kinds import Text

CROSSED_MAX = 3  # more, and hardly anything occurs together often enough to be judged
BETWEEN = " x "


class Segment(Struct, frozen=True, forbid_unknown_fields=True):
    """Fields that are crossed, or a condition. A crossing that nobody named is called by its fields."""

    name: str = ""
    crossed: tuple[Text, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        return self.name or BETWEEN.join(self.crossed)


Segments = tuple[Text | Segment, ...]


def names(segments: Segments) -> tuple[str, ...]:
    """What each segment is called, in their order."""
    return tuple(map(str, segments))


def conditions(segments: Segments) -> dict[str, str]:
    """The conditions by name."""
    return {str(each): each.where for each in segments if isinstance(each, Segment) and each.where}


def plain(segments: Segments) -> tuple[str, ...]:
    """The names of single fields, also of those that are only crossed."""
    known = conditions(segments)
    found: list[str] = []
    for each in segments:
        parts: Iterable[str] = each.crossed if isinstance(each, Segment) else (each,)
        found += [part for part in parts if part not in known]
    return tuple(dict.fromkeys(found))
