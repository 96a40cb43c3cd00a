"""What joins a label to its prediction: a hash of the model and the id that both carry.

64 bits to find it by and 64 more to be sure: of 10^9 predictions none meets the label of another.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.encodings.ranked import relevances
from stream.encodings.schema import category_text, number

NO_KEY = bytes(16)  # of an event without an id; no hash is that by any chance that matters
LABEL, CORRECT, RETRACT = "label", "correct", "retract"  # what a label event does


def key_of(model: str, identity: str | int | None) -> bytes:
    """The hash of an id, 16 bytes; an integer is its text."""
    if identity is None:
        return NO_KEY
    found = begun(model).copy()
    found.update(str(identity).encode())
    return found.digest()


@lru_cache(maxsize=1_024)
def begun(model: str) -> blake2b:
    """The hash of any of a model's ids, of which only the model is in it yet: copied it is there in half the time."""
    return blake2b(f"{model}\0".encode(), digest_size=16)


def hashed(
    copies: Sequence[Callable[[], Any]], heads: Sequence[int], ids: Sequence[str | int | None]
) -> Iterator[bytes]:
    """`key_of` of each id, without its calls: they cost more than the hash (measured); none of a head below 0.

    `copies` by head: of what `begun` of its model gives.
    """
    for head, one in zip(heads, ids, strict=True):
        if one is None or head < 0:
            yield NO_KEY
        else:
            found = copies[head]()
            found.update((one if type(one) is str else str(one)).encode())
            yield found.digest()


def keys(hashes: list[bytes]) -> NDArray[np.int64]:
    """The hashes of events, (n, 2)."""
    return np.frombuffer(b"".join(hashes), np.int64).reshape(len(hashes), 2)


def answer(label: Any, event: Any, *, ranked: bool = False) -> tuple[str, str]:  # noqa: ANN401 - any JSON
    """What a label event says, and what it does with that. Empty is no answer: null, no finite number, an object.

    `ranked`: of a model that predicts lists, see `ranked.relevances`.
    """
    does = event if event in (CORRECT, RETRACT) else LABEL
    if ranked:
        return relevances(label), does
    if isinstance(label, str):
        return label, does
    value = number(label) if not isinstance(label, bool) else float(label)
    return category_text(value) if math.isfinite(value) else "", does
