"""One target's desk: brings triggers to it, those of one model in their order, until the fate of each is settled."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from msgspec.structs import replace

from sinks.dispatch.fate import ACCEPTED, FAILED, STARTED, SUPERSEDED, Fate, ended, started
from sinks.dispatch.following import Follower
from sinks.dispatch.message import meant_for, supersedes
from sinks.dispatch.numbers import Numbers
from sinks.dispatch.patience import Breaker, Patience
from sinks.dispatch.ports import LedgerFailed, Unheard
from sinks.dispatch.target import Again, Refused, Started, Target, Trigger
from sinks.dispatch.teller import Teller

CALL_S = 330.0  # targets bound their calls themselves; this is for one that does not
HOLD_S = 2.0  # between two attempts to write or to tell
GRACE_S = 3.0  # what a stop leaves to calls that are under way: their answers are worth a repeat
AT_ONCE = 4  # calls to one target
SUPERSEDED_MAX = 10_000  # ids that are remembered as superseded; beyond, the oldest are forgotten, and start
log = logging.getLogger(__name__)


class Desk:
    """Settles triggers at one target. What `settle` has begun goes on if whoever asked is cancelled."""

    def __init__(  # noqa: PLR0913, PLR0917 - each once
        self,
        target: Target,
        teller: Teller,
        follower: Follower,
        numbers: Numbers,
        patience: Patience,
        breaker: Breaker,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.target, self.numbers, self.breaker, self.follower = target, numbers, breaker, follower
        self._teller, self._patience = teller, patience
        self._monotonic, self._sleep = monotonic, sleep
        self._working: dict[str, asyncio.Task[None]] = {}  # by trigger, and which try
        self._last: dict[str, asyncio.Task[None]] = {}  # by model: the newest of its triggers
        self._calling: set[asyncio.Task[None]] = set()
        self._superseded: dict[str, str] = {}  # trigger: by which
        self._room = asyncio.Semaphore(AT_ONCE)
        self._closed = False

    @property
    def waiting(self) -> int:
        """Triggers whose fate is open."""
        return len(self._working)

    async def settle(self, trigger: Trigger) -> None:
        """Return when the record of the trigger may be let go. Raises only that it was cancelled."""
        if meant_for(trigger, self.target.name):
            await asyncio.shield(self._task(trigger))

    async def close(self) -> None:
        """Ask nothing more; an answer that comes within GRACE_S is still kept."""
        self._closed = True
        tasks = set(self._working.values())
        for task in tasks - self._calling:
            task.cancel()
        if self._calling:
            await asyncio.wait(set(self._calling), timeout=GRACE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):
            await asyncio.wait_for(self.target.close(), GRACE_S)

    def _task(self, trigger: Trigger) -> "asyncio.Task[None]":
        """The work on a trigger: one task, however often it is delivered."""
        key = f"{trigger.id} {trigger.redriven}"  # another try may come while the end of the first is still told
        if key in self._working:
            self.numbers.repeats += 1
            return self._working[key]
        if trigger.redriven:
            self._superseded.pop(trigger.id, None)  # somebody wants it all the same
        for earlier in supersedes(trigger):
            self._superseded[earlier] = trigger.id
            while len(self._superseded) > SUPERSEDED_MAX:
                self._superseded.pop(next(iter(self._superseded)))
        task = asyncio.create_task(self._work(trigger, self._last.get(trigger.model)))
        self._working[key] = self._last[trigger.model] = task

        def forget(_: "asyncio.Task[None]") -> None:
            self._working.pop(key, None)
            if self._last.get(trigger.model) is task:
                del self._last[trigger.model]

        task.add_done_callback(forget)
        return task

    async def _work(self, trigger: Trigger, before: "asyncio.Task[None] | None") -> None:
        """Settle it after the one before. What fails other than the target is tried again for ever: nothing is lost."""
        if before is not None:
            await asyncio.wait((before,))
        while True:
            try:
                await self._settle(trigger)
            except (LedgerFailed, Unheard) as error:
                self._hold(trigger, str(error))
            except Exception:  # our own mistake: a trigger that is held, and said so, is better than one that is lost
                log.exception("trigger %s at %s", trigger.id, self.target.name)
                self._hold(trigger, "a mistake of driftline's, see the log")
            else:
                self.numbers.problem = ""
                return
            finally:
                self._calling.discard(_this_task())
            await self._sleep(HOLD_S)

    def _hold(self, trigger: Trigger, why: str) -> None:
        self.numbers.problem = f"trigger {trigger.id} of {trigger.model} is held: {why}"

    async def _settle(self, trigger: Trigger) -> None:
        name, now = self.target.name, self._teller.now()
        fate = await self._teller.find(trigger.id, name)
        if fate is None or (fate.dead and trigger.redriven not in ("", fate.redriven)):
            about = (trigger.model, trigger.version, trigger.incident)
            fate = Fate(trigger.id, name, *about, now, changed_at=now, redriven=trigger.redriven)
            await self._teller.keep(fate)
        elif fate.settled:
            self.numbers.repeats += 1
        for earlier in supersedes(trigger):
            await self._replace(earlier, trigger.id)
        if fate.state == ACCEPTED:
            fate = await self._decide(fate, trigger)
        if not fate.settled:
            fate = await self._teller.conclude(fate, trigger)
        if fate.state == STARTED:
            self.follower.take(fate)

    async def _replace(self, earlier: str, by: str) -> None:
        """What an earlier trigger has started here is not waited for any more."""
        async with self._teller.changing(earlier):
            known = await self._teller.find(earlier, self.target.name)
            if known is not None and (not known.ended or known.held or (known.state == SUPERSEDED and known.untold)):
                self.follower.drop(earlier)
                await self._teller.conclude(ended(known, self._teller.now(), SUPERSEDED, f"by trigger {by}"))

    async def _decide(self, fate: Fate, trigger: Trigger) -> Fate:
        """Ask the target until it has taken the trigger, has refused it, or has had its time."""
        begun = self._monotonic() - (self._teller.now() - fate.accepted_at)
        budget = self._patience.budget_s
        while True:
            if by := self._superseded.pop(trigger.id, None):
                return ended(fate, self._teller.now(), SUPERSEDED, f"by trigger {by}")
            now, deadline = self._monotonic(), begun + budget
            rest = self.breaker.wait_s(now)
            if now >= deadline and (fate.attempts or rest):
                why = fate.why or "the target does not answer others"
                tried = f"given up after {fate.attempts} attempts in {budget:.0f} s"
                return ended(fate, self._teller.now(), FAILED, f"{tried}: {why}")
            if not rest:
                answer = await self._ask(trigger)
                match answer:
                    case Started(external_id, link):
                        at = self._teller.now()
                        self.numbers.start_seconds += at - fate.accepted_at
                        return started(replace(fate, attempts=fate.attempts + 1), at, external_id, link)
                    case Refused(why):
                        return ended(replace(fate, attempts=fate.attempts + 1), self._teller.now(), FAILED, why)
                    case None:
                        continue
                    case Again(why, after_s):
                        fate = replace(fate, attempts=fate.attempts + 1, why=why)
                        fate = await self._postpone(fate)
                        budget = self._patience.budget_s if after_s is None else self._patience.busy_s
                        deadline = begun + budget
                        rest = self._patience.rest_s(fate.attempts, after_s, random.random())  # noqa: S311 - jitter
            # The last attempt is made when the time is over, not a rest before.
            await self._sleep(max(0.0, min(rest, deadline - self._monotonic())))

    async def _ask(self, trigger: Trigger) -> Started | Again | Refused | None:
        """One call, among AT_ONCE; from here until its answer is kept, a stop waits for it a moment.

        None: while it waited for its turn, others have found the target dead.
        """
        async with self._room:
            if self._closed:
                raise asyncio.CancelledError
            if self.breaker.wait_s(self._monotonic()):
                return None
            self.breaker.asked()
            self._calling.add(_this_task())
            try:
                async with asyncio.timeout(CALL_S):
                    answer = await self.target.start(trigger)
            except TimeoutError:
                answer = Again(f"no answer within {CALL_S:.0f} s")
            except asyncio.CancelledError:
                self.breaker.forgot()
                if _this_task().cancelling():
                    raise
                answer = Again("the call was cancelled")  # by somebody inside the target, not by us
            except Exception as error:
                log.exception("target %s", self.target.name)
                answer = Again(f"a mistake of driftline's: {error!r}")
        if isinstance(answer, Again) and answer.after_s is None:
            self.breaker.failed(self._monotonic())
        else:
            self.breaker.answered()
        self.numbers.attempts[type(answer).__name__.lower()] += 1
        return answer

    async def _postpone(self, fate: Fate) -> Fate:
        """Write down what went wrong, and tell at the first time that there is somebody who waits."""
        fate = await self._teller.tell(fate)
        await self._teller.keep(fate)
        self._calling.discard(_this_task())
        return fate


def _this_task() -> "asyncio.Task[None]":
    task = asyncio.current_task()
    assert task is not None
    return task
