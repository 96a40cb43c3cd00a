"""The Faust application: one isolated agent per target on the topic of triggers.

Faust loses events in five ordinary ways; each line here that looks odd is there because of one of them:
an event is acknowledged only by us (`noack`), strictly in order, after its fate is settled; the body never raises;
a stop waits for nothing (`stream_wait_empty=False`); one partition cannot hold up another (`isolated_partitions`);
there is no `concurrency`, no task per event that acknowledges, and the topics are there before the application starts.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import faust
from faust.types import EventT, StreamT

from sinks.dispatch.desk import Desk
from sinks.dispatch.message import meant_for, read
from sinks.dispatch.target import Trigger

AHEAD = 64  # events of a partition that are under way at a target: models do not wait for each other within these
STOP_S = 4.0
SESSION_S, HEARTBEAT_S = 10.0, 3.0  # a dispatcher that is gone is noticed after a session
COMMIT_S = 0.5
METADATA_MS = 30_000
NEVER_S = 10.0 * 365 * 86_400  # a held event is said by readiness, not by Faust's log
BUFFER = 1_024  # events read ahead per target and partition; they share their bytes
Bury = Callable[[bytes, str, str], Awaitable[None]]  # payload, key, what is wrong
log = logging.getLogger(__name__)


class HostFailed(Exception):
    """Faust has given up: start again, nothing is lost."""


class _App(faust.App):
    """Faust without its folder: there are no tables to put into it."""

    def _create_directories(self) -> None:
        pass


class Host:
    """Brings every trigger to every desk, and acknowledges it when its fate is settled at all of them."""

    def __init__(  # noqa: PLR0913, PLR0917 - each once
        self,
        arguments: Mapping[str, object],
        group: str,
        member: str,
        topic: str,
        desks: Sequence[Desk],
        bury: Bury,
    ) -> None:
        """`member`: a name that this process alone has, and its successor: that one need not wait for a session."""
        self._desks, self._bury = desks, bury
        self._names = [desk.target.name for desk in desks]
        self._app = _App(
            group,
            broker=[f"kafka://{address}" for address in str(arguments["bootstrap_servers"]).split(",")],
            broker_credentials=_credentials(arguments),
            broker_session_timeout=SESSION_S,
            broker_heartbeat_interval=HEARTBEAT_S,
            broker_commit_interval=COMMIT_S,
            consumer_auto_offset_reset="earliest",  # also what a group is read from whose positions Kafka has lost
            consumer_group_instance_id=member,
            consumer_metadata_max_age_ms=METADATA_MS,
            key_serializer="raw",
            value_serializer="raw",
            store="memory://",
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            stream_wait_empty=False,
            stream_buffer_maxsize=BUFFER,
            stream_processing_timeout=NEVER_S,
        )
        source = self._app.topic(topic, key_type=bytes, value_type=bytes)
        for place, desk in enumerate(desks):
            agent = self._agent(desk, first=not place)
            self._app.agent(source, name=f"to-{desk.target.name}", isolated_partitions=True)(agent)

    async def start(self) -> None:
        """Join the group. HostFailed where no broker answers."""
        try:
            await self._app.start()
        except Exception as error:
            raise HostFailed(f"Faust did not start: {error!r}") from error

    async def run(self) -> None:
        """Return only by HostFailed."""
        await self._app.wait_until_stopped()
        raise HostFailed(f"Faust has stopped: {self._app.crash_reason!r}")

    async def stop(self) -> None:
        """Leave, in bounded time."""
        await asyncio.wait([asyncio.create_task(self._app.stop())], timeout=STOP_S)

    def _agent(self, desk: Desk, *, first: bool) -> Callable[[StreamT[Any]], Awaitable[None]]:
        """The agent of one desk. The first one also buries what is no trigger: the others only pass it by."""

        async def settle(raw: bytes | None, headers: Mapping[str, bytes]) -> None:
            trigger = read(raw, headers)
            if isinstance(trigger, Trigger):
                if first and not any(meant_for(trigger, name) for name in self._names):
                    log.info(
                        "trigger %s is for none of %s: another dispatcher has its targets, or nobody",
                        trigger.id,
                        ", ".join(self._names),
                    )
                await desk.settle(trigger)
            elif first:
                await self._bury(raw or b"", "", trigger)

        async def agent(stream: StreamT[Any]) -> None:
            lane = _Lane()
            acknowledging = asyncio.create_task(lane.acknowledge())
            try:
                async for event in cast("faust.Stream[bytes]", stream).noack().events():
                    await lane.room()
                    lane.add(event, asyncio.create_task(settle(event.value, event.headers)))
            finally:
                acknowledging.cancel()
                lane.leave()

        return agent


class _Lane:
    """Events of one partition under way at one target, acknowledged in their order."""

    def __init__(self) -> None:
        self._events: deque[tuple[EventT[Any], asyncio.Task[None]]] = deque()
        self._changed = asyncio.Event()

    async def room(self) -> None:
        """Return when one more may be added."""
        while len(self._events) >= AHEAD:
            self._changed.clear()
            await self._changed.wait()

    def add(self, event: EventT[Any], settled: "asyncio.Task[None]") -> None:
        """Acknowledge this one after those before."""
        self._events.append((event, settled))
        self._changed.set()

    async def acknowledge(self) -> None:
        """Acknowledge, for ever. An event whose work was called off is not acknowledged, nor any after it."""
        while True:
            while not self._events:
                self._changed.clear()
                await self._changed.wait()
            event, settled = self._events[0]
            await settled
            event.ack()
            self._events.popleft()
            self._changed.set()

    def leave(self) -> None:
        """Let go: what the desks do goes on, and what comes again finds it."""
        for _, settled in self._events:
            settled.cancel()


def _credentials(arguments: Mapping[str, object]) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """The arguments of an aiokafka client as Faust wants them."""
    protocol, context = arguments["security_protocol"], arguments.get("ssl_context")
    assert context is None or isinstance(context, ssl.SSLContext)
    if protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        return faust.SASLCredentials(
            username=str(arguments["sasl_plain_username"]),
            password=str(arguments["sasl_plain_password"]),
            mechanism=str(arguments["sasl_mechanism"]),
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context is not None else None
