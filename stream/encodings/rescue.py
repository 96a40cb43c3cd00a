"""What the fast decoder refuses is read by hand: an event with odd values, or a reject that says why.

Only the header can reject an event, and it is judged without a look at the rest.
"""

from typing import Any

import msgspec
from msgspec import Struct

from stream import events
from stream.encodings.documents import broken, decoded, load, mended
from stream.encodings.schema import NAME_MAX
from stream.encodings.structs import Header, Types
from stream.events import Reject

FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError)  # of the fast decoder
_DETAIL_MAX = 200  # characters of a text that is quoted


class Rescue:
    """Reads single records by hand. `bytes_max` is the longest that is read."""

    def __init__(self, types: Types, bytes_max: int) -> None:
        self._types = types
        self._bytes_max = bytes_max

    def event(self, value: bytes | None, row: int) -> Struct | Reject:
        """The event in a record; a Reject where not even its header can be used."""
        if not value:
            return Reject(row, events.EMPTY, "the record has no value")
        if len(value) > self._bytes_max:
            return Reject(row, events.OVERSIZED, oversized(len(value), self._bytes_max))
        return self._strange(value) or self._by_hand(value, row)

    def _strange(self, value: bytes) -> Struct | None:
        """The event of a model that has no type; None where it is not that, or not usual."""
        try:
            header = self._types.header(value)
        except FAILURES:
            return None
        return None if header.model in self._types.by_model or self._flaw(header) else self._types.strange(header)

    def _by_hand(self, value: bytes, row: int) -> Struct | Reject:
        text = decoded(value)
        try:
            document = load(text)
        except ValueError as error:
            return Reject(row, events.UNDECODABLE, f"{error}"[:_DETAIL_MAX])
        if not isinstance(document, dict):
            return Reject(row, events.UNDECODABLE, f"expected an object, found {_type_name(document)}")
        header = self.header(document)
        if not isinstance(header, Header):
            return Reject(row, *header)
        if (whole := mended(text)) != text:
            document = load(whole)
            header = msgspec.structs.replace(header, label=document.get("label"), event=document.get("event"))
        known = header.model in self._types.by_model
        return self._types.event(header, document) if known else self._types.strange(header)

    def header(self, document: dict[str, Any]) -> Header | tuple[str, str]:
        """The header of a parsed event; the reason and the detail where it rejects the event."""
        for field in ("kind", "model", "time"):
            if document.get(field) is None:
                return events.MISSING_FIELD, f"the event has no {field}"
        version = document.get("version")
        kind, model, time, *said = (document.get(field) for field in ("kind", "model", "time", "id", "label", "event"))
        header = Header(kind, model, time, "" if version is None else version, *said)  # type: ignore[arg-type]  # judged next
        return self._flaw(header) or header

    def _flaw(self, header: Header) -> tuple[str, str] | None:
        """Why an event with this header is rejected: the reason, and the detail that names the field."""
        if header.kind not in events.KINDS:
            return events.WRONG_TYPE, f"kind is {header.kind!r:.80}, expected prediction, features or label"
        wanted: list[tuple[str, Any, Any]] = [
            ("model", header.model, str),
            ("version", header.version, str | int),
            ("time", header.time, str | int),
        ]
        if self._types.identified:
            wanted.append(("id", header.id, str | int | None))
        for field, value, allowed in wanted:
            if not isinstance(value, allowed) or isinstance(value, bool):
                return events.WRONG_TYPE, f"{field} is {_type_name(value)}"
            if isinstance(value, str) and broken(value):
                return events.WRONG_TYPE, f"{field} is no text: {value!r:.{_DETAIL_MAX}}"
        if not header.model or not short(header.model) or not short(header.version):
            return events.WRONG_TYPE, LONG_VERSION if header.model and short(header.model) else LONG_MODEL
        if header.kind == "label" and header.id is None and self._types.identified:
            return UNIDENTIFIED
        return None


UNIDENTIFIED = (events.MISSING_FIELD, "a label needs the id of its prediction")
LONG_MODEL = f"model has no or more than {NAME_MAX} characters"
LONG_VERSION = f"version has more than {NAME_MAX} characters"


def oversized(n_bytes: int, bytes_max: int) -> str:
    """What is said of an event that is too long."""
    return f"{n_bytes:,} bytes, the limit is {bytes_max:,} (limits.event_bytes)"


def short(name: str | int) -> bool:
    """Whether the name of a model or version is short enough to be kept."""
    return len(name) <= NAME_MAX if isinstance(name, str) else abs(name) < 10 ** (NAME_MAX - 1)


def _type_name(value: object) -> str:
    """The type of a value in words of JSON."""
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
