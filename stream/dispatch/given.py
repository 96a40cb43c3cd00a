"""What a dispatcher needs of the configuration."""

from msgspec import Struct

from stream.config.sections.dispatch import Dispatch
from stream.config.settings import Kafka, Topics


class Given(Struct, frozen=True):
    """Three of its sections."""

    kafka: Kafka
    topics: Topics
    dispatch: Dispatch
