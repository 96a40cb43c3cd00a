"""`DRIFTLINE_*` variables in place of keys of the file: DRIFTLINE_KAFKA_BOOTSTRAP is `kafka.bootstrap`."""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, inspect

from stream.config.mistakes import Mistake, Path, nearest, shown, spelled
from stream.config.reading.document import Items, Keys, Node, Scalar
from stream.config.reading.fields import fields
from stream.config.sections.dispatch import Dispatch
from stream.config.sections.hooks import Hooks
from stream.config.sections.monitors import Monitors
from stream.config.settings import Defaults, Events, Http, Kafka, Limits, StoreSettings, Topics

PREFIX = "DRIFTLINE_"
SECTIONS: dict[str, type[Struct]] = {
    "kafka": Kafka,
    "events": Events,
    "topics": Topics,
    "store": StoreSettings,
    "http": Http,
    "limits": Limits,
    "monitors": Monitors,
    "dispatch": Dispatch,
    "hooks": Hooks,
    "defaults": Defaults,
}
# DRIFTLINE_TOKEN is a secret of its own, DRIFTLINE_TEST_* belongs to the tests, and Kubernetes puts the others into
# every container beside a Service that is called driftline.
OTHERS = r"DRIFTLINE_(TOKEN|TEST_\w+|SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)?)"


def variables() -> dict[str, Path]:
    """Each variable with the path of the key that it overrides: every single value outside `models`."""
    return {_variable(path): path for path, single in _keys() if single}


def overlay(tree: Keys, environment: Mapping[str, str]) -> tuple[Keys, tuple[Mistake, ...]]:
    """The tree with the values of the environment, and a mistake per variable that names nothing."""
    known = variables()
    lists = {_variable(path): path for path, single in _keys() if not single}
    for name in sorted(known.keys() & environment.keys()):
        tree = with_value(tree, known[name], Scalar(environment[name], source=name))
    others = environment.keys() - known.keys() - set(_references(tree))
    mistakes: list[Mistake] = []
    for name in sorted(others):
        if name in lists:
            mistakes.append(Mistake(spelled(lists[name]), "a list in the file: variables hold one value", source=name))
        elif name.startswith(PREFIX) and not re.fullmatch(OTHERS, name):
            expected = "the name of a key, such as DRIFTLINE_KAFKA_BOOTSTRAP"
            mistakes.append(Mistake("", expected, nearest=nearest(name, known), source=shown(name)))
    return tree, tuple(mistakes)


def with_value(node: Keys, path: Path, value: Node) -> Keys:
    """The tree with one value set; a section that is no mapping stays, for its own mistake to be told."""
    first, *rest = path
    assert isinstance(first, str), path
    if not rest:
        return Keys({**node.entries, first: value}, node.line)
    child = node.entries.get(first, Keys({}))
    if isinstance(child, Scalar) and child.null:
        child = Keys({}, child.line)
    if not isinstance(child, Keys):
        return node
    return Keys({**node.entries, first: with_value(child, tuple(rest), value)}, node.line)


def _variable(path: Path) -> str:
    return PREFIX + "_".join(map(str, path)).upper()


def _keys() -> Iterator[tuple[Path, bool]]:
    """Every path of the sections, and whether it holds a single value."""
    for section, struct in SECTIONS.items():
        yield from _below((section,), struct)


def _below(path: Path, struct: type[Struct]) -> Iterator[tuple[Path, bool]]:
    for key, field in fields(struct).items():
        if isinstance(field.type, inspect.StructType):
            yield from _below((*path, key), field.type.cls)
        else:
            yield (*path, key), not isinstance(field.type, inspect.VarTupleType | inspect.DictType)


def _references(node: Node) -> Iterator[str]:
    """The variables that hold the secrets of the configuration: they may have any name."""
    if isinstance(node, Scalar):
        if node.text.startswith("env:"):
            yield node.text.removeprefix("env:")
        return
    for child in node.items if isinstance(node, Items) else node.entries.values():
        yield from _references(child)
