"""Which of several monitors watches which model: the section `monitors`."""

from fnmatch import fnmatchcase
from hashlib import blake2b

from msgspec import Struct

from stream.config.sections.kinds import Name


class Monitors(Struct, frozen=True, forbid_unknown_fields=True):
    """The monitors that share the models, by name. Without names one watches all."""

    names: tuple[Name, ...] = ()
    pins: dict[str, Name] = {}  # models or patterns of models, each with the monitor that watches them
    name: str = ""  # of this process

    def mine(self, key: str) -> bool:
        """Whether this process watches a model, or counts what was refused on a topic."""
        return not self.names or self.owner(key) == self.name

    def owner(self, key: str) -> str:
        """The monitor of a model or topic: the pinned one, else the one with the greatest hash beside it.

        With a name more or less only the models move that it gets or had (rendezvous hashing: Thaler and Ravishankar,
        "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking 6(1), 1998).
        """
        pins = [pattern for pattern in self.pins if fnmatchcase(key, pattern)]
        if pins:
            return self.pins[min(pins, key=lambda pattern: (pattern != key, -len(pattern), pattern))]
        return max(self.names, key=lambda name: (_weight(name, key), name), default="")


def _weight(name: str, key: str) -> bytes:
    return blake2b(f"{name}\0{key}".encode(), digest_size=8).digest()
