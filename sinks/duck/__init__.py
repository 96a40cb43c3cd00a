"""Memory on disk: one DuckDB file, one writer, append-only.

- The store: store, connections, gate, cache, errors.
- Tables and questions: schema, statements, words, fetched, meeting; views for people; document writes docs/tables.md.
- Copies: copies, export.
"""

from sinks.duck.copies import StoreNewer, backup, looked_at, restore
from sinks.duck.export import export
from sinks.duck.store import DuckStore

__all__ = ["DuckStore", "StoreNewer", "backup", "export", "looked_at", "restore"]
