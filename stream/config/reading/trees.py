"""A part of the file that is handed on as it was written: mappings, lists, texts and numbers."""

import re

from stream.config.reading.document import Items, Keys, Node, Scalar

WORDS = {"true": True, "false": False}


def plain(node: Node) -> object:
    """What was written, as JSON knows it: a number or a yes where it has no quotes, else a text.

    YAML 1.2 without its octal and hexadecimal numbers; `NO` stays a country.
    """
    match node:
        case Keys(entries=entries):
            return {key: plain(child) for key, child in entries.items()}
        case Items(items=items):
            return [plain(item) for item in items]
        case Scalar(null=True):
            return None
        case Scalar(text=text, plain=True):
            return _read(text)
    return node.text


def _read(text: str) -> object:
    if text in WORDS:
        return WORDS[text]
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?[0-9]{1,17}\.[0-9]{1,17}([eE][-+]?[0-9]{1,2})?", text) else text
