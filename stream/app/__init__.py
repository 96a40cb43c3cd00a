"""The service: one process that reads, judges, keeps, shows and tells."""

from stream.app.service import Service
from stream.app.tiers import MONITOR, RUN

__all__ = ["MONITOR", "RUN", "Service"]
