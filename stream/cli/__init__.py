"""The command line: every command in one visible table, and what a failure means to the shell.

The table is main; options, groups, opening and failures are what commands share.

- Before anything runs: checking, references, schemas; comparing (two files); trying (a policy over history).
- What runs: serving, dispatching. Files in place of Kafka: replaying, retelling, capturing, publishing; listing
  shows what a replay has found.
- What a store says: asking, answering, abreast, exporting. What a person asks for: controlling, redriving.
- Stores that move: copying, handing.
"""

import os

# Before NumPy is loaded: our matrices are small, and a pool of threads per call costs more than it gains (measured).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from stream.cli.main import main

__all__ = ["main"]
