"""Rules 1 to 6: positions, holes, what belongs to what, the log as checkpoint, found partitions, gaps."""

import json

from sinks import commit as tables
from tests.stream.rules.story import CONFIGURATION, FIRST, LEARNING, SECOND, Story, crowd, event, minute_of

MIXED = CONFIGURATION.replace("{predictions: [events]}", "{predictions: [events], labels: [events]}")
BAD = b"{"


def test_rule_1_a_sample_goes_by_position_not_by_arrival() -> None:
    """The events that a model is learned from are chosen by topic, partition and offset, whoever is read first."""

    def sample(order: tuple[int, int], batch: int) -> list[dict[str, object]]:
        story = Story(LEARNING.replace("defaults", "limits: {sample: 20}\ndefaults"), (FIRST, SECOND))
        for partition in (FIRST, SECOND):
            story.publish(partition, *crowd(0.5, 30), event(3))
        for place in order:
            story.read((FIRST, SECOND)[place], batch=batch)
        return story.read().commit().rows(tables.SAMPLES)

    assert sample((0, 1), 1000) == sample((1, 0), 7)
    assert 20 == len(sample((0, 1), 1000))
    assert len(sample((0, 1), 1000)) == len({row["hash"] for row in sample((0, 1), 1000)})


def test_rule_2_holes_in_the_offsets_are_no_losses() -> None:
    """Control records and compaction leave holes; a crash among them neither loses nor repeats an event."""
    story = Story()
    for minute in range(4):
        story.publish(FIRST, event(minute + 0.2), event(minute + 0.7), hole=3)
    story.read(upto=16).commit().crash().read().commit()
    assert {1: (2, 0), 2: (2, 0)} == story.counts()
    assert 32 == story.journey.clocks[FIRST].offset
    assert [] == [row for row in story.rows(tables.JOURNAL) if row["kind"] == "lost"]


def test_rule_2_a_batch_that_is_cut_ends_at_an_offset() -> None:
    """The position is that of the record which has to wait, not a number of records."""
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, event(0.2), event(0.7), event(20), event(21), hole=3)
    story.publish(SECOND, event(0.5, seed=1))
    story.read().commit()
    assert {FIRST} == set(story.journey.held)
    assert [11, 1] == [row["offset"] for row in story.rows(tables.POSITIONS) if row["topic"] == "events"]


def test_rule_3_rejected_counts_belong_to_panes_and_dead_letters_to_positions() -> None:
    """After a crash the count of an open pane is made again, the dead letter is not written again."""
    story = Story()
    story.publish(FIRST, event(0.5), BAD, event(1.5), BAD, event(2.5))
    story.read(upto=4).commit().crash().read().end()
    assert [(1, 1), (2, 1)] == [(row["end"], row["events"]) for row in story.rows(tables.REJECTED)]
    assert [1, 3] == [row["offset"] for row in story.rows(tables.DEAD_LETTERS)]


def test_rule_3_what_is_refused_before_the_first_clock_is_counted_at_the_first_clock() -> None:
    """The first event that counts says when, not the end of the batch that it came in."""
    for batch in (1, 2, 100):
        story = Story()
        story.publish(FIRST, BAD, BAD, event(0.5), event(3.5))
        story.read(batch=batch).end()
        assert [(1, 2)] == [(row["end"], row["events"]) for row in story.rows(tables.REJECTED)], batch


def test_rule_4_the_log_is_the_checkpoint_of_open_panes() -> None:
    """Open panes are not stored: they are read again from where the oldest of them began."""
    story = Story()
    story.publish(FIRST, *(event(minute / 4) for minute in range(40)))
    story.read(batch=1).commit()
    (position,) = (row for row in story.rows(tables.POSITIONS) if row["topic"] == "events")
    assert (40, 32) == (position["offset"], position["rewind_offset"])  # minute 9.75: the pane of minute 8 is open
    assert 9 not in story.counts()
    expected = Story()
    expected.log = story.log
    assert expected.read().end().results() == story.crash().read().end().results()


def test_rule_5_a_partition_found_later_is_in_the_journal_and_starts_at_its_earliest() -> None:
    """A partition found later is read from where it begins; that is an input, so it is kept."""
    story = Story()
    story.publish(FIRST, event(0.5), event(1.5))
    story.read().commit()
    story.publish(SECOND, event(0.9, seed=1), event(1.6, seed=1))
    story.find(SECOND)
    story.read().end()
    assert [("found", 0, 0), ("found", 1, 0)] == [
        (row["kind"], row["partition"], row["offset"]) for row in story.rows(tables.JOURNAL) if row["kind"] == "found"
    ]
    assert {1: (2, 0), 2: (2, 0)} == story.counts()


