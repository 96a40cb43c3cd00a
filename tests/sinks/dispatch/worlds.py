"""A desk with everything around it in memory: time that jumps, a target that answers as it was told to."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from heapq import heapify, heappush
from typing import TypeVar

from sinks.dispatch.desk import Desk
from sinks.dispatch.fate import ENDS, STARTED, Fate
from sinks.dispatch.following import Follower
from sinks.dispatch.message import NOTHING, read
from sinks.dispatch.numbers import Numbers
from sinks.dispatch.patience import Breaker, Patience
from sinks.dispatch.ports import Words
from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Trigger
from sinks.dispatch.teller import Teller

T = TypeVar("T")
Answer = Started | Again | Refused
SETTLED = 30  # turns of the loop within which everybody has done what can be done now
Seen = Running | Ended | Again | None


class Killed(BaseException):
    """The process ends here."""


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int]] = []

    def __call__(self) -> float:
        """The time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let it pass: whoever would wake first does, when nobody has anything left to do."""
        self.slept.append(seconds)
        me = (self.now + seconds, len(self.slept))
        heappush(self._sleepers, me)
        try:
            for _ in range(SETTLED):
                await asyncio.sleep(0)
            while self._sleepers[0] != me:  # noqa: ASYNC110 - turns of the loop are the measure here
                await asyncio.sleep(0)
            self.now = max(self.now, me[0])
        finally:
            self._sleepers.remove(me)
            heapify(self._sleepers)


class Scripted:
    """A target that answers in the order that was written down, then with `Started`."""

    name, keyed = "airflow", True

    def __init__(self, answers: Iterable[Answer | BaseException] = (), looks: Iterable[Seen] = ()) -> None:
        self.answers, self.looks = deque(answers), deque(looks)
        self.asked: list[str] = []
        self.looked: list[str] = []

    async def start(self, trigger: Trigger) -> Answer:
        """As any target."""
        self.asked.append(trigger.id)
        answer = self.answers.popleft() if self.answers else Started(f"run-{trigger.id}", "http://there")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def follow(self, external_id: str) -> Seen:
        """As any target."""
        self.looked.append(external_id)
        return self.looks.popleft() if self.looks else Ended(True)

    async def close(self) -> None:
        """As any target."""


class Memory:
    """A ledger and a voice that outlive processes. `strike` is called before each effect, and may raise."""

    def __init__(self) -> None:
        self.fates: dict[tuple[str, str], Fate] = {}
        self.told: list[Words] = []
        self.strike: Callable[[str], None] = lambda _: None

    async def find(self, trigger: str, target: str) -> Fate | None:
        """As the ledger."""
        self.strike("find")
        return self.fates.get((trigger, target))

    async def keep(self, fate: Fate) -> None:
        """As the ledger."""
        self.strike("keep")
        self.fates[fate.trigger, fate.target] = fate

    async def running(self, target: str, after: tuple[float, str], limit: int) -> Sequence[Fate]:
        """As the ledger."""
        found = [
            (fate.started_at, fate.trigger, fate)
            for fate in self.fates.values()
            if fate.target == target and fate.started_at is not None
            and ((fate.state == fate.told == STARTED) or (fate.state in ENDS and fate.told != fate.state))
            and (fate.started_at, fate.trigger) > after
        ]  # fmt: skip
        return [fate for _, _, fate in sorted(found, key=lambda one: one[:2])][:limit]

    async def tell(self, words: Words) -> None:
        """As the voice."""
        self.strike("tell")
        self.told.append(words)

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """(trigger, state) as they were told."""
        bodies = [json.loads(words.value)["data"] for words in self.told if words.topic == "outcomes"]
        return [(body["trigger"], body["state"]) for body in bodies]

    @property
    def letters(self) -> list[Words]:
        """What is dead."""
        return [words for words in self.told if words.topic == "letters"]


class World:
    """One process over a memory."""

    def __init__(self, target: Scripted, memory: Memory | None = None, *, budget_s: float = 100.0) -> None:
        self.clock, self.target, self.memory = Clock(), target, memory or Memory()
        self.numbers = Numbers()
        teller = Teller(self.memory, self.memory, self.numbers, "outcomes", "letters", self.clock)
        around: dict[str, Callable[..., Awaitable[None]]] = {"sleep": self.clock.sleep}
        self.follower = Follower(target, teller, self.memory, 1_000.0, monotonic=self.clock, **around)
        self.desk = Desk(
            target, teller, self.follower, self.numbers, Patience(1.0, 8.0, budget_s, 10 * budget_s), Breaker(),
            monotonic=self.clock, **around,
        )  # fmt: skip

    def settle(self, *triggers: Trigger) -> None:
        """Give the desk all of them at once, and return when they are settled."""
        run(self._settled(triggers))

    async def _settled(self, triggers: Sequence[Trigger]) -> None:
        await asyncio.gather(*(self.desk.settle(each) for each in triggers))

    def look(self, within_s: float = 5_000.0) -> None:
        """Let the follower do its work until nothing is followed."""
        run(self._looked(within_s))

    async def _looked(self, within_s: float) -> None:
        until = self.clock.now + within_s
        following = asyncio.create_task(self.follower.run())
        begun = self.clock.now
        while (len(self.follower) or self.clock.now < begun + 2) and self.clock.now < until:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    def states(self) -> dict[str, str]:
        """The newest state of each trigger."""
        return {trigger: fate.state for (trigger, _), fate in self.memory.fates.items()}


def trigger(number: int, model: str = "fraud", headers: Mapping[str, bytes] = NOTHING, **data: object) -> Trigger:
    """A trigger whose id is its number."""
    known = {"model": model, "model_version": "3", "incident": f"i{number}"}
    event = {"specversion": "1.0", "id": f"t{number}", "time": "2026-11-20T17:00:00Z", "data": {**known, **data}}
    found = read(json.dumps(event).encode(), headers)
    assert isinstance(found, Trigger), found
    return found


def run(work: Coroutine[object, object, T]) -> T:
    """Do it, within seconds."""

    async def bounded() -> T:
        return await asyncio.wait_for(work, 20)

    return asyncio.run(bounded())
