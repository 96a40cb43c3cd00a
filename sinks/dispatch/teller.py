"""Tells the steps of a fate on the outcomes topic, and writes down that they were told."""

import asyncio
import logging
import time
from collections.abc import Callable
from weakref import WeakValueDictionary

from msgspec.structs import replace

from sinks.dispatch.fate import ACCEPTED, FAILED, Fate, State
from sinks.dispatch.message import CONTENT, GAVE_UP
from sinks.dispatch.numbers import Numbers
from sinks.dispatch.outcome import outcome
from sinks.dispatch.ports import Ledger, Voice, Words
from sinks.dispatch.target import Trigger

log = logging.getLogger(__name__)


class Teller:
    """The voice of one target's fates. Whatever it tells it may tell again, under the same id."""

    def __init__(  # noqa: PLR0913, PLR0917 - each once
        self,
        ledger: Ledger,
        voice: Voice,
        numbers: Numbers,
        outcomes: str,
        dead_letters: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger, self._voice, self._numbers = ledger, voice, numbers
        self._outcomes, self._dead_letters = outcomes, dead_letters
        self.now = clock
        self._changing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def changing(self, trigger: str) -> asyncio.Lock:
        """Who ends what has started holds this: the end of a run, or a later trigger."""
        return self._changing.setdefault(trigger, asyncio.Lock())

    async def keep(self, fate: Fate) -> None:
        """Write a step down."""
        await self._ledger.keep(fate)

    async def find(self, trigger: str, target: str) -> Fate | None:
        """What is known of a trigger at a target."""
        return await self._ledger.find(trigger, target)

    async def tell(self, fate: Fate) -> Fate:
        """Tell what is untold; the fate as it is then, which is not yet written down."""
        key, untold = fate.model.encode(), fate.untold
        words = [Words(self._outcomes, key, outcome(fate, state), CONTENT) for state in untold]
        await asyncio.gather(*map(self._voice.tell, words))  # which begin, and so are sent, in this order
        self._numbers.outcomes.update(untold)
        for state in untold:
            _note(fate, state)
        return replace(fate, told=untold[-1]) if untold else fate

    async def conclude(self, fate: Fate, trigger: Trigger | None = None) -> Fate:
        """Keep a step, tell it, and keep that it was told; with its trigger, a failure is a dead letter too."""
        await self._ledger.keep(fate)
        if trigger is not None and fate.state == FAILED and fate.untold:
            await self.bury(trigger.raw, trigger.id, GAVE_UP, fate.why, fate.target)
        fate = await self.tell(fate)
        await self._ledger.keep(fate)
        return fate

    async def bury(self, raw: bytes, key: str, reason: str, detail: str, target: str = "") -> None:
        """Put what nobody will act on where a person finds it."""
        named = {"reason": reason, "detail": detail, "target": target}
        headers = tuple((f"driftline-{name}", value.encode()) for name, value in named.items() if value)
        await self._voice.tell(Words(self._dead_letters, key.encode(), raw, headers))
        self._numbers.dead_letters += 1


def _note(fate: Fate, state: State) -> None:
    """A line of the log for who looks there first: what a target does not take is a warning."""
    last = state == fate.state
    more = ": ".join(each for each in (fate.external_id, fate.why) if each and last)
    level = logging.WARNING if state == FAILED or (state == ACCEPTED and more) else logging.INFO
    log.log(level, "trigger %s of %s at %s: %s%s", fate.trigger, fate.model, fate.target, state, more and f": {more}")
