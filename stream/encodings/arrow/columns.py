"""One column of an Arrow table: its values as numbers, categories, times, or single ones as in JSON.

What a value means does not depend on how its column is stored, and is what the same value means in JSON.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stream.encodings.arrow.differing import distinct
from stream.encodings.schema import MISSING, NOT_FINITE, WRONG_TYPE, Ids, category
from stream.encodings.times import BAD, LATEST_MS, MILLISECOND, times
from stream.events import Floats, Ints

# What JSON has, and moments, which it has as texts. Of anything else no value is read: lists, objects, bytes, dates.
Kind = Literal["nothing", "truth", "integer", "real", "text", "moment", "other"]
NS_OF = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


@dataclass(frozen=True)
class Column:
    """Values (n,): numbers and truths as such, moments since 1970 in `unit`, texts as places in `words`.

    `missing` (n,) says where there is none; it is None where there is one everywhere.
    """

    kind: Kind
    missing: NDArray[np.bool_] | None
    values: NDArray[Any]
    words: tuple[str, ...] = ()
    unit: str = ""

    def numbers(self) -> Floats:
        """As a numeric field has them, (n,)."""
        if self.kind == "integer":
            found = self.values.astype(np.float64)
        elif self.kind == "real":
            nan = np.isnan(self.values)
            found = np.where(nan, NOT_FINITE, self.values) if nan.any() else self.values
        else:
            found = np.full(len(self.values), WRONG_TYPE)
        return found if self.missing is None else np.where(self.missing, MISSING, found)

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
            found = np.full(len(self.values), BAD)
        return found if self.missing is None else np.where(self.missing, BAD, found)

    def distinct(self) -> tuple[Ints, list[Any]]:
        """Codes (n,) of the different values, and these as in JSON."""
        if self.kind == "text":
            found, codes = list[Any](self.words), self.values
        else:
            stored, codes = distinct(self.values)
            found = [self._written(each) for each in stored]
        return codes if self.missing is None else np.where(self.missing, len(found), codes), [*found, None]

    def _written(self, stored: np.generic) -> Any:  # noqa: ANN401 - any value of JSON
        match self.kind:
            case "moment":
                return _rfc3339(int(stored), self.unit)
            case "other" | "nothing":
                return []
        return stored.item()


def absent(n: int) -> Column:
    """A column that is not there."""
    return Column("nothing", np.ones(n, np.bool_), np.zeros(n))


def column(chunked: Any) -> Column:  # noqa: ANN401 - pyarrow is untyped
    """The column that a chunked array of pyarrow holds."""
    stored, encoded = _stored(chunked.type)
    kind = kind_of(stored)
    if kind == "text":
        return _text(chunked if encoded else chunked.dictionary_encode())
    if kind == "nothing":
        return absent(len(chunked))
    if kind != "other" and encoded:  # of a known width, so every row can have its own
        chunked = chunked.cast(stored)
    if chunked.num_chunks == 1 and stored.id in _as_they_are():
        piece = chunked.chunk(0)
        return Column(kind, _missing(piece), _fixed(piece), unit=getattr(stored, "unit", ""))
    missing = chunked.is_null().to_numpy() if chunked.null_count or kind == "other" else None
    return Column(kind, missing, _values(kind, chunked), unit=getattr(stored, "unit", ""))


def written(chunked: Any, row: int) -> Any:  # noqa: ANN401 - pyarrow is untyped; any value of JSON
    """A single value as in JSON; for what JSON does not have, something of a wrong type."""
    stored, encoded = _stored(chunked.type)
    scalar = chunked[row].value if encoded else chunked[row]
    if scalar is None or not scalar.is_valid:
        return None
    match kind_of(stored):
        case "real":
            return float(scalar.as_py())
        case "moment":
            return _rfc3339(scalar.value, stored.unit)
        case "other":
            return []
    return scalar.as_py()


def text_lengths(chunked: Any) -> list[NDArray[Any]]:  # noqa: ANN401 - pyarrow is untyped
    """How many bytes the texts of a column have, those of a dictionary once; nothing where it has no texts."""
    stored, encoded = _stored(chunked.type)
    if kind_of(stored) != "text":
        return []
    return [_lengths(chunk.dictionary if encoded else chunk) for chunk in chunked.chunks]


def is_text(chunked: Any) -> bool:  # noqa: ANN401 - pyarrow is untyped
    """Whether a column has texts."""
    return kind_of(_stored(chunked.type)[0]) == "text"


def kind_of(stored: Any) -> Kind:  # noqa: ANN401 - a type of pyarrow
    """What the values of a type are."""
    return _kinds().get(stored.id, "other")


def is_view(stored: Any) -> bool:  # noqa: ANN401 - a type of pyarrow
    """Whether it is the type of texts that may share their bytes."""
    return bool(stored.id == _id("STRING_VIEW"))


@cache
def _kinds() -> dict[int, Kind]:
    names: dict[Kind, str] = {
        "nothing": "NA",
        "truth": "BOOL",
        "integer": "INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64",
        "real": "HALF_FLOAT FLOAT DOUBLE DECIMAL32 DECIMAL64 DECIMAL128 DECIMAL256",
        "text": "STRING LARGE_STRING STRING_VIEW",
        "moment": "TIMESTAMP",
    }
    return {_id(name): kind for kind, listed in names.items() for name in listed.split()}


@cache
def _as_they_are() -> dict[int, str]:
    """The types whose values are read where they lie, with NumPy's names of them."""
    whole = [f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)]
    return {_id("DOUBLE"): "float64", _id("TIMESTAMP"): "int64", **{_id(name): name.lower() for name in whole}}


