"""What may have a share of all series: as many of its numbers as there is room for."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Protocol, TypeVar


class Counted(Protocol):
    """Knows how many series it is."""

    @property
    def series(self) -> int:
        """How many series it is."""


Key = TypeVar("Key", bound=tuple[str | int, ...])
Number = TypeVar("Number", bound=Counted)


def affordable(numbers: Mapping[Key, Number], room: int) -> dict[Key, Number]:
    """As many as there is room for, in the order of their keys."""
    places = accumulate(numbers[key].series for key in sorted(numbers))
    return {key: numbers[key] for key, upto in zip(sorted(numbers), places, strict=True) if upto <= room}


def series(numbers: Mapping[Key, Number]) -> int:
    """How many series they are."""
    return sum(number.series for number in numbers.values())
