"""What the brokers can do to us, as exceptions: the world's fault, so the shell decides whether to try again."""


class BrokerFailed(Exception):
    """The brokers answered with something that reading cannot go on from. Start again from the last Commit."""


class ConnectionProblem(BrokerFailed):
    """The brokers cannot be reached, or refuse us. The text names the address and the reason."""


class TopicReplaced(BrokerFailed):
    """A position lies beyond the end of its partition: the topic was deleted and created again, or has lost its end."""

    def __init__(self, topic: str, partition: int, position: int, end: int | None) -> None:
        ends = f"ends at offset {end}" if end is not None else "is not there"
        super().__init__(
            f"{topic}/{partition} {ends}, but was read up to {position} before: the topic was deleted and created "
            "again, or has lost its end; begin with another store.path, or read another topic"
        )
