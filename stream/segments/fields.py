"""By what the events of a model are told apart: fields, several of them crossed, and conditions; and their rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

NUMERIC, CATEGORICAL, SEGMENT = "numeric", "categorical", "segment"  # features of two kinds, and fields of `segments`
SAID: Final = {"score": "output:score", "prediction": "output:prediction"}  # in conditions, where no field has the name
PREFIXES: Final = ("output:", "service:", "attribution:")  # of columns that are no features, so of no feature's name
SAID_NUMBER, SAID_TEXT = "said number", "said text"  # which of these are asked for, and how
Source = tuple[str, str]  # a name in the events, and which of these it is
OTHER: Final = "(other)"
CONDITION: Final = ("false", "true")  # the values of one
_BETWEEN: Final = " / "


@dataclass(frozen=True)
class SegmentField:
    """One field by which events are told apart. Its rows: one per value, then other values, then missing.

    Crossed fields have the values that occur together. A condition is true, false or missing, and has no other values.
    """

    name: str
    feature: bool  # taken from the categorical feature of that name rather than from the event's segments
    values: tuple[str, ...]
    first: int  # its first row in the summaries
    crossed: tuple["SegmentField", ...] = ()  # each from row 0 on, with those of its values that occur in `values`
    where: str = ""  # a condition
    asked: tuple[Source, ...] = ()  # what it compares

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """The names of its rows."""
        others = () if self.where else (OTHER,)
        return tuple(f"{self.name}={value}" for value in (*self.values, *others, "(missing)"))

    @property
    def other(self) -> int:
        """The row of values that have none of their own."""
        assert not self.where, "a condition has no other values"
        return self.first + len(self.values)

    @property
    def missing(self) -> int:
        """The row of events without a value."""
        return self.first + len(self.rows) - 1

    @cached_property
    def sources(self) -> frozenset[Source]:
        """What it reads of an event."""
        if self.crossed:
            return frozenset(source for part in self.crossed for source in part.sources)
        return frozenset(self.asked if self.where else ((self.name, CATEGORICAL if self.feature else SEGMENT),))

    def document(self) -> dict[str, Any]:
        """The field as a plan's JSON has it; `load` reads it."""
        told: dict[str, Any] = {"name": self.name, "feature": self.feature, "values": self.values}
        if self.crossed:
            told["crossed"] = [part.document() for part in self.crossed]
        return told | ({"where": self.where, "asked": self.asked} if self.where else {})

    @classmethod
    def load(cls, document: Mapping[str, Any], first: int = 0) -> "SegmentField":
        """The field whose `document` this is."""
        return cls(
            document["name"],
            document["feature"],
            tuple(document["values"]),
            first,
            tuple(cls.load(part) for part in document.get("crossed", ())),
            document.get("where", ""),
            tuple((name, kind) for name, kind in document.get("asked", ())),
        )


def segment_fields(documents: Iterable[Mapping[str, Any]]) -> tuple[SegmentField, ...]:
    """Fields laid out in rows behind the row of all events."""
    return laid_out(map(SegmentField.load, documents))


def laid_out(fields: Iterable[SegmentField]) -> tuple[SegmentField, ...]:
    """The same fields in rows of their own."""
    laid: list[SegmentField] = []
    first = 1
    for field in fields:
        laid.append(replace(field, first=first))
        first += len(field.rows)
    return tuple(laid)


def together(values: Iterable[str]) -> str:
    """The name of values that occur together. A slash in one is doubled, so different values have different names."""
    return _BETWEEN.join(value.replace("/", "//") for value in values)


def apart(name: str) -> tuple[str, ...]:
    """The values whose name this is: between them are the only slashes that stand alone."""
    return tuple(value.replace("//", "/") for value in name.split(_BETWEEN))
