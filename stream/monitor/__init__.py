"""The second half of the journey: Partials become rows of a Commit.

What needs an order happens here, at a close, in a defined one.
"""

from stream.monitor.monitor import Monitor

__all__ = ["Monitor"]
