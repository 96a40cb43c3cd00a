"""A metric of what cells say, and which way it is better."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from detectors.performance.measured import Measured

Seen = TypeVar("Seen")


class Metric(NamedTuple, Generic[Seen]):
    """How a metric is measured, and what is known of its values."""

    measure: Callable[[Seen, float], Measured]  # with the confidence of its interval
    better: int  # 1: more is better, -1: less is, 0: neither
    least: float = 0.0
    greatest: float = 1.0
