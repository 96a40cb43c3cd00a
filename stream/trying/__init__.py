"""A policy tried on history: `driftline policy try`."""
