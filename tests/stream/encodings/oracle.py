"""What decoding means, written the slow way: `json.loads`, explicit rules, one event at a time."""

import hashlib
import json
import math
import re
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from stream.encodings.schema import GOOD, GOOD_ID, NULL_ID, UNSEEN_ID, WRONG_ID, Shape
from stream.events import KINDS

MISSING, NOT_FINITE, WRONG_TYPE = (bits << 48 for bits in (0x7FF8, 0x7FF9, 0x7FFA))
UNSIGNED = (1 << 63) - 1
NAME_MAX = 200
CLASSES = ("FR", "1", "caf\u00e9")
FLOAT_MAX = 2.0**128
TIME = re.compile(r"([0-9-]{10})[Tt ]([0-9:]{8})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})")
NESTING_MAX = 6_000  # levels; the stack of the oracle is made that deep


Answer = tuple[str, str] | tuple[bytes, bytes] | None


@dataclass(frozen=True)
class World:
    """What is decoded, and how."""

    shapes: tuple[Shape, ...]
    segments: tuple[str, ...]
    vocabulary: tuple[str, ...]
    identified: bool
    bytes_max: int = 65_536
    ranked: tuple[str, ...] = ()  # models that predict lists


@dataclass(frozen=True)
class Event:
    """One event; numbers as the bits of doubles, so that equal means equal."""

    time: int
    head: tuple[int, str, str, str]  # place of the model, its name, kind, version
    values: tuple[int, ...]
    texts: tuple[int, ...]
    segments: tuple[int, ...]
    key: bytes  # of the model and the id; zeros without one, nothing where no labels are read
    answer: Answer  # what a label says, and what it does; what is kept of several values


def decode(world: World, value: bytes | None) -> Event | str:
    """An event, or the reason why it is rejected."""
    if not value:
        return "empty"
    if len(value) > world.bytes_max:
        return "oversized"
    try:
        document = loads(value)
    except ValueError:
        return "undecodable"
    return _event(world, document) if isinstance(document, dict) else "undecodable"


def loads(value: bytes) -> Any:  # noqa: ANN401 - any document
    """A document with a stack as deep as it needs."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(NESTING_MAX + 1_000)
    try:
        return json.loads(value.decode("utf-8", "surrogateescape"), parse_int=_integer)
    finally:
        sys.setrecursionlimit(before)


def time_ns(value: object) -> int | None:
    """A time in ns; None where it cannot be used."""
    if isinstance(value, int):
        moment = value * 1_000_000
    else:
        match = TIME.fullmatch(str(value))
        if match is None:
            return None
        day, clock, fraction, zone = match.groups()
        leap = clock.endswith(":60")
        try:
            usual = datetime.strptime(f"{day}T{clock[:6] + '59' if leap else clock}", "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007
        except ValueError:
            return None
        hours, minutes = (0, 0) if zone in "Zz" else (int(zone[1:3]), int(zone[4:]))
        if hours > 23 or minutes > 59:
            return None
        ahead = timedelta(hours=hours, minutes=minutes) * (-1 if zone.startswith("-") else 1)
        past = usual.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC) - ahead + timedelta(seconds=leap)
        moment = (past.days * 86_400 + past.seconds) * 10**9 + int((fraction or "0")[:9].ljust(9, "0"))
    return moment if 0 <= moment < 9_214_646_400 * 10**9 else None


def _integer(digits: str) -> float:
    return int(digits) if len(digits.lstrip("-")) <= 4_300 else float(digits)


def _event(world: World, document: dict[str, Any]) -> Event | str:
    kind, model, version = document.get("kind"), document.get("model"), document.get("version")
    if kind is None or model is None or document.get("time") is None:
        return "missing_field"
    version = "" if version is None else version
    texts = [model, version, document["time"]]
    allowed = [(str,), (str, int), (str, int)]
    if world.identified:
        texts.append(document.get("id"))
        allowed.append((str, int, type(None)))
    if kind not in KINDS or any(
        type(text) not in types or _broken(text) for text, types in zip(texts, allowed, strict=True)
    ):
        return "wrong_type"
    if not 1 <= len(model) <= NAME_MAX or len(str(version).lstrip("-")) > NAME_MAX - isinstance(version, int):
        return "wrong_type"
    if kind == "label" and world.identified and document.get("id") is None:
        return "missing_field"
    time = time_ns(document["time"])
    if time is None:
        return "bad_time"
    place = next((i for i, shape in enumerate(world.shapes) if shape.model == model), -1)
    return Event(time, (place, model, kind, str(version)), *_columns(world, place, document), *_said(world, document))


def _said(world: World, document: dict[str, Any]) -> tuple[bytes, Answer]:
    if not world.identified:
        return b"", None
    key, label, does = (document.get(name) for name in ("id", "label", "event"))
    hashed = hashlib.blake2b(f"{document['model']}\0{key}".encode(), digest_size=16).digest()
    does = does if does in ("correct", "retract") else "label"
    told = document["kind"] == "label"
    known = document["model"] in {shape.model for shape in world.shapes}
    ranked = document["model"] in world.ranked
    several = document.get("prediction" if ranked else "scores") if known else None
    answer = None if several is None else (kept(several), listed(several))
    said = (relevant(label) if ranked else _text(label), does)
    return hashed if key is not None else bytes(16), said if told else answer


def listed(predicted: object) -> bytes:
    """The hashes of a list's items, none of them twice; where there are none, of one that nobody looks for."""
    if not isinstance(predicted, list) and not _text(predicted):
        return b""
    texts = [_text(each) for each in (predicted if isinstance(predicted, list) else [predicted])][:100]
    once = [text if text not in texts[:i] else "" for i, text in enumerate(texts)]
    return b"".join(
        hashlib.blake2b(text.encode(), digest_size=8).digest() if text else bytes(8) for text in once or [""]
    )


