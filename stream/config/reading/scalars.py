"""From the text of one value to what its key holds; a ValueError says what was expected instead."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import inspect

from stream.config import cron
from stream.config.mistakes import choice
from stream.config.units import duration, size

PORT_MAX = 65_535
WINDOWS_MAX = 60  # that a condition looks back on: a bit each
WHOLE = r"[-+]?[0-9]{1,18}"  # inside int64
DECIMAL = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
BOOLS = {"true": True, "false": False}


def scalar(kind: inspect.Type, text: str) -> object:
    """The value that the text stands for, within the bounds of its kind."""
    if re.search("[\x00-\x1f\x7f\ud800-\udfff]", text):
        raise ValueError("text without control characters")
    if isinstance(kind, inspect.Metadata):
        reads = (kind.extra or {})["reads"]
        return _within(kind.type, READS[reads](text), f"a {reads}")
    match kind:
        case inspect.LiteralType(values=values):
            return _one_of(tuple(map(str, values)), text)
        case inspect.BoolType():
            return BOOLS[_one_of(tuple(BOOLS), text)]
        case inspect.IntType():
            return _within(kind, int(_matching(WHOLE, text, "a whole number" + _bounds(kind))), "a whole number")
        case inspect.FloatType():
            number = float(_matching(DECIMAL, text, "a number" + _bounds(kind)))
            if math.isinf(number):
                raise ValueError("a number below 1e308")
            return _within(kind, number, "a number")
        case inspect.StrType(min_length=least):
            if len(text) < (least or 0):
                raise ValueError("a text")
            return text
    raise AssertionError(kind)  # a kind that the settings use and nobody reads


def listen(text: str) -> str:
    """`host:port`, an IPv6 host in brackets; port 0 lets the system choose one."""
    return _address(text, 0, "host:port, such as 127.0.0.1:8080")


def bootstrap(text: str) -> str:
    """One or more `host:port`, separated by commas."""
    expected = "host:port, or several separated by commas"
    return ",".join(_address(part.strip(), 1, expected) for part in text.split(","))


def topic(text: str) -> str:
    """A name that Kafka accepts."""
    if text in (".", ".."):
        raise ValueError("a topic name other than . and ..")
    return _matching(r"[A-Za-z0-9._-]{1,249}", text, "a topic name: letters, digits, `.`, `_` and `-`, at most 249")


def name(text: str) -> str:
    """A name that can stand in an id, and in a path."""
    return _matching(r"[A-Za-z0-9._-]{1,64}", text, "a name: letters, digits, `.`, `_` and `-`, at most 64")


def memory(text: str) -> str:
    """A size in DuckDB's words, handed on as it is."""
    expected = "a memory size such as 512MB or 1GiB"
    if not size(_matching(r"[0-9.]+ ?[KMG]i?B", text, expected)):
        raise ValueError(f"{expected}, above 0")
    return text


def secret(text: str) -> str:
    """Where a secret is. The secret itself in the file would end in version control and logs."""
    return _matching(r"|env:[A-Za-z_][A-Za-z0-9_]*|file:.+", text, "env:NAME or file:PATH, never the secret itself")


def tag(text: str) -> str:
    """A key and its value; nothing is none."""
    return _matching(r"|[^=]+=.+", text, "key=value, such as stage=production")


def called(text: str) -> str:
    """How something is called that a registry has under a version of its own."""
    return _matching(r".*\$\{version\}.*", text, "a text with ${version} in it, such as v${version}")


def persistence(text: str) -> str:
    """In how many windows of how many: `3 of 5 windows`."""
    expected = "k of n windows, such as 3 of 5 windows, n at most 60"
    match = re.fullmatch(r"([0-9]{1,2}) of ([0-9]{1,2})( windows?)?", text)
    if match is None or not 0 < int(match[1]) <= int(match[2]) <= WINDOWS_MAX:
        raise ValueError(expected)
    return f"{int(match[1])} of {int(match[2])} windows"


def moment(text: str) -> int:
    """An instant, ns since 1970."""
    expected = "a time with its zone, such as 2026-11-20T17:00:00Z"
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(expected) from error
    if found.tzinfo is None:
        raise ValueError(expected)
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


READS: dict[str, Callable[[str], object]] = {
    "duration": duration,
    "size": size,
    "listen": listen,
    "bootstrap": bootstrap,
    "topic": topic,
    "name": name,
    "memory": memory,
    "secret": secret,
    "tag": tag,
    "called": called,
    "persistence": persistence,
    "cron": cron.checked,
    "moment": moment,
}


def _matching(pattern: str, text: str, expected: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(expected)
    return text


def _one_of(names: tuple[str, ...], text: str) -> str:
    if text not in names:
        raise ValueError(choice(names))
    return text


def _address(text: str, port_least: int, expected: str) -> str:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", text)
    if match is None or not port_least <= int(match[2]) <= PORT_MAX:
        raise ValueError(expected)
    return text


def _within(kind: inspect.Type, value: object, noun: str) -> object:
    if not isinstance(kind, inspect.IntType | inspect.FloatType):
        return value
    assert isinstance(value, int | float)
    inside = (
        (kind.gt is None or value > kind.gt)
        and (kind.ge is None or value >= kind.ge)
        and (kind.lt is None or value < kind.lt)
        and (kind.le is None or value <= kind.le)
    )
    if not inside:
        raise ValueError(noun + _bounds(kind))
    return value


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    """The bounds as the end of a phrase: `above 0`, `from 0 to below 1`."""
    if kind.ge is not None and kind.lt is not None:
        return f" from {kind.ge} to below {kind.lt}"
    if kind.ge is not None:
        return f", {kind.ge} or more"
    return f" above {kind.gt}" if kind.gt is not None else ""
