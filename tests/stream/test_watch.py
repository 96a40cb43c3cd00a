"""A partition that joins late: nothing that it holds is lost without a word."""

from sinks.commit import TRAFFIC
from sinks.memory import MemoryStore
from stream.events import NEVER
from tests.stream.app.travelling import SETTINGS, journey, receive

OLD, NEW = ("p", 0), ("p", 1)


def test_old_events_of_an_added_partition_are_late() -> None:
    """After a restart, while open panes are read again: what is for closed panes is late, the rest is summed."""
    before, store = journey(OLD), MemoryStore()
    receive(before, OLD, [10, 70, 130, 190])
    store.write(before.take())
    after = journey(store=store)
    closed = after.state.closed["p",]
    assert (0, True) == (after.clocks[OLD].offset, after.clocks[OLD].clock < closed + SETTINGS.lateness)
    after.find(NEW, 0)
    assert closed + SETTINGS.lateness == after.clocks[NEW].clock
    receive(after, OLD, [10, 70, 130, 190])
    receive(after, NEW, [5, 65, 190, 250])
    for partition in (OLD, NEW):
        receive(after, partition, [600])
    store.write(after.take())
    traffic = store.select(TRAFFIC)
    assert (2, 6) == (traffic["late"].sum(), traffic["events"].sum() + traffic["waiting"].sum())


def test_partitions_of_a_first_start_have_no_clock() -> None:
    """Nothing is closed yet, so nothing can be late."""
    made = journey()
    made.find(OLD, 3)
    made.find(NEW, 0)
    assert [(3, NEVER), (0, NEVER)] == [(made.clocks[each].offset, made.clocks[each].clock) for each in (OLD, NEW)]
