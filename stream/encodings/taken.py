"""What was taken of the events of a batch, before it becomes columns, and why some are rejected."""

from typing import Any

from stream import events
from stream.encodings.rescue import LONG_VERSION, UNIDENTIFIED
from stream.encodings.several import likeliest

TIME = "RFC 3339 with a zone, or an integer of epoch milliseconds"
REFUSED = -1  # stands for the head of an event that is rejected


class Taken:
    """The fields of a batch's events, filled event by event: numbers packed, texts as ids."""

    def __init__(self) -> None:
        self.numbers: list[bytes] = []
        self.texts: list[bytes] = []
        self.segments: list[bytes] = []
        self.heads: list[int] = []
        self.times: list[str | int] = []
        self.keys: list[bytes] = []
        self.answers: dict[int, Any] = {}  # what labels say, and predictions of several values, by their places
        self.unidentified: set[int] = set()  # places of labels without an id

    def predicted(self, several: object, prediction: object) -> object:
        """Take a prediction of several values, before its time is taken; without an answer it is the likeliest."""
        self.answers[len(self.times)] = several
        return likeliest(several) if prediction is None else prediction

    def told(self, said: tuple[str, str], key: str | int | None) -> None:
        """Take what a label says, before its time is taken."""
        self.answers[len(self.times)] = said
        if key is None:
            self.unidentified.add(len(self.times))

    def flaw(self, i: int) -> tuple[str, str]:
        """Why a decoded event is rejected: version, id, time, the first flaw in the order of `Rescue`."""
        if self.heads[i] == REFUSED:
            return events.WRONG_TYPE, LONG_VERSION
        if i in self.unidentified:
            return UNIDENTIFIED
        return events.BAD_TIME, f"time is {self.times[i]!r:.80}, expected {TIME}"
