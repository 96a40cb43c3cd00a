"""`python -m tests.simulation [--seeds N] [--first SEED]`: a world per seed, run undisturbed, and struck in both tiers.

A seed that fails prints itself; `--first SEED --seeds 1` plays it again.
"""

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.driver import Run
from tests.simulation.tiers import Stuck, Tiers
from tests.simulation.world import world

PER_MINUTE, MINUTES = 14, (25, 60)
BATCHES = (2, 8, 40, 300)
KILL_SHARES = (0.0, 0.005, 0.02, 0.08)


def play(seed: int) -> tuple[int, str, Counter[str]]:
    """The seed, what went wrong (empty: nothing), and how often what happened."""
    dice = random.Random(seed)
    log = world(seed, minutes=dice.randrange(*MINUTES), per_minute=PER_MINUTE)
    happened: Counter[str] = Counter(events=sum(map(len, log.log.values())), releases=len(log.silences))
    expected = Run(log, seed, batch_max=1_000, commit_share=1.0).finish()
    happened.update({f"rows of {table}": len(found) for table, found in expected.items()})
    one = Run(log, seed + 1, batch_max=dice.choice(BATCHES), kill_share=dice.choice(KILL_SHARES))
    two = Tiers(log, seed + 2, batch_max=dice.choice(BATCHES), kill_share=dice.choice(KILL_SHARES))
    wrong = []
    for name, struck in (("run", one), ("tiers", two)):
        try:
            found = struck.finish()
            wrong += [f"{name}: {table} differs" for table in expected if expected[table] != found[table]]
        except (AssertionError, Stuck, Exception) as error:  # noqa: BLE001 - whatever it is, the seed is told
            wrong.append(f"{name}: {error!r}")
    happened.update(
        {"kills of run": one.kills, "records read again": sum(one.reread)}
        | {
            "kills of workers": two.worker_kills,
            "kills of monitors": two.monitor_kills,
            "partials read again": two.reread,
        }
    )
    return seed, "; ".join(wrong), happened


def main() -> int:
    """0 where no seed fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    begun, happened, failed = time.monotonic(), Counter[str](), 0
    with ProcessPoolExecutor(asked.processes) as pool:
        for seed, wrong, more in pool.map(play, range(asked.first, asked.first + asked.seeds)):
            happened += more
            if wrong:
                failed += 1
                print(f"seed {seed}: {wrong}", flush=True)
    for name, n in happened.items():
        print(f"  {name:<22}{n:>10,}")
    print(f"{asked.seeds} seeds in {time.monotonic() - begun:.0f} s, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
