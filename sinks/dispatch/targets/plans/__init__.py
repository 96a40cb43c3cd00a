"""How a system is described: its row, what goes there and comes back (exchange), and what its entry gives."""
