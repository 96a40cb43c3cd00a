"""The command line: every command in one visible table, and what a failure means to the shell."""

import gc
import os

# Before NumPy is loaded: our matrices are small, and a pool of threads per call costs more than it gains (measured).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# What is imported stays: to look for garbage among it was a sixth of every start.
gc.disable()
from stream.cli.main import main  # noqa: E402 - after the two

gc.enable()

__all__ = ["main"]
