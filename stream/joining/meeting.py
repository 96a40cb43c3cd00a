"""After a Commit: steps ask the store that has it, and what follows belongs to the next Commit.

So a step sees what was committed and nothing else, and a crash between the two costs only the question.
"""

from collections.abc import Sequence
from functools import partial

from sinks import commit as tables
from sinks.commit import Columns, Span, Store, Table
from stream.monitor.estimates.before_labels import Asked
from stream.watch import Watch


def meet(watch: Watch, store: Store) -> None:
    """Take the steps that are due, as many as a Commit can hold; `behind` says whether there are more.

    Call it when the store has the last Commit, and nothing was done since.
    """
    meetings = watch.monitor.meetings
    due = meetings.due()
    if not due:
        return
    assert not watch.monitor.ledger, "something was decided since the last Commit"
    taken = []
    try:
        meetings.recall(store.standing, asked(store))
        for steps in due:
            met = store.meeting(steps)
            meetings.take(met, partial(_kept, store), asked(store))
            taken.append(met.steps)
    except BaseException:
        meetings.forget()
        raise
    meetings.passed(taken)


def _kept(store: Store, spans: Sequence[Span], table: Table = tables.PAIRS, one_in: int = 1) -> Columns:
    """The pairs of spans of panes, or what else is there."""
    return store.within(table, spans, one_in)


def asked(store: Store) -> Asked:
    """What estimates ask a store."""
    about = (tables.PANES, tables.ESTIMATES, tables.WEIGHTED, tables.INPUTS)
    taught = (partial(store.select, table) for table in (tables.BASES, tables.EXAMPLES))
    return Asked(store.said, *(partial(store.within, table) for table in about), *taught)


def settle(watch: Watch, store: Store) -> None:
    """Write Commits until nothing more follows from them."""
    store.write(watch.take())
    meet(watch, store)
    while watch.monitor.ledger or watch.monitor.meetings.behind:
        store.write(watch.take())
        meet(watch, store)
