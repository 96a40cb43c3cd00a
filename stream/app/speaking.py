"""Controls that come in by HTTP, on their way to the control topic."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from sinks.topics import Message, Relay, RelayFailed
from stream.broker import arguments
from stream.config.mistakes import ConfigurationError
from stream.config.secrets import secret
from stream.config.settings import Settings
from stream.web.api.hooking import Receiver
from stream.web.api.speaking import VARIABLE, Door, Unsent

TRIES = 3  # whoever waits for the answer would rather hear that it cannot be said now


@dataclass
class Speaker:
    """One producer, made when it is first needed. One message at a time: they are few."""

    settings: Settings
    environment: Mapping[str, str]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        kafka = self.settings.kafka
        # One message is whole by itself; a transaction would fence those of a second process of this name.
        self._relay = Relay(lambda: arguments(kafka, self.environment), "control", transactional=False)

    def door(self) -> Door:
        """How controls come in."""
        return Door(self.environment.get(VARIABLE, ""), self.send)

    def receiver(self) -> Receiver:
        """How other systems come in; a secret is read when it is needed, so that it may be renewed."""
        mlflow = self.settings.hooks.mlflow
        return Receiver(mlflow, self.door(), lambda: secret(mlflow.secret, self.environment), self._known)

    def _known(self, model: str) -> bool:
        return self.settings.model(model) is not None

    async def send(self, key: bytes, value: bytes) -> None:
        """Return when the topic has it. Unsent: it may have it, or not; its id makes saying it again harmless."""
        message = Message(self.settings.topics.control, key, value, (("content-type", b"application/json"),))
        async with self._turn:
            for left in range(TRIES - 1, -1, -1):
                try:
                    await self._relay.send([message])
                except (RelayFailed, ConfigurationError) as error:
                    if not left:
                        raise Unsent(str(error)) from error
                else:
                    return

    async def stop(self) -> None:
        """Disconnect."""
        await self._relay.stop()
