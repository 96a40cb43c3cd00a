"""Durations and sizes as people write them: `5m` is 300,000,000,000 ns, `64KiB` is 65,536 bytes."""

import re
from fractions import Fraction

from stream.config.settings import DAY, HOUR, MINUTE, SECOND

DURATIONS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
DURATION_MAX = 36_500 * DAY  # a century, far inside int64 even after sums
DECIMALS = {"kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
SIZES = {"": 1, "B": 1, **DECIMALS, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
SIZE_MAX = 1024**4

DURATION = "a duration such as 500ms, 30s, 5m, 1h or 7d"
SIZE = "a size such as 65536, 64KiB or 1MB"


def duration(text: str) -> int:
    """Nanoseconds. ValueError says what was expected."""
    return _number(text, DURATIONS, DURATION, DURATION_MAX, "100 years")


def size(text: str) -> int:
    """Bytes. ValueError says what was expected."""
    return _number(text, SIZES, SIZE, SIZE_MAX, "1024GiB")


def spelled_duration(ns: int) -> str:
    """The shortest exact way to write a duration: `90m`, `1h`, `1500ms`."""
    if not ns:
        return "0s"
    unit, factor = next((unit, factor) for unit, factor in reversed(DURATIONS.items()) if not ns % factor)
    return f"{ns // factor}{unit}"


def spelled_size(n: float) -> str:
    """A size for a person, to three figures: `64 KiB`, `1.5 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1024
    return f"{n:,.3g} TiB" if n < 1000 else f"{n:,.0f} TiB"


def several(n: int, noun: str) -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _number(text: str, units: dict[str, int], expected: str, most: int, most_spelled: str) -> int:
    match = re.fullmatch(r"([0-9]{1,19})(?:\.([0-9]{1,18}))? ?([a-zA-Z]*)", text)
    if match is None or match[3] not in units:
        raise ValueError(expected)
    # A fraction: 0.1 s is exactly 100 ms, and 1.5 bytes are a mistake rather than 1.
    exact = Fraction(f"{match[1]}.{match[2] or 0}") * units[match[3]]
    if exact > most:
        raise ValueError(f"{expected}, at most {most_spelled}")
    if exact.denominator > 1:
        raise ValueError(f"{expected}, a whole number of the smallest unit")
    return int(exact)
