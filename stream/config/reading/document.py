"""YAML as a tree that knows its lines. Scalars stay text: only the key that they belong to says what they mean.

So `NO` is a country and `1:30` no number, whatever YAML 1.1 thinks. The tree is built from parser events rather than by
a loader: repeated keys are seen, anchors cannot multiply a small file into a large one, and depth has a limit. No
message quotes the source: a password that begins with `*` or `!` is an alias or a tag to YAML.
"""

from collections.abc import Iterator

import yaml
from msgspec import Struct

from stream.config.mistakes import ConfigurationError, Mistake, Path, spelled

DEPTH_MAX = 24  # conditions of a policy have conditions in them; eleven levels have one that has one
NULLS = ("", "~", "null", "Null", "NULL")


class Scalar(Struct, frozen=True):
    """One value as it was written."""

    text: str
    line: int = 0
    null: bool = False  # nothing was written
    plain: bool = False  # without quotes: `5` rather than `"5"`
    source: str = ""  # where it came from, if not from the file


class Items(Struct, frozen=True):
    """A list."""

    items: "tuple[Node, ...]"
    line: int = 0
    source: str = ""


class Keys(Struct, frozen=True):
    """A mapping. The line of a value is the line of its key."""

    entries: "dict[str, Node]"
    line: int = 0
    source: str = ""


Node = Scalar | Items | Keys
Events = Iterator[yaml.Event]


def document(text: str) -> tuple[Node, tuple[Mistake, ...]]:
    """The tree of one YAML document, with the mistakes that do not hinder reading on: repeated keys, aliases, tags.

    ConfigurationError where the text is no YAML, with line and column.
    """
    events = _events(text)
    starts = [_line(event) for event in events if isinstance(event, yaml.DocumentStartEvent)]
    if not starts:
        return Keys({}), ()
    if len(starts) > 1:
        raise ConfigurationError((Mistake("", "one YAML document in a file", "a second one", line=starts[1]),))
    mistakes: list[Mistake] = []
    rest = iter(events[2:])  # behind the starts of stream and document
    return _node(next(rest), rest, (), 0, mistakes), tuple(mistakes)


def _events(text: str) -> list[yaml.Event]:
    """All parser events."""
    try:
        return list(yaml.parse(text, yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        assert mark is not None, "the parser marks every problem"
        expected = f"YAML (column {mark.column + 1}: {error.problem or error.context})"
        mistake = Mistake("", expected, line=mark.line + 1)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        mistake = Mistake("", "printable text", f"the character {ord(text[error.position]):#x}", line=line)
    except (ValueError, OverflowError):  # PyYAML hands the number of an escape to chr() unseen
        mistake = Mistake("", "YAML, with escapes that are characters")
    raise ConfigurationError((mistake,))


def _node(event: yaml.Event, rest: Events, path: Path, line: int, mistakes: list[Mistake]) -> Node:
    """The node that begins with the event. `mistakes` grows: results that carried them would be twice the code."""
    line = line or _line(event)
    if len(path) > DEPTH_MAX:
        raise ConfigurationError((Mistake(f"{spelled(path[:3])}...", f"at most {DEPTH_MAX} levels", line=line),))
    if isinstance(event, yaml.AliasEvent):
        expected = "a value, in quotes where it begins with `*`: aliases are not read, `defaults` holds for all models"
        mistakes.append(Mistake(spelled(path), expected, line=line))
        return Scalar("", line, null=True)
    assert isinstance(event, yaml.ScalarEvent | yaml.SequenceStartEvent | yaml.MappingStartEvent)
    if event.tag is not None:
        mistakes.append(Mistake(spelled(path), "a value, in quotes where it begins with `!`: no YAML tag", line=line))
    if isinstance(event, yaml.ScalarEvent):
        plain = event.style is None
        return Scalar(event.value, line, null=plain and event.value in NULLS, plain=plain)
    if isinstance(event, yaml.SequenceStartEvent):
        return Items(_items(rest, path, mistakes), line)
    return Keys(_entries(rest, path, mistakes), line)


def _items(rest: Events, path: Path, mistakes: list[Mistake]) -> tuple[Node, ...]:
    items: list[Node] = []
    while not isinstance(event := next(rest), yaml.SequenceEndEvent):
        items.append(_node(event, rest, (*path, len(items)), 0, mistakes))
    return tuple(items)


def _entries(rest: Events, path: Path, mistakes: list[Mistake]) -> dict[str, Node]:
    entries: dict[str, Node] = {}
    while not isinstance(event := next(rest), yaml.MappingEndEvent):
        line = _line(event)
        key = _node(event, rest, (*path, "?"), line, mistakes)
        name = key.text if isinstance(key, Scalar) else "?"
        node = _node(next(rest), rest, (*path, name), line, mistakes)
        if not isinstance(key, Scalar):
            mistakes.append(Mistake(spelled(path), "a text as key", "a list or a mapping", line=line))
        elif name in entries:
            expected = f"each key once (its first place is line {entries[name].line})"
            mistakes.append(Mistake(spelled((*path, name)), expected, line=line))
        else:
            entries[name] = node
    return entries


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None, "parser events have marks"
    return event.start_mark.line + 1
