"""The command line: every command in one visible table, and what a failure means to the shell."""

import os

# Before NumPy is loaded: our matrices are small, and a pool of threads per call costs more than it gains (measured).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from stream.cli.main import main

__all__ = ["main"]
