"""The service: one process that reads, judges, keeps, shows and tells."""

from stream.app.service import Service

__all__ = ["Service"]
