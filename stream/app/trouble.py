"""What is wrong with the world now: told to readiness at once, and to a person when it begins and when it is over."""

from collections.abc import Callable


class Trouble:
    """One sentence per place of trouble (`Kafka`, `the store`); its wording may change while it lasts."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._now: dict[str, str] = {}

    def __str__(self) -> str:
        return "; ".join(sentence for _, sentence in sorted(self._now.items()))

    def __contains__(self, place: str) -> bool:
        return place in self._now

    def note(self, place: str, sentence: str) -> None:
        """Trouble at a place; empty: none."""
        if not sentence:
            if self._now.pop(place, ""):
                self._say(f"{place}: well again")
            return
        if place not in self._now:
            self._say(f"{place}: {sentence}; trying again")
        self._now[place] = sentence
