"""What the keys of an entry may hold, each with how it is read; a ValueError says what was expected instead."""

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct

from sinks.dispatch.targets.plans.templates import strangers

PATIENCE_MAX_S = 300
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Key(Struct, frozen=True):
    """One key: how it is read, what it is in words, and what it is when left out."""

    reads: str  # of READS
    words: str
    default: object = ""
    needed: bool = False


class Entry(Struct, frozen=True):
    """One entry as it was read. Secrets are references: `env:NAME` or `file:PATH`."""

    name: str
    kind: str
    values: dict[str, object]

    def text(self, key: str) -> str:
        """A text; empty where it was left out."""
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> float:
        """A duration in s, or a number."""
        value = self.values[key]
        assert isinstance(value, int | float)
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.values.get(key, ())
        assert isinstance(value, tuple)
        return value

    @property
    def references(self) -> dict[str, str]:
        """The secrets that the entry names."""
        return {key: text for key in SECRETS if (text := self.text(key))}


SECRETS = ("token", "password", "client_secret", "trigger_token", "secret")

COMMON = {
    "name": Key("name", "a name: letters, digits, `.`, `_` and `-`, at most 64"),
    "kind": Key("text", "a kind", needed=True),
    "hold": Key("flag", "true or false: whether nothing starts for a trigger that says hold_training"),
}
REACHED = {
    "timeout": Key("patience", "a duration of at most 5m, such as 30s", 30.0),
    "networks": Key("networks", "a list of networks such as [10.0.0.0/8, 127.0.0.1/32]", ()),
    "ca_file": Key("text", "a PEM file of certificate authorities"),
}
SECRET = "env:NAME or file:PATH, never the secret itself"  # noqa: S105 - what is expected, in words


def url(value: object) -> str:
    """An address without query, user or places: where requests go is nobody's to fill in."""
    text = _text(value)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        sound = bool(parts.scheme in {"https", "http"} and host and parts.port != 0)
        if ":" in host or host.replace(".", "").isdigit():
            ip_address(host)  # `127.1` and `2130706433` are names to some and addresses to others
    except ValueError:
        sound = False
    if not sound or "@" in text or set(text) & set("?#${}\\ ") or "/.." in text:
        raise ValueError
    return text.rstrip("/")


def template(value: object) -> str:
    """A text that may hold places."""
    text = _text(value)
    _known(text)
    return text


def tree(value: object) -> object:
    """Values of any shape, with places in its texts."""
    if not isinstance(value, dict):
        raise TypeError
    _known(value)
    return value


def names(value: object) -> tuple[str, ...]:
    """A list of texts, with places."""
    if not isinstance(value, list) or not value:
        raise ValueError
    _known(value)
    return tuple(_text(item) for item in value)


def codes(value: object) -> tuple[int, ...]:
    """A list of HTTP statuses."""
    if not isinstance(value, list):
        raise TypeError
    if not all(isinstance(item, int) and 200 <= item < 500 for item in value):
        raise ValueError
    return tuple(value)


def networks(value: object) -> tuple[str, ...]:
    """A list of networks that may be reached though they are not public."""
    if not isinstance(value, list):
        raise TypeError
    return tuple(str(ip_network(_text(item), strict=False)) for item in value)


def headers(value: object) -> dict[str, str]:
    """Names and values; a value may hold places. What says who we are is not a header's."""
    if not isinstance(value, dict):
        raise TypeError
    read = {str(name).lower(): _text(text) for name, text in value.items()}
    if not all(re.fullmatch(r"[a-z0-9-]{1,64}", name) for name in read) or {"authorization", "host"} & set(read):
        raise ValueError
    _known(read)
    return read


def flag(value: object) -> bool:
    """A yes or a no."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def duration(value: object) -> float:
    """Seconds from `30s` or `5m`."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m|h)", _text(value))
    if match is None or not float(match[1]):
        raise ValueError
    return float(match[1]) * UNITS[match[2]]


def patience(value: object) -> float:
    """Seconds that a start may take: the dispatcher waits for it."""
    seconds = duration(value)
    if seconds > PATIENCE_MAX_S:
        raise ValueError
    return seconds


def secret(value: object) -> str:
    """Where a secret is."""
    text = _text(value)
    if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+", text):
        raise ValueError
    return text


def name(value: object) -> str:
    """A name that can stand in a label and in an id."""
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text):
        raise ValueError
    return text


def _text(value: object) -> str:
    """A text or a whole number, in one line."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError
    text = str(value)
    if not text or re.search("[\x00-\x1f\x7f\ud800-\udfff]", text):
        raise ValueError
    return text


class Stranger(ValueError):
    """A place that names no field of a trigger."""

    def __init__(self, path: tuple[str | int, ...], place: str) -> None:
        super().__init__(place)
        self.path = path
        self.place = place


def _known(value: object) -> None:
    for path, place in strangers(value):
        raise Stranger(path, place)


READS: dict[str, Callable[[object], object]] = {
    "text": _text,
    "name": name,
    "url": url,
    "template": template,
    "tree": tree,
    "names": names,
    "codes": codes,
    "networks": networks,
    "headers": headers,
    "flag": flag,
    "duration": duration,
    "patience": patience,
    "secret": secret,
}
