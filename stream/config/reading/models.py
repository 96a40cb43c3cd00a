"""The sections `defaults` and `models`: each pattern is read over the defaults, the first that fits counts."""

from msgspec.structs import asdict, replace

from stream.config.mistakes import Objection, Path
from stream.config.reading.document import Keys, Node, Scalar
from stream.config.reading.fields import Objections, described, structure
from stream.config.sections.references import Reference
from stream.config.settings import Defaults, Model

WILDCARDS = frozenset("*?[")  # what `fnmatchcase` gives a meaning
# Keys of the design that this version does not know yet. Whoever read of them there is told so, not "unknown key".
UNAVAILABLE = {
    ("reference", "season"): "days or weeks: of how many of them the windows at the same time are compared with",
    ("reference", "import"): "file or learn: importing another tool's reference is not available yet",
}
LEARN_EVENTS = "a duration such as 24h: learning from a number of events is not available yet"
MOVING = ("previous", "days", "weeks")
LATENESS = "lateness only in `defaults`: it is one for the service, because models share the clocks of their partitions"


def defaults(node: Node) -> tuple[Model, int, Objections]:
    """The model that every model starts from, the service's lateness in ns, and what could not be understood."""
    path: Path = ("defaults",)
    read, objections = _over(Defaults(), node, path)
    assert isinstance(read, Defaults)
    values = asdict(read)
    return Model(**{name: values[name] for name in Model.__struct_fields__}), read.lateness, objections


def patterns(base: Model, node: Node) -> tuple[tuple[tuple[str, Model], ...], Objections]:
    """Names and patterns with their models, the one to be tried first in front; without any, `*` alone."""
    if isinstance(node, Scalar) and node.null:
        node = Keys({})
    if not isinstance(node, Keys):
        return (("*", base),), (Objection(("models",), "a mapping of model names or patterns", described(node)),)
    read: dict[str, Model] = {}
    objections: Objections = ()
    for name, child in node.entries.items():
        path: Path = ("models", name)
        if not name:
            objections += (Objection(path, "a model name or a pattern such as fraud-*", "nothing"),)
        rest, found = _without(child, ("lateness",), LATENESS, path)
        read[name], more = _over(base, rest, path)
        objections += found + more
    ordered = sorted(read.items(), key=lambda item: (not exact(item[0]), -len(item[0]), item[0]))
    return tuple(ordered) or (("*", base),), objections


def exact(pattern: str) -> bool:
    """Whether it names one model rather than all that match."""
    return not WILDCARDS.intersection(pattern)


def _over(base: Model, node: Node, path: Path) -> tuple[Model, Objections]:
    objections: Objections = ()
    for keys, sentence in UNAVAILABLE.items():
        node, found = _without(node, keys, sentence, path)
        objections += found
    reference = node.entries.get("reference") if isinstance(node, Keys) else None
    if isinstance(reference, Keys):
        if {"file", "learn"} <= reference.entries.keys():
            objections += (Objection((*path, "reference"), "file or learn, not both"),)
        elif "learn" in reference.entries:  # a choice of its own, in place of the file that the defaults may name
            base = replace(base, reference=replace(base.reference, file=""))
        if not reference.entries.keys().isdisjoint(MOVING):  # a choice too, in place of what the defaults mix
            base = replace(base, reference=Reference(base.reference.file, base.reference.learn))
        if isinstance(reference.entries.get("learn"), Keys):
            node, found = _without(node, ("reference", "learn"), LEARN_EVENTS, path)
            objections += found
    read, found = structure(base, node, path)
    return read, objections + found


def _without(node: Node, keys: tuple[str, ...], sentence: str, path: Path) -> tuple[Node, Objections]:
    """The node without one key, and the objection to it if it was there."""
    if not isinstance(node, Keys) or keys[0] not in node.entries:
        return node, ()
    first, *rest = keys
    if rest:
        child, found = _without(node.entries[first], tuple(rest), sentence, (*path, first))
        return Keys({**node.entries, first: child}, node.line), found
    entries = {key: child for key, child in node.entries.items() if key != first}
    return Keys(entries, node.line), (Objection((*path, first), sentence),)
