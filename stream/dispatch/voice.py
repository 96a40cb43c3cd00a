"""The dispatcher's voice on Kafka: many words in one request, over the relay that knows its client's defects."""

from collections.abc import Sequence

from sinks.dispatch.ports import Unheard, Words
from sinks.dispatch.together import Together
from sinks.topics import Message, Relay, RelayFailed
from stream.config.mistakes import ConfigurationError


class Spoken:
    """Tells while `run` runs."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._words = Together(self._send)

    async def tell(self, words: Words) -> None:
        """Return when the brokers have it. Unheard: tell it again."""
        await self._words.done(words)

    async def run(self) -> None:
        """Send what is to be told, for ever."""
        await self._words.run()

    async def stop(self) -> None:
        """Disconnect."""
        await self._relay.stop()

    async def _send(self, words: Sequence[Words]) -> None:
        try:
            await self._relay.send([Message(each.topic, each.key, each.value, each.headers) for each in words])
        except (RelayFailed, ConfigurationError) as error:  # a secret may be away while it is being rotated
            raise Unheard(str(error)) from error
