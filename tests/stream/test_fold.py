"""Rows wait to be summed, and it does not matter when they are."""

import random

import pytest

from sinks import commit as tables
from stream.counting.fold import FOLD_ROWS, ROOM
from stream.counting.ingest import Ingest
from stream.partials import Open
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, crowd, event, moment

PATIENT = CONFIGURATION.replace("lateness: 1m", "lateness: 60m")


def buffered(*values: bytes) -> Ingest:
    """Ingest that has read some events, of which none is due."""
    story = Story(PATIENT)
    story.publish(FIRST, *values)
    return story.read(batch=7).journey.ingest


def test_rows_of_later_panes_wait() -> None:
    """A cut sums the panes that end by then; the rows of later ones stay in the buffer."""
    ingest = buffered(*crowd(0.5, 5), *crowd(1.5, 3), *crowd(2.5, 4))
    assert [(moment(1), "shop", None)] == list(ingest.cut(moment(1)).blocks)
    assert 7 == ingest.n_buffered
    assert [(moment(2), "shop", None)] == list(ingest.cut(moment(2)).blocks)
    assert 4 == ingest.n_buffered


def test_a_cut_before_all_panes_sums_nothing() -> None:
    """Where no pane has ended, every row waits on."""
    ingest = buffered(*crowd(0.5, 5))
    assert {} == ingest.cut(moment(0)).blocks
    assert 5 == ingest.n_buffered


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_do_not_depend_on_the_cuts(seed: int) -> None:
    """Cuts at any ends, in any order, add up to what one cut of everything gives."""
    dice = random.Random(seed)
    values = [event(dice.uniform(0, 40), seed=i, version=str(i % 3)) for i in range(200)]
    whole, parts = Open(10), Open(10)
    whole.add(buffered(*values).cut())
    ingest = buffered(*values)
    for _ in range(6):
        parts.add(ingest.cut(moment(dice.uniform(0, 60))))
    parts.add(ingest.cut())
    assert 0 == ingest.n_buffered
    assert 200 == sum(int(summary.events()[0]) for summary in whole.blocks.values())
    assert whole.blocks == parts.blocks
    assert whole.versions == parts.versions


def test_more_rows_than_there_is_room_for_are_kept() -> None:
    """Two batches, the second of which does not fit behind the first: nothing is lost or moved."""
    values = [event(0.5, seed=seed) for seed in range(100)] * (ROOM // 100 + 80)
    seen = []
    for batch in (FOLD_ROWS - 1, 5_000):
        story = Story()
        story.publish(FIRST, *values, event(1.5))
        story.read(batch=batch).end()
        seen.append([story.rows(table) for table in (tables.PANES, tables.WINDOWS)])
    assert len(values) == seen[0][0][0]["events"]
    assert seen[0] == seen[1]
