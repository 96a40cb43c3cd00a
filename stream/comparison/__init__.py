"""Two files beside each other: their columns in pairs, driftline's own verdict, other tools' verdicts, and pictures."""

from stream.comparison.answer import Answer, answer
from stream.comparison.own import Own, own
from stream.comparison.page import page
from stream.comparison.pairs import Side, paired
from stream.comparison.peers import by_convention
from stream.comparison.picture import picture

__all__ = ["Answer", "Own", "Side", "answer", "by_convention", "own", "page", "paired", "picture"]
