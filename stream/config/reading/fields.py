"""Reads a tree into a Struct: each written key is understood by its declaration, each other key keeps the base's value.

So merging needs no code of its own: a model is read over the defaults, the defaults are read over what driftline ships.
"""

from functools import cache
from typing import TypeVar

from msgspec import Struct, inspect
from msgspec.structs import replace

from stream.config.mistakes import Objection, Path, choice, nearest, shown
from stream.config.reading.document import Items, Keys, Node, Scalar
from stream.config.reading.scalars import scalar
from stream.config.reading.trees import plain

S = TypeVar("S", bound=Struct)
Objections = tuple[Objection, ...]
MISSPELT_MAX = 2  # letters too many or too few


def structure(base: S, node: Node, path: Path) -> tuple[S, Objections]:
    """The base with what was written in place of its values, and what could not be understood.

    A section without content is the base: its keys may all be commented out.
    """
    if isinstance(node, Scalar) and node.null:
        return base, ()
    if not isinstance(node, Keys):
        shape = "a list" if isinstance(node, Items) else "a single value"  # not shown: it may be a secret, misplaced
        return base, (Objection(path, f"a mapping of the keys {choice(sorted(fields(type(base))))}", shape),)
    known = fields(type(base))
    changes: dict[str, object] = {}
    objections: Objections = ()
    for key, child in node.entries.items():
        if key not in known:
            objections += (unknown(path, key, known),)
            continue
        field = known[key]
        value, found = _value(field.type, child, (*path, key), getattr(base, field.name))
        changes[field.name] = value
        objections += found
    return replace(base, **changes), objections


@cache
def fields(struct: type[Struct]) -> dict[str, inspect.Field]:
    """The declared keys of a section, as the file spells them."""
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    return {field.encode_name: field for field in kind.fields}


def unknown(path: Path, key: str, known: dict[str, inspect.Field]) -> Objection:
    """A key that nobody declared.

    Its value is not shown, for under a misspelt name it may be a secret; nor is the key itself beside secrets, unless
    it is a misspelt one: in `{password hunter2}` a colon is missing.
    """
    meant = nearest(key, known)
    misspelt = bool(meant) and key.isidentifier() and abs(len(key) - len(meant)) <= MISSPELT_MAX
    shown_key = misspelt or not any(_hidden(field.type) for field in known.values())
    return Objection((*path, key) if shown_key else path, choice(sorted(known)), "an unknown key", meant)


def described(node: Node) -> str:
    """What stands there, for a message."""
    if isinstance(node, Scalar):
        return "nothing" if node.null else shown(node.text)
    return "a list" if isinstance(node, Items) else "a mapping"


def _value(kind: inspect.Type, node: Node, path: Path, base: object) -> tuple[object, Objections]:
    match kind:
        case inspect.StructType():
            return structure(base if isinstance(base, Struct) else kind.cls(), node, path)
        case inspect.VarTupleType(item_type=item):
            return _list(item, node, path, base)
        case inspect.DictType(value_type=item):
            return _mapping(item, node, path, base)
        case inspect.UnionType(types=(first, inspect.NoneType())):
            return (None, ()) if isinstance(node, Scalar) and node.null else _value(first, node, path, base)
        case inspect.UnionType(types=(text, (inspect.StructType() | inspect.DictType()) as larger)):
            return _scalar(text, node, path, base) if isinstance(node, Scalar) else _larger(larger, node, path)
    tree = isinstance(kind, inspect.Metadata) and (kind.extra or {}).get("tree")
    return (plain(node), ()) if tree else _scalar(kind, node, path, base)


def _larger(kind: inspect.StructType | inspect.DictType, node: Node, path: Path) -> tuple[object, Objections]:
    """What may stand in the place of a single value."""
    return _section(kind.cls, node, path) if isinstance(kind, inspect.StructType) else _value(kind, node, path, {})


def _section(section: type[Struct], node: Node, path: Path) -> tuple[object, Objections]:
    """A section in the place of a text; a list is that of its only key that holds one, if any does."""
    lists = [key for key, field in fields(section).items() if isinstance(field.type, inspect.VarTupleType)]
    if isinstance(node, Items) and lists:
        (key,) = lists
        value, found = _value(fields(section)[key].type, node, path, None)
        return (section(**{key: value}) if not found else None), found
    return structure(section(), node, path)


def _scalar(kind: inspect.Type, node: Node, path: Path, base: object) -> tuple[object, Objections]:
    found = "" if _hidden(kind) and isinstance(node, Scalar) and not node.null else described(node)
    if not isinstance(node, Scalar) or node.null:
        return base, (Objection(path, _expected(kind), found),)
    try:
        return scalar(kind, node.text), ()
    except ValueError as error:
        names = kind.values if isinstance(kind, inspect.LiteralType) else ()
        return base, (Objection(path, str(error), found, nearest(node.text, map(str, names))),)


def _hidden(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.Metadata) and bool((kind.extra or {}).get("hidden"))


def _expected(kind: inspect.Type) -> str:
    """What would be understood, where nothing that can be read is there: what an unreadable text is told."""
    try:
        scalar(kind, "" if isinstance(kind, inspect.StrType) else "?")
    except ValueError as error:
        return str(error)
    return "a text"


def _list(item: inspect.Type, node: Node, path: Path, base: object) -> tuple[object, Objections]:
    if not isinstance(node, Items):
        return base, (Objection(path, "a list such as [a, b]", described(node)),)
    read = [_value(item, child, (*path, i), None) for i, child in enumerate(node.items)]
    objections = sum((found for _, found in read), ())
    return (base, objections) if objections else (tuple(value for value, _ in read), ())


def _mapping(item: inspect.Type, node: Node, path: Path, base: object) -> tuple[object, Objections]:
    """A mapping of names that the user chooses; a later one replaces the base's as a whole."""
    if not isinstance(node, Keys):
        return base, (Objection(path, "a mapping of names", described(node)),)
    read = {key: _value(item, child, (*path, key), None) for key, child in node.entries.items()}
    names = tuple(Objection((*path, key), "a name", "nothing") for key in read if not key)
    objections = sum((found for _, found in read.values()), names)
    return (base, objections) if objections else ({key: value for key, (value, _) in read.items()}, ())
