"""Which metrics two versions can be compared by, and how: see comparable."""
