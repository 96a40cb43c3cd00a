"""How to decode: a Struct type per model, compiled from its features, so that one pass over the bytes finds everything.

The types form a union tagged by `model`, which msgspec resolves while it decodes. All of them have the same layout, so
that a chunk of events of many models becomes columns in one go: features are padded to the widest model.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple, Union

import msgspec
from msgspec import Meta, Struct, defstruct

from detectors.grids import MISSING
from stream.encodings.schema import NAME_MAX, WRONG, Category, Shape, category, number
from stream.events import RESERVED

Kind = Literal["prediction", "features", "label"]
Ranking = tuple[tuple[str, bool], ...]  # patterns of models' names, and whether those that fit are rankings
SEVERAL = ("scores", "prediction")  # the field of several values: of a model, and of a ranking

# A type that no document fits. It makes a union of one model, where msgspec would not ask for the tag.
_Impossible = defstruct(
    "Impossible", [("impossible", Annotated[int, Meta(gt=0, lt=0)])], tag_field="model", tag="-" * (NAME_MAX + 1)
)

_UNSPELLABLE = re.compile('["\\\\\\x00-\\x1f\ud800-\udfff]')


class Header(Struct, frozen=True, gc=False):
    """What every event needs, whatever its model."""

    kind: Kind
    model: str
    time: str | int
    version: str | int = ""
    id: Any = None  # looked at where labels are identified by it
    label: Any = None
    event: Any = None


class EventType(NamedTuple):
    """The compiled types of one model; `place` is that among the shapes, -1 for a stranger."""

    place: int
    shape: Shape
    event: type[Struct]
    features: type[Struct]
    attributions: type[Struct]
    ranked: bool  # what it predicts is a list


class Types:
    """The compiled Struct types: how bytes become events, and how a document that fits none is made one by hand.

    `identified`: ids matter, because labels are joined by them. `ranking`: which names of models are those of rankings,
    by the first pattern that fits; they predict lists.
    """

    def __init__(
        self, shapes: Sequence[Shape], segments: Sequence[str], *, identified: bool, ranking: Ranking = ()
    ) -> None:
        self.segments = tuple(segments)
        self.identified = identified
        self._ranking = ranking
        self.n_numeric = max((len(shape.numeric) for shape in shapes), default=0)
        self.n_categorical = max((len(shape.categorical) for shape in shapes), default=0)
        self.n_attributed = max((len(shape.attributed) for shape in shapes), default=0)
        self.unattributed = (MISSING,) * self.n_attributed
        self._segments_type = self._fields("Segments", (("s", self.segments, len(self.segments), Category, None),))
        self._no_segments = self._segments_type()
        self._no_features = self._features_type(Shape(""))()
        self.stranger = self._event_type(Shape(""), -1)
        self.by_model = {shape.model: self._event_type(shape, i) for i, shape in enumerate(shapes)}
        self.by_type = {known.event: known for known in (self.stranger, *self.by_model.values())}
        fast = [known.event for known in self.by_model.values() if _spellable(self._names(known.shape))]
        self.decode = msgspec.json.Decoder(Union[(*fast, _Impossible)]).decode
        self.header = msgspec.json.Decoder(Header).decode

    def ranked(self, model: str) -> bool:
        """Whether a model predicts lists; known of every name, so that a label means the same before and after."""
        return bool(self._ranking) and _ranked(self._ranking, model)

    def _names(self, shape: Shape) -> Iterable[str]:
        return (*shape.numeric, *shape.categorical, *shape.attributed, *self.segments)

    def _features_type(self, shape: Shape) -> type[Struct]:
        """Numeric fields first, then categorical ones."""
        numeric = ("n", shape.numeric, self.n_numeric, float | None, MISSING)
        categorical = ("c", shape.categorical, self.n_categorical, Category, None)
        return self._fields("Features", (numeric, categorical))

    def _attributions_type(self, shape: Shape) -> type[Struct]:
        return self._fields("Attributions", (("a", shape.attributed, self.n_attributed, float | None, MISSING),))

    @staticmethod
    def _fields(title: str, groups: Iterable[tuple[str, Sequence[str], int, Any, Any]]) -> type[Struct]:
        """A Struct of groups of fields: prefix, names in JSON, how many, type, default. What has no name is padding."""
        fields: list[tuple[str, Any, Any]] = []
        names: dict[str, str] = {}
        for prefix, declared, width, kind, default in groups:
            for i in range(width):
                field = f"{prefix}{i}"
                fields.append((field, kind, default))
                spelled = i < len(declared) and _spellable((declared[i],)) and not declared[i].startswith(RESERVED)
                names[field] = declared[i] if spelled else RESERVED + field
        return defstruct(title, fields, rename=names, gc=False, frozen=True)

    def _event_type(self, shape: Shape, index: int) -> EventType:
        features = self._features_type(shape)
        attributions = self._attributions_type(shape)
        learning, ranked = not shape.numeric and not shape.categorical, self.ranked(shape.model)
        fields: list[Any] = [
            ("kind", Kind),
            ("time", str | int),
            ("version", str | int, ""),
            ("features", features, self._no_features if learning else features()),
            ("score", float | None, MISSING),
            ("latency_ms", float | None, MISSING),
            ("prediction", Category, None),
            ("status", Category, None),
            ("segments", self._segments_type, self._no_segments),
            ("id", str | int | None, None),
            ("label", Any if ranked else Category, None),
            ("event", Category, None),
            ("several", Any, None),
            ("attributions", attributions | None, None),
        ]
        unread = {"features"} if learning else set()
        if not shape.attributed:
            unread |= {"attributions"}
        if not self.identified:
            unread |= {"id", "label", "event"}
        if ranked:
            unread |= {"prediction"}
        event = defstruct(
            "Event",
            fields,
            rename={"several": SEVERAL[ranked]} | {name: RESERVED + name for name in unread},  # not even looked at
            tag_field="model",
            tag=shape.model,
            gc=False,
            frozen=True,
        )
        return EventType(index, shape, event, features, attributions, ranked)

    def event(self, header: Header, document: dict[str, Any]) -> Struct:
        """An event out of a parsed document; fields of a wrong type become values that say so."""
        known = self.by_model[header.model]
        fields = {
            "kind": header.kind,
            "time": header.time,
            "version": header.version,
            "features": self._features(known, document.get("features")),
            "score": number(document.get("score")),
            "latency_ms": number(document.get("latency_ms")),
            "prediction": None if known.ranked else category(document.get("prediction")),
            "several": document.get(SEVERAL[known.ranked]),
            "status": category(document.get("status")),
            "segments": self._segments(document.get("segments")),
            "attributions": _attributions(known, document.get("attributions")),
        }
        return known.event(**fields, **_said(header))

    def strange(self, header: Header) -> Struct:
        """The event of a model that has no type: only its header is read, and its version holds the model too."""
        version = (header.model, str(header.version))
        return self.stranger.event(kind=header.kind, time=header.time, version=version, **_said(header))

    def _features(self, known: EventType, document: object) -> Struct:
        if document is None:
            return known.features()
        shape = known.shape
        if not isinstance(document, dict):
            document = dict.fromkeys((*shape.numeric, *shape.categorical), WRONG)
        numeric = {f"n{i}": number(document.get(name)) for i, name in enumerate(shape.numeric)}
        categorical = {f"c{i}": category(document.get(name)) for i, name in enumerate(shape.categorical)}
        return known.features(**numeric, **categorical)

    def _segments(self, document: object) -> Struct:
        if not isinstance(document, dict):
            return self._no_segments
        return self._segments_type(**{f"s{i}": category(document.get(name)) for i, name in enumerate(self.segments)})


def _attributions(known: EventType, document: object) -> Struct | None:
    if document is None:
        return None
    if not isinstance(document, dict):
        document = dict.fromkeys(known.shape.attributed, WRONG)
    given = {f"a{i}": number(document.get(name)) for i, name in enumerate(known.shape.attributed)}
    return known.attributions(**given)


@lru_cache(maxsize=4_096)  # asked for every label
def _ranked(ranking: Ranking, model: str) -> bool:
    return next((ranked for pattern, ranked in ranking if fnmatchcase(model, pattern)), False)


def _said(header: Header) -> dict[str, Any]:
    """What a label says, and of which prediction."""
    return {"id": header.id, "label": header.label, "event": category(header.event)}


def _spellable(names: Iterable[str]) -> bool:
    """Whether msgspec can look for these names: no quotes, backslashes, control characters or lone surrogates.

    Events of a model with another name are read by hand, which takes several times as long.
    """
    return not any(_UNSPELLABLE.search(name) for name in names)
