"""The journey: bytes become a Batch of columns, a Batch becomes a Partial, Partials become a Commit."""
