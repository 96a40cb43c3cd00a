"""Breaking things on purpose, on a real broker, for as long as you like: `python -m tests.torture --help`."""
