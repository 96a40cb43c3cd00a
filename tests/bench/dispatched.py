"""A dispatcher that has nothing to do, and one that gets 10,000 incidents at once, on a real broker.

Three targets fail one call in five meanwhile. In the end every trigger was taken, in the order of its model, and every
step told; `tests.torture.dispatch` judges that.
"""

import random
from collections.abc import Iterator

from tests.bench.report import Figure
from tests.integration.kafka import own_kafka
from tests.stream.web.served import eventually
from tests.torture.dispatch import Torture

INCIDENTS, QUICK = 10_000, 1_000
IDLE_S = 20.0
IDLE_PERCENT, IDLE_MB = 2.0, 150.0
BURST_MB = 260.0  # what is read ahead is bounded, and so are the calls that are under way


def figures(quick: bool) -> Iterator[Figure]:
    """What it takes when idle, before and after, and its memory in the burst. AssertionError where one was lost."""
    with own_kafka("dispatched-") as (kafka, folder):
        torture = Torture(kafka, "dispatched", folder / "d", random.Random(1))
        torture.rate = 1e-3
        with torture.running():
            yield from _measured(torture, QUICK if quick else INCIDENTS)
        print(torture.judge())


def _measured(torture: Torture, n: int) -> Iterator[Figure]:
    eventually(torture.dispatching.ready, 60)
    percent, memory = torture.idle(IDLE_S)
    yield Figure("dispatcher, idle", percent, IDLE_PERCENT, " % of a core")
    yield Figure("dispatcher, memory when idle", memory, IDLE_MB, " MB")
    burst = torture.burst(n)
    print(burst)
    yield Figure(f"dispatcher, memory in a burst of {n:,} incidents", burst.most_mb, BURST_MB, " MB")
    torture.settle()
    percent, memory = torture.idle(IDLE_S)
    print(f"after the burst: {memory:.0f} MB")
    yield Figure("dispatcher, idle after the burst", percent, IDLE_PERCENT, " % of a core")
    torture.stop()
