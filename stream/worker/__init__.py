"""The first half on machines of its own: workers share partitions, summarise them, and publish Partials."""

from stream.worker.attended import Attended
from stream.worker.worker import Worker

__all__ = ["Attended", "Worker"]