def test_rule_5_a_partition_found_after_a_close_has_late_events_not_lost_ones() -> None:
    """What it has for closed panes is late, and counted as such: in no run do events vanish without a count."""
    story = Story()
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(10)))
    story.read().commit()
    assert 8 == max(story.counts())
    story.publish(SECOND, event(3.2), event(3.3), event(9.4, seed=1))
    story.find(SECOND)
    story.read().commit().crash().read().end()
    found = story.counts()
    assert 11 == sum(events for events, _ in found.values())
    assert 2 == sum(late for _, late in found.values())


def test_rule_5_a_partition_found_later_does_not_turn_the_watermark_back() -> None:
    """Though it has seen nothing yet, the others are read on."""
    story = Story()
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(10)))
    story.read()
    before = story.journey.marks.events["events",]
    story.find(SECOND)
    assert before == story.journey.marks.events["events",]


def test_rule_6_a_gap_marks_exactly_the_touched_windows_incomplete() -> None:
    """From the clock before the gap, less the lateness, to the clock behind it."""
    story = Story(MIXED)
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(14)))
    story.read(upto=6).expire(FIRST, 9)
    story.read().end()
    assert [5, 6, 10] == [row["end"] for row in story.windows(1) if not row["complete"]]  # from 5.5 - 1 to 9.5
    assert [False, False, True] == [row["complete"] for row in story.windows(5)]
    (lost,) = [row for row in story.rows(tables.JOURNAL) if row["kind"] == "lost"]
    assert (6, 9, 5.5) == (lost["offset"], lost["until"], minute_of(json.loads(lost["detail"])["clock"]))


def test_rule_6_an_event_behind_the_gap_ends_it_after_a_crash_too() -> None:
    """A gap whose end is not known when the process dies does not stay open for ever."""
    story = Story()
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(16)))
    story.read(upto=6).expire(FIRST, 8)
    story.journey.lose(FIRST, 8)
    story.commit().crash().read().end()
    # One process has lost its open panes with the gap. Partials still have them, from the lateness before the gap on.
    expected = [5, 6, 9] if all(story.lives) else [9]
    assert expected == [row["end"] for row in story.windows(1) if not row["complete"]]
    assert [True, True, True, True, False] == [row["complete"] for row in story.windows(1)[:5]]
    assert [False, False, True, True] == [row["complete"] for row in story.windows(5)]


def test_rule_6_what_ended_an_earlier_gap_does_not_end_a_later_one_when_it_is_read_again() -> None:
    """The events between two gaps are in open panes still when the process dies in the second."""
    story = Story()
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(16)))
    story.read(upto=4).expire(FIRST, 5)
    story.read(upto=6).expire(FIRST, 7)
    story.journey.lose(FIRST, 7)
    story.commit().crash().read().end()
    assert [8] == [row["end"] for row in story.windows(1) if not row["complete"]][-1:]
    assert [False, False, True, True] == [row["complete"] for row in story.windows(5)]


def test_rule_6_a_loss_is_kept_across_a_crash() -> None:
    """Windows that were still open when the gap was met are incomplete in the next life too."""
    story = Story()
    story.publish(FIRST, *(event(minute / 4) for minute in range(64)))
    story.read(upto=24).expire(FIRST, 36)
    story.read(upto=44).commit().crash().read().end()
    assert [False, False, True, True] == [row["complete"] for row in story.windows(5)]


def test_rule_6_only_an_event_that_counts_ends_a_gap() -> None:
    """One whose clock runs ahead says nothing about what was lost."""
    for batch in (1, 100):
        story = Story()
        story.publish(FIRST, *(event(minute + 0.5) for minute in range(7)))
        story.publish(FIRST, event(500), stamp=8)
        story.publish(FIRST, *(event(minute + 0.5) for minute in range(8, 16)))
        story.read(upto=6).expire(FIRST, 7)
        story.read(batch=batch).end()
        assert [5, 6, 9] == [row["end"] for row in story.windows(1) if not row["complete"]], batch


def test_rule_6_a_gap_of_one_partition_does_not_end_that_of_another() -> None:
    """Two partitions that lost something at the same moment have a gap each."""
    story = Story(partitions=(FIRST, SECOND))
    for partition, back in ((FIRST, 7.5), (SECOND, 4.5)):
        story.publish(partition, *(event(minute + 0.5, seed=partition[1]) for minute in range(4)))
        story.publish(partition, event(back), event(12))
    story.read(upto=3)
    for partition in (FIRST, SECOND):
        story.expire(partition, 4)
    story.read().end()
    assert [2, 3, 5, 8] == [row["end"] for row in story.windows(1) if not row["complete"]]
    assert () == story.journey.state.losses  # what no window can ask for is forgotten
