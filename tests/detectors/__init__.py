"""The arithmetic, against its slow and obvious twins."""
