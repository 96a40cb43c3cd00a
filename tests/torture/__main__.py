"""`python -m tests.torture [--workers N] [--faults N] [--only NAME ...]`: faults at random, then the rows.

With `--workers 0` it is `driftline run` that is struck. It starts a broker of its own in a folder that goes with it.
"""

import argparse
import random
import secrets
import sys
import time
from statistics import median

from tests.integration.kafka import own_kafka
from tests.integration.publishing import PARTITIONS
from tests.torture.fleet import FAULTS, SILENT, Fleet
from tests.torture.labelled import Labelled, Publisher


def main() -> int:
    """0 where the rows are those of one undisturbed process."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="0: `driftline run`")
    parser.add_argument("--monitors", type=int, default=1)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--only", action="append", choices=FAULTS, help="these faults; may be repeated")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--peace", type=float, nargs=2, default=(0.5, 6.0), help="seconds between faults")
    parser.add_argument("--labels", action="store_true", help="labels up to 14 days later, joined once more in the end")
    asked = parser.parse_args()
    dice, begun = random.Random(asked.seed), time.monotonic()
    kinds = asked.only or [name for name in FAULTS if asked.workers or name in ("kill monitor", "kill broker")]
    print(f"seed {asked.seed}", flush=True)
    with own_kafka("torture-") as (kafka, folder):
        topic = kafka.create_topic(f"torture-{asked.seed}", PARTITIONS)
        labelled = Labelled(asked.seed, SILENT) if asked.labels else None
        parts = {"workers": asked.workers, "monitors": asked.monitors, "labelled": labelled}
        fleet = Fleet(kafka, topic, folder / "fleet", dice=dice, **parts)
        with fleet.running():
            for i in range(asked.faults):
                fleet.wait(*asked.peace)
                fault = dice.choice(kinds)
                print(f"{time.monotonic() - begun:6.1f} s  {i + 1:4d}  {fault}", flush=True)
                fleet.strike(fault)
                fleet.alive()
            fleet.settle()
        found = fleet.judge()
    print(f"\n{time.monotonic() - begun:.0f} s; faults: {dict(fleet.faults)}")
    print(f"read again after each kill of the monitor: {fleet.reread}, together {sum(fleet.reread):,}")
    if fleet.recovered:
        after = f"{median(fleet.recovered):.1f} s in the median, {max(fleet.recovered):.1f} s at most"
        print(f"from each of {len(fleet.recovered)} brokers that answer again to events that are judged: {after}")
    if fleet.silences:
        after = f"{median(fleet.silences):.1f} s in the median, {max(fleet.silences):.1f} s at most"
        print(f"from each of {len(fleet.silences)} joins and leaves to new Partials of all partitions: {after}")
    if isinstance(fleet.publisher, Publisher):
        print(f"published: {dict(fleet.publisher.world.about)}")
    print(f"equal to one undisturbed process: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
