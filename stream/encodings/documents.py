"""JSON documents that the fast decoder refuses: with NaN or huge numbers, broken text, or nested deeper than its stack.

They are read so that whatever the fast decoder accepts is accepted, wherever in the document it looks: whether an event
is accepted depends neither on which of its fields are decoded, nor on how much of the stack its caller has used.
"""

import json
import re
from typing import Any

import msgspec

NESTING = 100  # levels that are parsed at a time
_DIGITS_MAX = 4_300  # of an integer, where Python's own limit is; longer ones are infinite

# A string may lack its end: else every quote inside of it would begin another search to the end of the text.
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(value: bytes) -> object:
    """A JSON document as driftline understands it. ValueError if it is none.

    NaN, Infinity and numbers beyond every double are numbers; what is no text (invalid UTF-8, half a surrogate pair)
    becomes U+FFFD; of documents too deep for the stack, what lies below the NESTING-th level is left out.
    """
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return load(mended(decoded(value)))


def decoded(value: bytes) -> str:
    """The text of a record; bytes that are no UTF-8 become halves of surrogate pairs."""
    return value.decode("utf-8", "surrogateescape")


def broken(text: str) -> bool:
    """Whether a text has half a surrogate pair, which UTF-8 cannot carry."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def mended(text: str) -> str:
    """A document's text with U+FFFD for each half of a surrogate pair, written out or escaped."""
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return _ESCAPE.sub(lambda match: "\\ufffd" if match[1] else match[0], text) if "\\u" in text else text


def load(text: str) -> Any:  # noqa: ANN401 - any document
    """A parsed document; the last one of equal keys counts. ValueError if it is none."""
    try:
        return _parsed(text)
    except RecursionError:
        return _parsed(_shallow(text))


def _parsed(text: str) -> Any:  # noqa: ANN401 - any document
    try:
        return _USUAL(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer that Python refuses to convert
        return _LENIENT(text)


def _integer(digits: str) -> float:
    return int(digits) if len(digits.lstrip("-")) <= _DIGITS_MAX else float(digits)


_USUAL = json.JSONDecoder().decode
_LENIENT = json.JSONDecoder(parse_int=_integer).decode


def _shallow(text: str) -> str:
    """The same document without what lies below the NESTING-th level; a ValueError if that is no JSON.

    From the inside out: when a bracket of every NESTING-th level closes, what it holds is parsed, and emptied.
    """
    pieces: list[list[str]] = [[]]  # the text since the last open bracket of every NESTING-th level
    depth, end = 0, 0
    for match in _MARK.finditer(text):
        if match[0] in "[{":
            if depth % NESTING == 0:
                pieces[-1].append(text[end : match.start()])
                pieces.append([])
                end = match.start()
            depth += 1
        elif match[0] in "]}":
            depth -= 1
            if depth < 0:
                break
            if depth % NESTING == 0:
                piece = "".join(pieces.pop()) + text[end : match.end()]
                if depth:
                    _parsed(piece)
                    piece = "[]" if match[0] == "]" else "{}"
                pieces[-1].append(piece)
                end = match.end()
    if depth:
        raise ValueError("brackets do not match")
    return "".join(pieces[0]) + text[end:]