def relevant(label: object) -> str:
    """What is relevant, the most relevant first."""
    if not isinstance(label, dict | list) and not _text(label):
        return ""
    if not isinstance(label, dict):
        label = {_text(each): 1 for each in (label if isinstance(label, list) else [label])}
    named = {_text(name): each for name, each in label.items() if name}
    told = {name: float(each) if isinstance(each, bool) else _double(each) for name, each in named.items()}
    found = {name: value for name, value in told.items() if 2.0**-64 < value < 2.0**64}
    found = dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else "{}"


def kept(scores: object) -> bytes:
    """The probabilities of CLASSES and of the others, as far as numbers can be probabilities."""
    if not isinstance(scores, dict) or not scores:
        return b""
    values = {name: 0.0 if value is None else _double(value) for name, value in scores.items()}
    others = [value for name, value in values.items() if name not in CLASSES]
    told = [values.get(name, 0.0) for name in CLASSES]
    total = math.fsum(others) if all(abs(value) <= 1 for value in others) else math.nan
    return b"".join(struct.pack("<f", value + 0.0 if abs(value) < FLOAT_MAX else math.nan) for value in (*told, total))


def _double(value: object) -> float:
    found: float = struct.unpack("<d", struct.pack("<Q", number(value)))[0]
    return found


def likeliest(scores: object) -> str | None:
    """The class with the greatest score."""
    if not isinstance(scores, dict):
        return None
    told = {name: value for name, each in scores.items() if math.isfinite(value := _double(each))}
    return min((name for name, value in told.items() if value == max(told.values())), default=None)


def _text(label: object) -> str:
    if isinstance(label, str):
        return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in label)
    try:
        value = float(label) if isinstance(label, int | float) else math.nan
    except OverflowError:
        return ""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def _columns(world: World, place: int, document: dict[str, Any]) -> Any:  # noqa: ANN401 - three tuples
    widths = [max((len(side) for side in sides), default=0) for sides in _sides(world.shapes)]
    if place < 0:
        return (MISSING,) * (widths[0] + widths[2] + 3), (NULL_ID,) * (widths[1] + 2), (NULL_ID,) * len(world.segments)
    shape, features, segments = world.shapes[place], document.get("features"), document.get("segments")
    numbers = [number(_field(features, name)) for name in shape.numeric]
    categories = [category(world.vocabulary, _field(features, name)) for name in shape.categorical]
    numbers += [MISSING] * (widths[0] - len(numbers))
    sizes = [number(_field(document.get("attributions"), name)) & UNSIGNED for name in shape.attributed]
    numbers += [*sizes, *[MISSING] * (widths[2] - len(sizes))]
    categories += [NULL_ID] * (widths[1] - len(categories))
    ranked = document["model"] in world.ranked
    prediction = None if ranked else document.get("prediction")
    if prediction is None:
        prediction = likeliest(document.get("prediction" if ranked else "scores"))
    numbers += [number(said) for said in (document.get("score"), document.get("latency_ms"), prediction)]
    categories += [category(world.vocabulary, said) for said in (prediction, document.get("status"))]
    fields = segments if isinstance(segments, dict) else {}
    return tuple(numbers), tuple(categories), tuple(category(world.vocabulary, fields.get(s)) for s in world.segments)


def _sides(shapes: Sequence[Shape]) -> tuple[list[tuple[str, ...]], ...]:
    return tuple([getattr(shape, side) for shape in shapes] for side in ("numeric", "categorical", "attributed"))


def _field(features: object, name: str) -> object:
    """A feature's value; an object, of a wrong type wherever it stands, where `features` is no object."""
    if features is None:
        return None
    return features.get(name) if isinstance(features, dict) else {}


def number(value: object) -> int:
    """The bits of a number."""
    if value is None:
        return MISSING
    if type(value) not in {int, float}:
        return WRONG_TYPE
    try:
        as_float = float(value)  # type: ignore[arg-type]  # one of the two types
    except OverflowError:
        as_float = math.inf if value > 0 else -math.inf  # type: ignore[operator]  # likewise
    return NOT_FINITE if as_float != as_float else struct.unpack("<Q", struct.pack("<d", as_float))[0]  # noqa: PLR0124


def category(vocabulary: Sequence[str], value: object) -> int:
    """The id of a category."""
    if value is None:
        return NULL_ID
    if isinstance(value, bool):
        value = str(int(value))
    elif isinstance(value, int | float):
        value = _name(number(value))
    elif not isinstance(value, str):
        return WRONG_ID
    if value in vocabulary:
        return GOOD_ID + 1 + vocabulary.index(value)
    return GOOD_ID if value in GOOD else UNSEEN_ID


def _name(bits: int) -> str | None:
    """What names a number as a category."""
    as_float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    if bits == NOT_FINITE:
        return None
    return str(int(as_float)) if math.isfinite(as_float) and as_float.is_integer() else repr(as_float)


def _broken(text: object) -> bool:
    return isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text)