@cache
def _id(name: str) -> int:
    """The number of a type."""
    from pyarrow import lib

    return int(getattr(lib, f"Type_{name}"))


def _stored(kind: Any) -> tuple[Any, bool]:  # noqa: ANN401 - a type of pyarrow
    """The type of the values, and whether they are a dictionary's."""
    return (kind.value_type, True) if kind.id == _id("DICTIONARY") else (kind, False)


def _rfc3339(stored: int, unit: str) -> str:
    return f"{np.int64(stored).astype(f'datetime64[{unit}]')}Z"


def _lengths(texts: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow is untyped
    """How long each of an array's texts is: from where they begin, or from views of 16 bytes, which begin with it."""
    first, upto = texts.offset, texts.offset + len(texts)
    if not len(texts):
        return np.zeros(0, np.int64)
    if is_view(texts.type):
        lengths = np.frombuffer(texts.buffers()[1], np.int32, 4 * upto)[4 * first :: 4]
        return np.where(texts.is_null().to_numpy(zero_copy_only=False), 0, lengths)
    width = np.int64 if texts.type.id == _id("LARGE_STRING") else np.int32
    return np.diff(np.frombuffer(texts.buffers()[1], width, upto + 1)[first:])


def _missing(array: Any) -> NDArray[np.bool_] | None:  # noqa: ANN401 - pyarrow is untyped
    """Where an array has no value, (n,); None where it has one everywhere. Several times as fast as to ask it."""
    bits = array.buffers()[0] if array.null_count else None
    if bits is None:
        return None
    first, upto = array.offset, array.offset + len(array)
    missing: NDArray[np.bool_] = (
        np.unpackbits(np.frombuffer(bits, np.uint8), count=upto, bitorder="little")[first:] == 0
    )
    return missing


def _fixed(array: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow is untyped
    """The values of an array of numbers or moments where they lie, whatever is there where one is missing."""
    kind = np.dtype(_as_they_are()[array.type.id])
    if not len(array):
        return np.zeros(0, kind)
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def _values(kind: Kind, chunked: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow is untyped
    """The values, with something where there is none."""
    if kind == "other":
        return np.zeros(len(chunked))
    if kind == "real":  # NaN where there is none
        wide = chunked.cast("float64") if str(chunked.type).startswith("decimal") else chunked
        with np.errstate(invalid="ignore"):  # a NaN that signals
            reals: NDArray[Any] = wide.to_numpy().astype(np.float64, copy=False)
        return reals
    plain = chunked.cast("int64") if kind == "moment" else chunked
    found: NDArray[Any] = (plain.fill_null(False if kind == "truth" else 0) if plain.null_count else plain).to_numpy()
    return found


def _text(chunked: Any) -> Column:  # noqa: ANN401 - pyarrow is untyped
    """Texts as codes. Each chunk has words of its own, perhaps with a null among them."""
    if chunked.num_chunks == 1 and not chunked.null_count and not chunked.chunk(0).dictionary.null_count:
        texts = chunked.chunk(0)
        places = _fixed(texts.indices).astype(np.int64)  # codes of a byte each would overflow in what reckons with them
        return Column("text", None, places, tuple(texts.dictionary.to_pylist()))
    code_of: dict[str | None, int] = {None: 0}
    pieces = []
    codes, known = list[int](), None
    for chunk in chunked.chunks:
        if known is None or not chunk.dictionary.equals(known):  # as a rule they are all alike
            known = chunk.dictionary
            codes = [code_of.setdefault(word, len(code_of)) for word in known.to_pylist()]
        places, missing = _fixed(chunk.indices), _missing(chunk.indices)
        if missing is not None:
            places = np.where(missing, np.int64(len(codes)), places)  # their own type may have no place for one more
        pieces.append(np.array([*codes, 0], np.int64).take(places))
    found = np.concatenate(pieces)
    return Column("text", found == 0, np.maximum(found - 1, 0), tuple(code_of)[1:])  # type: ignore[arg-type]  # texts
