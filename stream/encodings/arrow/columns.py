"""One column of an Arrow table: its values as numbers, categories, times, or single ones as in JSON.

What a value means does not depend on how its column is stored, and is what the same value means in JSON.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stream.encodings.schema import MISSING, NOT_FINITE, WRONG_TYPE, Ids, category
from stream.encodings.times import BAD, LATEST_MS, MILLISECOND, times
from stream.events import Floats, Ints

# What JSON has, and moments, which it has as texts. Of anything else no value is read: lists, objects, bytes, dates.
Kind = Literal["nothing", "truth", "integer", "real", "text", "moment", "other"]
NS_OF = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


@dataclass(frozen=True)
class Column:
    """Values (n,): numbers and truths as such, moments since 1970 in `unit`, texts as places in `words`."""

    kind: Kind
    missing: NDArray[np.bool_]
    values: NDArray[Any]
    words: tuple[str, ...] = ()
    unit: str = ""

    def numbers(self) -> Floats:
        """As a numeric field has them, (n,)."""
        if self.kind == "integer":
            found = self.values.astype(np.float64)
        elif self.kind == "real":
            found = np.where(np.isnan(self.values), NOT_FINITE, self.values)
        else:
            found = np.full(len(self.missing), WRONG_TYPE)
        found[self.missing] = MISSING
        return found

    def categories(self, ids: Ids) -> Ints:
        """As a categorical field has them, ids (n,)."""
        codes, found = self.distinct()
        return np.fromiter((ids[category(value)] for value in found), np.int64).take(codes)

    def times(self, dates: dict[bytes, int]) -> Ints:
        """As event times in ns, (n,); BAD where they cannot be used. `dates` as for texts."""
        if self.kind == "text":
            found = times(self.words or ("",), dates).take(self.values)
        elif self.kind in {"integer", "moment"}:
            step = NS_OF[self.unit] if self.kind == "moment" else MILLISECOND
            usable = (self.values >= 0) & (self.values < LATEST_MS * MILLISECOND // step)
            found = np.where(usable, self.values, 0).astype(np.int64) * step
            found[~usable] = BAD
        else:
            found = np.full(len(self.missing), BAD)
        found[self.missing] = BAD
        return found

    def distinct(self) -> tuple[Ints, list[Any]]:
        """Codes (n,) of the different values, and these as in JSON."""
        if self.kind == "text":
            return np.where(self.missing, len(self.words), self.values), [*self.words, None]
        stored, codes = np.unique(self.values, return_inverse=True)
        return np.where(self.missing, len(stored), codes), [*map(self._written, stored), None]

    def value(self, i: int) -> Any:  # noqa: ANN401 - any value of JSON
        """The i-th as in JSON; for what JSON does not have, something of a wrong type."""
        return None if self.missing[i] else self._written(self.values[i])

    def _written(self, stored: np.generic) -> Any:  # noqa: ANN401 - any value of JSON
        match self.kind:
            case "text":
                return self.words[int(stored)]
            case "moment":
                return f"{stored.astype(f'datetime64[{self.unit}]')}Z"
            case "other" | "nothing":
                return []
        return stored.item()


def absent(n: int) -> Column:
    """A column that is not there."""
    return Column("nothing", np.ones(n, np.bool_), np.zeros(n))


def column(chunked: Any) -> Column:  # noqa: ANN401 - pyarrow is untyped
    """The column that a chunked array of pyarrow holds."""
    from pyarrow import types

    kind = chunked.type
    stored = kind.value_type if types.is_dictionary(kind) else kind
    if _is_text(stored):
        return _text(chunked if types.is_dictionary(kind) else chunked.dictionary_encode())
    if types.is_null(stored):
        return absent(len(chunked))
    known = _kind(stored)
    if known != "other" and types.is_dictionary(kind):  # of a known width, so every row can have its own
        chunked = chunked.cast(stored)
    return Column(known, chunked.is_null().to_numpy(), _values(known, chunked), unit=getattr(stored, "unit", ""))


def text_bytes(chunked: Any) -> Ints:  # noqa: ANN401 - pyarrow is untyped
    """How long the texts of a column are, those of a dictionary once; none where it has no texts."""
    from pyarrow import compute, types

    arrays = [chunk.dictionary for chunk in chunked.chunks] if types.is_dictionary(chunked.type) else chunked.chunks
    found = [np.zeros(0, np.int64)]
    for texts in arrays:
        if types.is_string_view(texts.type) and len(texts):  # 16 bytes each, which begin with the length
            upto = texts.offset + len(texts)
            lengths = np.frombuffer(texts.buffers()[1], np.int32, 4 * upto)[4 * texts.offset :: 4]
            found.append(np.where(texts.is_null().to_numpy(zero_copy_only=False), 0, lengths))
        elif _is_text(texts.type):
            found.append(compute.binary_length(texts).fill_null(0).to_numpy())
    return np.concatenate(found)


def _kind(kind: Any) -> Kind:  # noqa: ANN401 - a type of pyarrow
    from pyarrow import types

    if types.is_boolean(kind):
        return "truth"
    if types.is_integer(kind):
        return "integer"
    if types.is_floating(kind) or types.is_decimal(kind):
        return "real"
    return "moment" if types.is_timestamp(kind) else "other"


def _is_text(kind: Any) -> bool:  # noqa: ANN401 - a type of pyarrow
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _values(known: Kind, chunked: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow is untyped
    """The values, with something where there is none."""
    from pyarrow import types

    if known == "other":
        return np.zeros(len(chunked))
    if known == "real":  # NaN where there is none
        wide = chunked.cast("float64") if types.is_decimal(chunked.type) else chunked
        with np.errstate(invalid="ignore"):  # a NaN that signals
            reals: NDArray[Any] = wide.to_numpy().astype(np.float64, copy=False)
        return reals
    plain = chunked.cast("int64") if known == "moment" else chunked
    found: NDArray[Any] = (plain.fill_null(False if known == "truth" else 0) if plain.null_count else plain).to_numpy()
    return found


def _text(chunked: Any) -> Column:  # noqa: ANN401 - pyarrow is untyped
    """Texts as codes. Each chunk has words of its own, perhaps with a null among them."""
    code_of: dict[str | None, int] = {None: 0}
    pieces = []
    for chunk in chunked.chunks:
        codes = [code_of.setdefault(word, len(code_of)) for word in chunk.dictionary.to_pylist()]
        places = chunk.indices.fill_null(len(codes)) if chunk.indices.null_count else chunk.indices
        pieces.append(np.array([*codes, 0], np.int64).take(places.to_numpy()))
    found = np.concatenate(pieces)
    return Column("text", found == 0, np.maximum(found - 1, 0), tuple(code_of)[1:])  # type: ignore[arg-type]  # texts
