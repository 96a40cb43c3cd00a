"""Looks after what one target has started, until it ends: the outcome is what the monitor waits for."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sinks.dispatch.fate import FAILED, STARTED, SUCCEEDED, Fate, ended
from sinks.dispatch.ports import Ledger, LedgerFailed, Unheard
from sinks.dispatch.target import Again, Ended, Running, Target
from sinks.dispatch.teller import Teller

FIRST_S, MOST_S, GROWTH = 2.0, 60.0, 1.5  # between two looks at one run
START = (0.0, "")
TICK_S = 0.5
CALL_S = 30.0
AT_ONCE = 4  # looks at one target
FOLLOWED_MAX = 1_000  # at once; the others wait in the ledger for their turn
log = logging.getLogger(__name__)


@dataclass
class _Run:
    fate: Fate
    due: float  # monotonic
    rest_s: float = FIRST_S


class Follower:
    """Follows the runs of one target while `run` runs."""

    def __init__(  # noqa: PLR0913 - each once
        self,
        target: Target,
        teller: Teller,
        ledger: Ledger,
        longest_s: float,
        *,
        first_s: float = FIRST_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._target, self._teller, self._ledger, self._longest_s = target, teller, ledger, longest_s
        self._first_s, self._monotonic, self._sleep = first_s, monotonic, sleep
        self._runs: dict[str, _Run] = {}
        self._more = True  # there may be some in the ledger that are not followed
        self._after = START  # up to where the ledger has been read
        self._missed = False  # since its reading began there was no room for some
        self._blind = False  # the target cannot tell

    def __len__(self) -> int:
        """Those that are followed, and one for those in the ledger that may be more."""
        return len(self._runs) + self._more

    def take(self, fate: Fate) -> None:
        """Follow it from now on, or when there is room; a run whose id no reply has told cannot be asked for."""
        assert fate.state == STARTED, fate.state
        if self._blind or not fate.external_id or fate.trigger in self._runs:
            return
        if len(self._runs) >= FOLLOWED_MAX:
            self._more = self._missed = True
        else:
            self._runs[fate.trigger] = _Run(fate, self._monotonic() + self._first_s, self._first_s)

    def drop(self, trigger: str) -> None:
        """Follow it no further."""
        self._runs.pop(trigger, None)

    async def run(self) -> None:
        """Look at each run now and then, for ever; a run of an earlier life is taken up again."""
        while True:
            try:
                if self._more and len(self._runs) < FOLLOWED_MAX // 2 and not self._blind:
                    await self._recall()
                await self._round()
            except (LedgerFailed, Unheard) as error:
                log.warning("outcomes of %s wait: %s", self._target.name, error)
            except Exception:  # our own mistake: the others are looked after all the same
                log.exception("following %s", self._target.name)
            await self._sleep(TICK_S)

    async def _recall(self) -> None:
        """Take up what has started, page by page; from the beginning again where there was no room meanwhile.

        Not only what is new then: a run may be let go later than one that started after it.
        """
        self._missed = self._missed and self._after != START
        found = await self._ledger.running(self._target.name, self._after, FOLLOWED_MAX - len(self._runs))
        self._after = ((found[-1].started_at or 0.0), found[-1].trigger) if found else START
        self._more = bool(found) or self._missed
        for fate in found:
            if fate.ended:
                await self._teller.conclude(fate)
            else:
                self.take(fate)

    async def _round(self) -> None:
        """Look at those whose time it is, a few at once."""
        now = self._monotonic()
        due = [run for run in self._runs.values() if run.due <= now]
        for i in range(0, len(due), AT_ONCE):
            if self._blind:
                return
            await asyncio.gather(*(self._look(run) for run in due[i : i + AT_ONCE]))

    async def _look(self, run: _Run) -> None:
        fate, now = run.fate, self._teller.now()
        try:
            async with asyncio.timeout(CALL_S):
                answer = await self._target.follow(fate.external_id)
        except TimeoutError:
            answer = Again(f"no answer within {CALL_S:.0f} s")
        if self._runs.get(fate.trigger) is not run:
            return  # superseded meanwhile
        match answer:
            case None:
                self._blind = True  # nor can it tell of the others
                self._runs.clear()
                return
            case Ended(succeeded, why):
                fate = ended(fate, now, SUCCEEDED if succeeded else FAILED, why)
            case Running() | Again() if now - (fate.started_at or now) > self._longest_s:
                why = answer.why if isinstance(answer, Again) else "it still runs"
                fate = ended(fate, now, FAILED, f"not seen to end within {self._longest_s:.0f} s: {why}")
            case Running():
                self._later(run)
            case Again(_, after_s):
                self._later(run, after_s or 0.0)
        async with self._teller.changing(fate.trigger):
            if fate.ended and self._runs.get(fate.trigger) is run:
                await self._teller.conclude(fate)
                self.drop(fate.trigger)

    def _later(self, run: _Run, least_s: float = 0.0) -> None:
        run.rest_s = min(run.rest_s * GROWTH, MOST_S)
        drawn = run.rest_s * random.uniform(0.8, 1.0)  # noqa: S311 - so that not all come at once
        run.due = self._monotonic() + max(drawn, least_s)
