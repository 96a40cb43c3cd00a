"""Parts of the file that are handed on as they were written."""

from msgspec import Struct

from stream.config.reading.document import document
from stream.config.reading.fields import structure
from stream.config.sections.kinds import Tree


class Section(Struct, frozen=True):
    """A section with a part that belongs to another program."""

    targets: tuple[Tree, ...] = ()


def test_a_tree_keeps_texts_numbers_and_nesting_as_they_were_written() -> None:
    """Quotes make a text; `NO` and `010` are texts without them."""
    text = """
targets:
  - {name: a, epochs: 5, rate: 0.5, dry: true, none: null, list: [1, "1", [x]]}
  - {country: NO, code: 010, time: "1:30", yes: "true", wide: 12345678901234567890}
"""
    node, mistakes = document(text)
    section, objections = structure(Section(), node, ())
    assert ((), ()) == (mistakes, objections)
    first = {"name": "a", "epochs": 5, "rate": 0.5, "dry": True, "none": None, "list": [1, "1", ["x"]]}
    second = {"country": "NO", "code": "010", "time": "1:30", "yes": "true", "wide": "12345678901234567890"}
    assert (first, second) == section.targets
