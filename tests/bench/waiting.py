"""What a pane costs that has waited in a catch-up, beside how many others wait: ten times as many must not cost more.

A monitor gets the Partials of one partition, whose clock runs ahead, while another one stands still; then that one is
idle, and the first of the panes close.
"""

from collections.abc import Iterator
from time import process_time

from stream.events import Partition
from stream.tiers.follower import Follower
from tests.bench.report import Figure
from tests.stream.monitors import Monitors
from tests.stream.rules.story import FIRST, SECOND, event, moment, records

FEW, MANY = 1_000, 10_000  # panes
GROWTH_MAX = 1.5  # of the cost of a pane, where ten times as many wait
LEARNT, BEGIN = 12, 9 * 24 * 60  # minutes: until there is a plan, and from when it surely holds
STEP, CLOSED = 5, 200  # minutes whose panes close together, and of how many panes that is measured
CONFIGURATION = """
events: {predictions: [events], max_ahead: 8d}
limits: {models: 2}
defaults: {windows: [1m, 1h], lateness: 1m, reference: {learn: 5m}}
"""


def figures(quick: bool) -> Iterator[Figure]:
    """How much more a pane costs where many wait."""
    some = (FEW // 4, FEW) if quick else (FEW, MANY)
    few, many = (_measure(n) for n in some)
    print(f"\nwaiting: panes of one model that wait, and ms of processor time for each ({some[0]:,} and {some[1]:,})")
    for what, less, more in zip(("to take it", "to close it"), few, many, strict=True):
        print(f"  {what}: {1e3 * less:.3f} and {1e3 * more:.3f}")
    growth = sum(many) / sum(few)
    yield Figure(f"waiting, a pane among {some[1]:,} / among {some[0]:,}", growth, GROWTH_MAX, "")


def _measure(n: int) -> tuple[float, float]:
    """Seconds of processor time per pane: to take it, and to close it."""
    log = Monitors(CONFIGURATION, ("a",), (FIRST, SECOND))
    for minute in (*range(LEARNT), BEGIN):
        for partition in (FIRST, SECOND):
            log.publish(partition, *(event(minute + 0.4, "shop", seed) for seed in range(50)))
    monitor, workers = log.read().present["a"], log.workers
    at = len(log.log[FIRST])
    for minute in range(BEGIN, BEGIN + n):
        workers[FIRST].receive(records(FIRST, [(at, -1, event(minute + 0.4, "shop"))]))
        workers[FIRST].cut()
        at += 1
    begun = process_time()
    _follow(monitor, FIRST, log.partials[FIRST] + workers[FIRST].take())
    taken = process_time()
    for minute in range(BEGIN, BEGIN + CLOSED, STEP):
        workers[SECOND].release(moment(minute + STEP), moment(minute + STEP))
    released = log.partials[SECOND] + workers[SECOND].take()
    middle = process_time()
    _follow(monitor, SECOND, released)
    closed = process_time()
    (entry,) = monitor.state.roster.entries
    assert entry.plan_at(moment(BEGIN)) is not None
    assert [moment(BEGIN + CLOSED - 1)] == list(monitor.state.closed.values())
    return (taken - begun) / n, (closed - middle) / CLOSED


def _follow(monitor: Follower, partition: Partition, partials: list[bytes]) -> None:
    """Take them one by one, as if each had just come."""
    for at in range(monitor.next_partial(partition), len(partials)):
        monitor.receive(partition, at, partials[at])
        monitor.work()
