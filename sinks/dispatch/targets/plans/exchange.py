"""What goes to a target and what comes back, and how a plan of both is written: as a generator of requests."""

from collections.abc import Generator, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from sinks.dispatch.target import Again, Ended, Refused, Running, Started

SAID_MAX = 200  # characters of a reply in a message
AFTER_MAX_S = 86_400.0  # a target may ask for a day, not for a year
# 401 and 403 are on the list: credentials are put right while the trigger waits, and GitHub says 403 to the hasty.
LATER = frozenset({401, 403, 408, 425, 429})


class Request(Struct, frozen=True):
    """One request to the address of the entry: a row gives a path, so it cannot reach another host."""

    method: str
    path: str  # with its query, encoded
    body: bytes = b""
    headers: dict[str, str] = {}


class Reply(Struct, frozen=True):
    """What was answered: the names of headers in small letters, at most `REPLY_BYTES_MAX` of body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}
    at: float = 0.0  # s since 1970, when it came

    @property
    def document(self) -> object:
        """The body as JSON; None where it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


Taken: TypeAlias = Started | Again | Refused
Followed: TypeAlias = Running | Ended | Again | None
Taking: TypeAlias = Generator[Request, Reply, Taken]  # yields requests, is sent their replies, returns the answer
Following: TypeAlias = Generator[Request, Reply, Followed]
Finding: TypeAlias = Generator[Request, Reply, object]


def found(document: object, pointer: str) -> object:
    """What stands at a path such as `executable.number` or `runs.0.run_id`; None where nothing does."""
    for step in pointer.split("."):
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def word(document: object, pointer: str) -> str:
    """The text or whole number at a path, as text; empty where there is none."""
    value = found(document, pointer)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def declined(reply: Reply) -> Again | Refused:
    """What a reply means that is not the one hoped for."""
    why = f"answered {reply.status}{said(reply)}"
    if reply.status in LATER or reply.status >= 500:
        return Again(why, after(reply))
    if 300 <= reply.status < 400:
        return Refused(f"answered {reply.status}: redirects are not followed, give the address that it leads to")
    return Refused(why)


def unclear(reply: Reply) -> Again:
    """A reply that should have said more: a page of a proxy, perhaps."""
    return Again(f"answered {reply.status} without what was expected{said(reply)}")


def said(reply: Reply) -> str:
    """The beginning of a body for a message, printable; with a colon before it."""
    text = reply.body[: 4 * SAID_MAX].decode("utf-8", "replace")
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    short = shown if len(shown) <= SAID_MAX else shown[:SAID_MAX] + "..."
    return f": {short}" if short else ""


def after(reply: Reply) -> float | None:
    """How long to wait, in s: `Retry-After` as seconds or as a date."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), AFTER_MAX_S)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(moment - reply.at, 0.0), AFTER_MAX_S)
