"""Memory on disk: one DuckDB file, one writer, append-only."""

from sinks.duck.copies import StoreNewer, backup, looked_at, restore
from sinks.duck.export import export
from sinks.duck.store import DuckStore

__all__ = ["DuckStore", "StoreNewer", "backup", "export", "looked_at", "restore"]
