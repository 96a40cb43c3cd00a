"""What the dispatcher's parts ask of the world: a ledger that lasts, and a voice on Kafka."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from sinks.dispatch.fate import Fate


class LedgerFailed(Exception):
    """Nothing was kept, or nothing can be read: try again."""


class Unheard(Exception):
    """Nothing was told, or not surely: tell it again."""


class Words(Struct, frozen=True):
    """One record for a topic."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class Ledger(Protocol):
    """Remembers every trigger at every target; LedgerFailed from any of these."""

    async def find(self, trigger: str, target: str) -> Fate | None:
        """What is known of a trigger at a target."""
        ...

    async def keep(self, fate: Fate) -> None:
        """Return when it would survive a loss of power."""
        ...

    async def running(self, target: str, after: tuple[float, str], limit: int) -> Sequence[Fate]:
        """The oldest that were let go and have not ended, or whose end is untold, after (when it started, trigger)."""
        ...


class Voice(Protocol):
    """Tells it. Unheard."""

    async def tell(self, words: Words) -> None:
        """Return when the brokers have it."""
        ...
