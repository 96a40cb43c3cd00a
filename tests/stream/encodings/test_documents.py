"""Documents that the fast decoder refuses."""

import json
import random
import sys

import pytest

from stream.encodings.documents import NESTING, _shallow, load, mended, parse
from tests.stream.encodings import oracle


def nested(depth: int, inside: object, dice: random.Random) -> object:
    """A value below so many levels of arrays and objects."""
    for _ in range(depth):
        inside = [1, inside, '"]'] if dice.random() < 0.5 else {"a}": inside, "b": "\\"}
    return inside


def shallow(value: object, levels: int) -> object:
    """What is left of a document when everything below some levels is emptied."""
    if isinstance(value, list):
        return [shallow(one, levels - 1) for one in value] if levels else []
    if isinstance(value, dict):
        return {key: shallow(one, levels - 1) for key, one in value.items()} if levels else {}
    return value


def dumped(value: object) -> str:
    """A document's text, however deep."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(oracle.NESTING_MAX + 1_000)
    try:
        return json.dumps(value)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("depth", [1_500, 2_000, 2_001, 3_333])
def test_what_is_too_deep_is_left_out(depth: int) -> None:
    """Of a document deeper than the stack, the first levels are what they were; brackets in texts do not count.

    How deep the stack is depends on the interpreter: one that can read all of it, does.
    """
    document = nested(depth, "core", random.Random(depth))
    assert shallow(document, NESTING) == shallow(parse(dumped(document).encode()), NESTING)
    assert shallow(document, NESTING) == load(_shallow(dumped(document)))


@pytest.mark.parametrize("depth", [1_500, 2_000, 2_001, 3_333])
@pytest.mark.parametrize("wrong", ["nul", "01", "[}", '"', "]", "{", "\\", "1,", '"\x01"'])
def test_what_is_too_deep_must_be_a_document(depth: int, wrong: str) -> None:
    """One mistake at the bottom, and it is none."""
    text = dumped(nested(depth, "core", random.Random(depth))).replace('"core"', wrong)
    with pytest.raises(ValueError, match=r"line 1 column|do not match"):
        load(text)


MENDED = {
    '"a"': '"a"',
    '"\\ud83d\\ude00"': '"\\ud83d\\ude00"',
    '"\\ud83d"': '"\\ufffd"',
    '"\\ude00\\ud83d"': '"\\ufffd\\ufffd"',
    '"\\uD83D\\uD83D\\uDE00"': '"\\ufffd\\uD83D\\uDE00"',
    '"\\\\ud83d"': '"\\\\ud83d"',
    '"\\\\\\ud83d"': '"\\\\\\ufffd"',
    '"\udcff\u00e9"': '"\ufffd\u00e9"',
}


@pytest.mark.parametrize(("text", "expected"), MENDED.items())
def test_half_a_surrogate_pair_is_replaced(text: str, expected: str) -> None:
    """Whole pairs and escaped backslashes stay."""
    assert expected == mended(text)


def test_numbers_that_json_does_not_know_are_numbers() -> None:
    """NaN and Infinity as many writers spell them, and integers of any length."""
    text = f'{{"a":Infinity,"b":-Infinity,"c":1e999,"d":{"9" * 5_000},"e":-{"9" * 5_000}}}'
    infinite = float("inf")
    expected = {"a": infinite, "b": -infinite, "c": infinite, "d": infinite, "e": -infinite}
    assert expected == parse(text.encode())


def test_a_text_of_many_quotes_takes_no_longer() -> None:
    """A string without end, full of escaped quotes and too deep to be parsed, is looked at once."""
    with pytest.raises(ValueError, match="do not match"):
        _shallow("[" * 2_000 + '"' + '\\"' * 30_000)
