"""Predictions that are lists, and labels that say which of their items are relevant: what is kept of either.

Items are told apart by 64 bits of a hash of their text, as one category is from another: 7 is "7". The label of a
query is JSON, an object of relevances, and once both are known the pair holds the relevances in the list's order.
"""

import math
import struct
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats
from stream.encodings.schema import category_text, number

LISTED_MAX: Final = 100  # places of a list that are kept: 8 bytes each
RELEVANT_MAX: Final = 1_000  # relevant items of a label that are kept, the most relevant first
SHORT: Final = 64  # characters of an item whose hash is remembered
NOBODY: Final = 0  # the hash of what is no item, and of an item that was listed before
LARGEST: Final = 2.0**64  # of a relevance: sums of them are finite
END: Final = -1.0  # behind the relevances of the list: those of what it does not have follow

_decode = msgspec.json.Decoder(dict[str, float]).decode


def items(predicted: Any) -> bytes:  # noqa: ANN401 - any JSON
    """The hashes of a list's first items, int64, little-endian; empty where the event says nothing."""
    if not isinstance(predicted, list) and not _text(predicted):
        return b""
    listed = predicted if isinstance(predicted, list) else [predicted]
    hashes = [_short(each) if type(each) is str and len(each) <= SHORT else _any(each) for each in listed[:LISTED_MAX]]
    if len(set(hashes)) < len(hashes):
        hashes = [NOBODY if one in hashes[:i] else one for i, one in enumerate(hashes)]
    return struct.pack(f"<{len(hashes)}q", *hashes) or bytes(8)


def relevances(label: Any) -> str:  # noqa: ANN401 - any JSON
    """The relevant items of a label as JSON, the most relevant first; empty where it says nothing.

    A label is an object of relevances, a list of relevant items, or the one item that is.
    """
    if not isinstance(label, dict | list) and not _text(label):
        return ""
    if not isinstance(label, dict):
        label = dict.fromkeys((_text(each) for each in (label if isinstance(label, list) else [label])), 1.0)
    told = [(-value, name) for name, each in label.items() if name and (value := _relevance(each)) > 0]
    return msgspec.json.encode({name: -value for value, name in sorted(told)[:RELEVANT_MAX]}).decode()


def judged(listed: bytes, label: str) -> bytes:
    """The relevance at each place up to the last relevant one, END, and those of other items; float32, little-endian.

    Empty where the event said nothing.
    """
    if not listed or len(listed) % 8:
        return b""
    try:
        told = {_hashed(name): value for name, value in _decode(label).items()}
    except msgspec.MsgspecError:  # a label of a time when the model was configured as another kind
        return b""
    gains = [told.pop(one, 0.0) for one in np.frombuffer(listed, "<i8").tolist()]
    while gains and not gains[-1]:
        gains.pop()
    return np.array([*gains, END, *told.values()], "<f4").tobytes()


def matrices(kept: NDArray[np.object_]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """What `judged` kept of queries: relevances by place, (n, places), and of what is missing, (n, others); 0: none.

    And which of them it is known of, (n,).
    """
    lengths = np.array([len(each) // 4 for each in kept.tolist()], np.int64)
    told = np.frombuffer(b"".join(kept.tolist()), "<f4").astype(np.float64)
    row = np.repeat(np.arange(len(kept)), lengths)
    at = np.arange(len(told)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    end = np.full(len(kept), -1)
    ends = np.flatnonzero(told == END)
    end[row[ends]] = at[ends]
    place = at - end[row]  # below 0 in the list, above 0 behind its end
    gains = np.zeros((len(kept), int(end.max(initial=0))))
    missed = np.zeros((len(kept), int(place.max(initial=0))))
    before, behind = np.flatnonzero(place < 0), np.flatnonzero(place > 0)
    gains[row[before], at[before]] = told[before]
    missed[row[behind], place[behind] - 1] = told[behind]
    return gains, missed, end >= 0


def _relevance(value: object) -> float:
    """How relevant an item is; 0 where that is no number."""
    found = float(value) if isinstance(value, bool) else number(value)
    return found if 1 / LARGEST < found < LARGEST else 0.0


def _text(item: object) -> str:
    """The text that an item is called by; empty where it is none."""
    if isinstance(item, str):
        return item
    if isinstance(item, bool):
        return category_text(item)
    value = number(item)
    return category_text(value) if math.isfinite(value) else ""


def _any(item: object) -> int:
    return _hashed(_text(item))


@lru_cache(maxsize=65_536)  # items come again and again: a tenth of the time
def _short(text: str) -> int:
    return _hashed(text)


def _hashed(text: str) -> int:
    if not text:
        return NOBODY
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True) or 1
