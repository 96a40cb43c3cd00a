"""After a Commit: steps ask the store that has it, and what follows belongs to the next Commit.

So a step sees what was committed and nothing else, and a crash between the two costs only the question.
"""

from sinks.commit import Store
from stream.watch import Watch


def meet(watch: Watch, store: Store) -> None:
    """Take all steps that are due. Call it when the store has the last Commit, and nothing was done since."""
    if due := watch.monitor.meetings.due():
        for steps in due:
            watch.monitor.meetings.take(steps, store.meeting(steps))
        watch.monitor.meetings.passed(due)


def settle(watch: Watch, store: Store) -> None:
    """Write Commits until nothing more follows from them."""
    store.write(watch.take())
    meet(watch, store)
    while watch.monitor.ledger:
        store.write(watch.take())
        meet(watch, store)
