"""The demo, without its broker: the world, what it plants, and whether the core finds it."""
