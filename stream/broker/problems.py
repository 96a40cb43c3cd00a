"""What the brokers can do to us, as exceptions: the world's fault, so the shell decides whether to try again."""


class BrokerFailed(Exception):
    """The brokers answered with something that reading cannot go on from. Start again from the last Commit."""


class ConnectionProblem(BrokerFailed):
    """The brokers cannot be reached, or refuse us. The text names the address and the reason."""


class TopicReplaced(BrokerFailed):
    """A position lies beyond the end of its partition: the topic was deleted and created again, or has lost its end."""
