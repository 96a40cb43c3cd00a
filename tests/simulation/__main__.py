"""`python -m tests.simulation [--seeds N] [--first SEED]`: a world per seed, struck and undisturbed; equal rows or not.

A seed that fails prints itself; `--first SEED --seeds 1` plays it again.
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: every processor has a process already

from stream.garbage import settle
from tests.simulation.seeds import missing, play

SHARE = 4  # seeds that a process is given together: in the end one may wait for the other as long as they take
LOOK = 20  # seeds from one look for garbage to the next
TOLD = 1_000  # seeds from one word of how far it is to the next
ENOUGH = 1_000  # seeds, in which everything happens


def _begin() -> None:
    """A process that looks for garbage itself: between seeds there is little else, and nothing waits."""
    settle()
    gc.disable()


def _played(seed: int) -> tuple[int, str, Counter[str]]:
    if seed % LOOK == 0:
        gc.collect()
    return play(seed)


def main() -> int:
    """0 where no seed fails and, in enough of them, every kind of fault has occurred."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    begun, happened, failed = time.monotonic(), Counter[str](), []
    with ProcessPoolExecutor(asked.processes, initializer=_begin) as pool:
        seeds = range(asked.first, asked.first + asked.seeds)
        for n, (seed, wrong, more) in enumerate(pool.map(_played, seeds, chunksize=SHARE), 1):
            happened += more
            if n % TOLD == 0:
                print(f"{n:,} of {asked.seeds:,} seeds, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
            if wrong:
                failed.append(seed)
                print(f"seed {seed}: {wrong}; again: python -m tests.simulation --first {seed} --seeds 1", flush=True)
    for name, n in sorted(happened.items()):
        print(f"  {name:<55}{n:>12,}")
    print(f"{asked.seeds} seeds in {time.monotonic() - begun:.0f} s, {len(failed)} failed")
    absent = missing(happened) if asked.seeds >= ENOUGH else []
    for kind in absent:
        print(f"never happened: {kind}")
    return int(bool(failed or absent))


if __name__ == "__main__":
    sys.exit(main())
