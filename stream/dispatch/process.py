"""The dispatcher's life: topics, ledger, desks, Faust; and a stop within seconds."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version

from sinks.dispatch.desk import Desk
from sinks.dispatch.following import Follower
from sinks.dispatch.host.app import Host, HostFailed
from sinks.dispatch.host.ledger import DuckLedger
from sinks.dispatch.message import NO_TRIGGER
from sinks.dispatch.numbers import Numbers
from sinks.dispatch.patience import Breaker, Patience
from sinks.dispatch.ports import Unheard
from sinks.dispatch.target import Target
from sinks.dispatch.teller import Teller
from sinks.prometheus.dispatching import exposition
from sinks.topics import Relay
from stream.broker import BrokerFailed, ConnectionProblem, Questions, arguments, offer_topics, quieten, wait_for_topics
from stream.config.mistakes import ConfigurationError
from stream.config.sections.dispatch import SECOND, Dispatch
from stream.dispatch.given import Given
from stream.dispatch.shown import counts
from stream.dispatch.voice import Spoken
from stream.stopping import Stopping
from stream.web.health import health_application
from stream.web.operations import Health
from stream.web.server import listen, serve_on, shown_address

AGAIN_S, AGAIN_S_MAX = 2.0, 30.0  # between two lives of Faust
CONNECT_S = 30.0  # a broker that starts beside us is waited for; whoever restarts us does the rest
HOLD_S = 2.0
ASK_S = 10.0
RELAY_S = 1.5


class Dispatcher:
    """One process. `run` returns after `stop`; it raises what it cannot mend."""

    def __init__(
        self, given: Given, targets: Sequence[Target], environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._given, self._environment, self._say = given, environment, say
        self._stopping = Stopping()
        self._host: Host | None = None
        self._waiting = "starting"  # why triggers are not read; empty when they are
        self._unreachable = ""  # why no broker answers; Faust would not say
        self._questions = Questions(given.kafka, environment)
        dispatch, topics = given.dispatch, given.topics
        self._ledger = DuckLedger(dispatch.ledger, dispatch.keep / SECOND)
        relay = Relay(lambda: arguments(given.kafka, environment), "dispatch", transactional=False)
        self._voice = Spoken(relay)
        self._numbers = [Numbers() for _ in targets]
        tellers = [
            Teller(self._ledger, self._voice, numbers, topics.outcomes, topics.dead_letters)
            for numbers in self._numbers
        ]
        self._buries = tellers[0] if tellers else None
        self._desks = [
            Desk(
                target,
                teller,
                Follower(target, teller, self._ledger, dispatch.follow / SECOND),
                numbers,
                _patience(dispatch),
                _breaker(dispatch),
            )
            for target, teller, numbers in zip(targets, tellers, self._numbers, strict=True)
        ]

    def stop(self) -> None:
        """Finish what is being asked of targets, and end: within seconds."""
        self._stopping.wish()

    @property
    def unready(self) -> str:
        """Why triggers are not being settled, other than their targets; empty when they are."""
        return self._waiting or self._unreachable or next((each.problem for each in self._numbers if each.problem), "")

    async def run(self) -> None:
        """Dispatch until stopped. ListenFailed, ConnectionProblem."""
        listener = listen(self._given.dispatch.listen, "dispatch.listen")
        self._say(f"the dispatcher's health and metrics are at {shown_address(listener)}")
        shown = exposition(lambda: counts(self._desks, not self.unready), version("driftline"))
        answers = health_application(Health(lambda: self.unready, shown.text))
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(serve_on(answers, listener))]
            beside += [tasks.create_task(each.run()) for each in (self._ledger, self._voice)]
            beside += [tasks.create_task(desk.follower.run()) for desk in self._desks]
            beside.append(tasks.create_task(self._ask()))
            try:
                if await self._stopping.unless(self._topics(), False):
                    await self._serve()
            finally:
                await self._close()
                for task in beside:
                    task.cancel()

    async def _topics(self) -> bool:
        """Let the topics be there: Faust does not see one that comes later."""
        topics, questions = self._given.topics, self._questions
        begun = time.monotonic()
        while True:
            try:
                await offer_topics(questions, (topics.triggers, topics.outcomes, topics.dead_letters), self._say)
                await wait_for_topics(questions, (topics.triggers,), create=False, say=self._say)
            except ConnectionProblem as problem:
                if time.monotonic() - begun > CONNECT_S:
                    raise
                self._waiting = str(problem)
                await asyncio.sleep(AGAIN_S)
            else:
                return True

    async def _ask(self) -> None:
        """Ask the brokers over another connection whether they are there: Faust tries again without a word."""
        while True:
            await asyncio.sleep(ASK_S)
            try:
                await self._questions.partitions((self._given.topics.triggers,))
                self._unreachable = ""
            except (BrokerFailed, ConfigurationError) as error:  # a secret may be away while it is being rotated
                self._unreachable = str(error)

    async def _serve(self) -> None:
        """Let Faust bring triggers until the stop; a Faust that has given up is replaced, and nothing is lost by it."""
        rest = AGAIN_S
        while not self._stopping:
            begun = time.monotonic()
            try:
                await self._stopping.unless(self._live(), None)
            except HostFailed as error:
                self._waiting = str(error)
                self._say(f"{error}; trying again")
                rest = AGAIN_S if time.monotonic() - begun > AGAIN_S_MAX else min(2 * rest, AGAIN_S_MAX)
                await self._stopping.sleep(rest)

    async def _live(self) -> None:
        """One life of Faust."""
        given = self._given
        group = f"driftline-dispatch-{given.kafka.name}"
        known = arguments(given.kafka, self._environment)
        member = f"{group}-{self._ledger.identity}"
        self._host = Host(known, group, member, given.topics.triggers, self._desks, self._bury)
        try:
            await self._host.start()
            quieten()
            self._waiting = ""
            await self._host.run()
        finally:
            self._waiting = "stopping" if self._stopping else self._waiting
            if not self._stopping:  # else after the desks have heard what they wait for
                await self._host.stop()

    async def _bury(self, raw: bytes, key: str, why: str) -> None:
        """Put what is no trigger where a person finds it; tried until it is there."""
        assert self._buries is not None
        while True:
            try:
                return await self._buries.bury(raw, key, NO_TRIGGER, why)
            except Unheard as error:
                self._say(f"a dead letter waits: {error}")
                await asyncio.sleep(HOLD_S)

    async def _close(self) -> None:
        """Answers that are under way are kept and told; then Faust, the voice and the file are let go."""
        await asyncio.gather(*(desk.close() for desk in self._desks))
        if self._host is not None:
            await self._host.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(RELAY_S):
                await self._voice.stop()
        self._ledger.close()


def _patience(dispatch: Dispatch) -> Patience:
    retry = dispatch.retry
    longest = max(retry.within, dispatch.follow)  # as long as what keeps it busy may take
    return Patience(retry.first / SECOND, retry.most / SECOND, retry.within / SECOND, longest / SECOND)


def _breaker(dispatch: Dispatch) -> Breaker:
    rest_s = dispatch.retry.broken_for / SECOND
    return Breaker(dispatch.retry.broken_after, rest_s, 30 * rest_s)
