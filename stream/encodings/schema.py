"""What to decode: one Struct type per model, compiled from its features, so that one pass over the bytes finds everything.

The types form a union tagged by `model`, which msgspec resolves while it decodes. All of them have the same layout, so that a
chunk of events of many models becomes columns in one go: features are padded to the widest model.
"""

import math
import struct
from collections.abc import Sequence
from typing import Any, Final, Literal, Union

import msgspec
from msgspec import Struct, defstruct

from detectors.grids import ABSENT, MISSING, NOT_FINITE, WRONG_TYPE

Category = str | int | float | bool | None  # numbers that are equal are one category, and so are 1 and true
Kind = Literal["prediction", "features", "label"]
NAME_MAX = 200  # characters of a model's or version's name

# Ids that every vocabulary begins with.
NULL_ID, UNSEEN_ID, WRONG_ID, ABSENT_ID = range(4)


class WrongType:
    """Stands for a categorical value that is an object or an array."""


WRONG: Final = WrongType()
ABSENT_VALUE: Final = WrongType()


class Shape(Struct, frozen=True):
    """The features of one model that are decoded; none while it is being learned."""

    model: str
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()


class Ids(dict[Any, int]):
    """Category to id of the vocabulary. Events add nothing to it: what is not in it is unseen."""

    def __missing__(self, value: object) -> int:
        """Anything else is unseen."""
        return UNSEEN_ID


def category_text(value: str | float | bool) -> str:
    """The text that names a category: equal numbers have one name, true is 1 and false is 0."""
    if isinstance(value, str):
        return value
    number = float(value)
    return str(int(number)) if math.isfinite(number) and number == int(number) else repr(number)


def vocabulary_ids(texts: Sequence[str]) -> Ids:
    """Ids of all texts, under the text itself and under the number that it names."""
    ids = Ids({None: NULL_ID, WRONG: WRONG_ID, ABSENT_VALUE: ABSENT_ID})
    for i, text in enumerate(dict.fromkeys(texts), start=ABSENT_ID + 1):
        ids[text] = i
        try:
            number = float(text)
        except ValueError:
            continue
        if category_text(number) == text:
            ids[number] = i
    return ids


class Header(Struct, frozen=True, gc=False):
    """What every event needs, whatever its model."""

    kind: Kind
    model: str
    time: str | int
    version: str | int = ""
    id: str | int | None = None


class Types:
    """The compiled Struct types: how bytes become events, and how a document that did not fit is turned into one by hand."""

    def __init__(self, shapes: Sequence[Shape], segments: Sequence[str], *, identified: bool) -> None:
        self.shapes = tuple(shapes)
        self.segments = tuple(segments)
        self.n_numeric = max((len(shape.numeric) for shape in shapes), default=0)
        self.n_categorical = max((len(shape.categorical) for shape in shapes), default=0)
        self.pack = struct.Struct(f"{self.n_numeric}d").pack
        self._no_segments = self._segment_type()()
        self._nothing = self._feature_type(Shape(""))()  # the features of what has none to decode
        self.by_model = {shape.model: self._event_type(shape, i, identified) for i, shape in enumerate(shapes)}
        self.stranger = self._event_type(Shape(""), -1, identified)
        union = Union[tuple(self.by_model.values())] if self.by_model else self.stranger  # noqa: UP007 - made at run time
        self.decode = msgspec.json.Decoder(union).decode
        self.header = msgspec.json.Decoder(Header).decode

    def _segment_type(self) -> type[Struct]:
        fields = [(f"s{i}", Category, None) for i in range(len(self.segments))]
        names = {f"s{i}": name for i, name in enumerate(self.segments)}
        return defstruct("Segments", fields, rename=names, gc=False, frozen=True)

    def _feature_type(self, shape: Shape) -> type[Struct]:
        """Numeric fields first, then categorical; those beyond the shape's own are padding under names of no event."""
        fields: list[tuple[str, Any, Any]] = []
        names = {}
        for prefix, declared, width, kind, default in (
            ("n", shape.numeric, self.n_numeric, float | None, MISSING),
            ("c", shape.categorical, self.n_categorical, Category, None),
        ):
            for i in range(width):
                fields.append((f"{prefix}{i}", kind, default))
                names[f"{prefix}{i}"] = declared[i] if i < len(declared) else f"\0{prefix}{i}"
        return defstruct("Features", fields, rename=names, gc=False, frozen=True)

    def _event_type(self, shape: Shape, index: int, identified: bool) -> type[Struct]:
        learning = not shape.numeric and not shape.categorical
        features = self._feature_type(shape)
        fields: list[Any] = [
            ("kind", Kind),
            ("time", str | int),
            ("version", str | int, ""),
            ("features", features, self._nothing if learning else features()),
            ("score", float | None, MISSING),
            ("latency_ms", float | None, MISSING),
            ("prediction", Category, None),
            ("status", Category, None),
            ("segments", type(self._no_segments), self._no_segments),
        ]
        if identified:
            fields.append(("id", str | int | None, None))
        return defstruct(
            "Event",
            fields,
            rename={"features": "\0features"} if learning else None,
            tag_field="model",
            tag=shape.model,
            gc=False,
            frozen=True,
            namespace={"index": index, "shape": shape, "features_type": features},
        )

    def event(self, header: Header, document: dict[str, Any]) -> Struct:
        """An event out of a parsed document; fields of a wrong type become values that say so, and reject nothing."""
        kind = self.by_model.get(header.model, self.stranger)
        shape: Shape = kind.shape  # type: ignore[attr-defined]  # put into its namespace above
        version = str(header.version)
        fields = {
            "kind": header.kind,
            "time": header.time,
            "version": (header.model, version) if kind is self.stranger else version,
            "features": self._features(kind.features_type, shape, document.get("features")),  # type: ignore[attr-defined]
            "score": number(document.get("score")),
            "latency_ms": number(document.get("latency_ms")),
            "prediction": category(document.get("prediction")),
            "status": category(document.get("status")),
            "segments": self._segments(document.get("segments")),
        }
        if "id" in kind.__struct_fields__:
            fields["id"] = header.id
        return kind(**fields)

    def _features(self, features_type: type[Struct], shape: Shape, document: object) -> Struct:
        if document is None:
            return features_type()
        if not isinstance(document, dict):
            document = dict.fromkeys((*shape.numeric, *shape.categorical), WRONG)
        numeric = {f"n{i}": number(document.get(name)) for i, name in enumerate(shape.numeric)}
        categorical = {f"c{i}": category(document.get(name)) for i, name in enumerate(shape.categorical)}
        return features_type(**numeric, **categorical)

    def _segments(self, document: object) -> Struct:
        if not isinstance(document, dict):
            return self._no_segments
        return type(self._no_segments)(**{f"s{i}": category(document.get(s)) for i, s in enumerate(self.segments)})


def number(value: object) -> float:
    """A numeric value as a float; what is none becomes the NaN that says why."""
    if value is None:
        return MISSING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return WRONG_TYPE
    try:
        as_float = float(value)
    except OverflowError:  # an integer beyond 1.8e308
        return math.inf if value > 0 else -math.inf
    return NOT_FINITE if math.isnan(as_float) else as_float


def category(value: object) -> object:
    """A categorical value; objects and arrays become the value that says so."""
    return value if value is None or isinstance(value, str | int | float) else WRONG


__all__ = ["ABSENT", "Header", "Ids", "Shape", "Types", "category_text", "vocabulary_ids"]
