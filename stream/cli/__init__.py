"""The command line: every command in one visible table, and what a failure means to the shell."""

from stream.cli.main import main

__all__ = ["main"]
