"""Rules 7 to 13: kinds of clocks, lateness, skew, reading ahead, releases, empty panes."""

from sinks import commit as tables
from stream.events import NEVER
from stream.monitor.monitor import Monitor
from tests.stream.rules.story import CONFIGURATION, FIRST, SECOND, Story, event, label, minute_of, moment

LABELS = ("labels", 0)
SPLIT = CONFIGURATION.replace("{predictions: [events]}", "{predictions: [events], labels: [labels]}")
MIXED = CONFIGURATION.replace("{predictions: [events]}", "{predictions: [events], labels: [events]}")


def labels(story: Story, model: str = "shop") -> dict[float, int]:
    """Labels by the end of their pane."""
    return {row["end"]: row["labels"] for row in story.rows(tables.LABELS) if row["model"] == model}


def refused(story: Story) -> list[tuple[str, int, str]]:
    """Dead letters: topic, offset, reason."""
    return [(row["topic"], row["offset"], row["reason"]) for row in story.rows(tables.DEAD_LETTERS)]


def test_rule_7_a_kind_that_its_topic_does_not_declare_is_refused() -> None:
    """A label on a topic of predictions, a prediction on a topic of labels: neither counts, neither moves a clock."""
    story = Story(SPLIT, (FIRST, LABELS))
    story.publish(FIRST, event(0.5), label(9))
    story.publish(LABELS, event(9), label(0.5))
    story.read()
    assert (0.5, 0.5) == tuple(minute_of(story.journey.clocks[p].clock) for p in (FIRST, FIRST))
    assert 0.5 == minute_of(story.journey.clocks[LABELS].label_clock)
    story.end()
    assert [("events", 1, "wrong_topic"), ("labels", 0, "wrong_topic")] == refused(story)


def test_rule_7_predictions_do_not_wait_for_labels() -> None:
    """Each kind has its own watermark: a label topic that is hours behind, or empty, holds no window up."""
    story = Story(SPLIT, (FIRST, LABELS))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(6)))
    story.publish(LABELS, label(0.2), label(1.7))
    story.read().commit()
    assert [1, 2, 3, 4] == sorted(story.counts())
    assert {1: 1} == labels(story)


def test_rule_7_on_a_mixed_topic_the_label_clock_runs_over_all_events() -> None:
    """Labels close by what predictions say of the time, though labels are rare."""
    story = Story(MIXED)
    story.publish(FIRST, label(0.5), event(0.6), event(3.5))
    story.read().commit()
    assert {1: 1} == labels(story)
    assert 3.5 == minute_of(story.journey.clocks[FIRST].label_clock)


def test_rule_7_labels_do_not_move_the_clock_of_predictions() -> None:
    """A label is made long after its prediction: it would make every prediction late."""
    story = Story(MIXED)
    story.publish(FIRST, event(0.5), label(100), event(0.7))
    story.read().end()
    assert {1: (2, 0)} == story.counts()


def test_rule_7_a_model_waits_only_for_its_own_topics() -> None:
    """Two watermarks per model, each the least of its clocks over the model's topics."""
    text = CONFIGURATION.replace("[events]", "[events, others]")
    story = Story(text.replace("shop: {}", "shop: {topics: [events]}, store: {}"), (FIRST, ("others", 0)))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(4)), event(3.6, "store"))
    story.publish(("others", 0), event(0.5, "store"))
    story.read().commit()
    assert ({1: (1, 0), 2: (1, 0)}, {}) == (story.counts("shop"), story.counts("store"))


def test_rule_7_topics_that_have_closed_nothing_have_closed_nothing_after_a_crash() -> None:
    """The first event of a topic closes the panes before it for a model of that topic alone, for no other."""
    text = CONFIGURATION.replace("[events]", "[events, others]")
    story = Story(text.replace("shop: {}", "shop: {topics: [events]}, store: {}"), (FIRST, ("others", 0)))
    story.publish(FIRST, event(3.5))
    story.read().commit().crash()
    story.publish(("others", 0), event(0.5, "store"), event(3.5, "store"))
    story.read().end()
    assert {4: (1, 0)} == story.counts("shop")
    assert {1: (1, 0), 4: (1, 0)} == story.counts("store")


def test_rule_8_an_event_is_late_by_its_own_partitions_clock() -> None:
    """Another partition's clock makes nobody late, nor does an event that comes behind it in the same batch."""
    for batch in (1, 100):
        story = Story(partitions=(FIRST, SECOND))
        story.publish(FIRST, event(0.5), event(1.9), event(0.9), event(2.0), event(0.95), event(8.5))
        story.publish(SECOND, event(0.5, seed=2), event(4, seed=2))
        story.read(batch=batch).end()
        assert {1: (3, 0), 2: (1, 0), 3: (1, 1), 5: (1, 0), 9: (1, 0)} == story.counts(), batch


def test_rule_8_lateness_is_carried_from_batch_to_batch_and_over_a_crash() -> None:
    """The running maximum does not begin anew."""
    story = Story()
    story.publish(FIRST, event(0.5), event(4.5), event(0.7), event(4.6))
    story.read(upto=2).commit().crash().read().end()
    assert {1: (1, 0), 5: (2, 1)} == story.counts()


def test_rule_8_a_label_is_never_late() -> None:
    """Its pane is that of its time or of the label clock, whichever is later."""
    for batch in (1, 100):
        story = Story(SPLIT, (FIRST, LABELS))
        story.publish(LABELS, label(5.5), label(1.5), label(6.5), label(0.5))
        story.read(batch=batch).end()
        assert {6: 2, 7: 2} == labels(story), batch
        assert [] == refused(story)


def test_rule_9_what_has_no_countable_pane_is_counted_in_the_pane_of_its_partitions_clock() -> None:
    """Late, refused, ahead: counted where the clock is, a pane that is open whatever the batches are."""
    for batch in (1, 100):
        story = Story()
        story.publish(FIRST, event(0.5), event(5.5), event(1.1), b"[", event(6.5), None, event(7.5))
        story.publish(FIRST, event(30), stamp=7)
        story.read(batch=batch).end()
        assert {1: (1, 0), 6: (1, 1), 7: (1, 0), 8: (1, 0)} == story.counts(), batch
        found = [(row["end"], row["reason"], row["events"]) for row in story.rows(tables.REJECTED)]
        assert [(6, "undecodable", 1), (7, "empty", 1), (8, "ahead", 1)] == found, batch


def test_rule_10_one_fast_clock_harms_nobody_else() -> None:
    """An event five minutes ahead of its record is refused; it would have made every other publisher late."""
    story = Story()
    for minute in range(6):
        story.publish(FIRST, event(minute + 0.5), stamp=minute + 0.6)
        story.publish(FIRST, event(minute + 5.7, seed=1), stamp=minute + 0.7)
    story.read().end()
    assert {minute + 1: (1, 0) for minute in range(6)} == story.counts()
    assert ["ahead"] * 6 == [reason for _, _, reason in refused(story)]


def test_rule_10_by_default_the_skew_is_the_lateness() -> None:
    """Exactly the lateness passes, a millisecond more does not."""
    story = Story()
    story.publish(FIRST, event(1.5), event(1.5 + 1 / 60_000), stamp=0.5)
    story.read().end()
    assert [("events", 1, "ahead")] == refused(story)


def test_rule_11_partitions_that_jump_apart_do_not_wait_for_each_other_for_ever() -> None:
    """Each one's next event is beyond what may be read; the clock of the one that is behind leads its position."""
    for batch in (1, 3, 100):
        story = Story(partitions=(FIRST, SECOND))
        for partition, minutes in ((FIRST, (0.5, 60, 61, 300)), (SECOND, (0.6, 120, 121, 300))):
            story.publish(partition, *(event(minute, seed=partition[1]) for minute in minutes))
        story.read(batch=batch)
        assert [4, 4] == [story.journey.clocks[p].offset for p in (FIRST, SECOND)], batch
        story.end(600)
        assert {1: (2, 0), 61: (1, 0), 62: (1, 0), 121: (1, 0), 122: (1, 0), 301: (2, 0)} == story.counts(), batch


def test_rule_11_nothing_is_read_beyond_max_ahead() -> None:
    """A fast partition stops five minutes past the watermark, so that T is a pane that nobody has read."""
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, *(event(minute / 2) for minute in range(80)))
    story.publish(SECOND, event(1.2), event(1.3))
    story.read()
    stopped = story.journey.clocks[FIRST]
    assert (13, 6.5) == (stopped.offset, minute_of(stopped.clock))  # read to 6.0; the clock leads by one event
    assert 1.3 + 5 > 6.0


def test_rule_12_a_release_raises_one_clock_and_is_in_the_journal() -> None:
    """An idle partition holds nobody up; what it publishes afterwards is judged by the raised clock."""
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, event(0.5), event(4.5))
    story.publish(SECOND, event(0.6))
    story.read().commit()
    assert {} == story.counts()
    story.idle(SECOND, 4.4)
    story.commit()
    assert {1: (2, 0)} == story.counts()
    assert (4.5, 4.4) == tuple(minute_of(story.journey.clocks[p].clock) for p in (FIRST, SECOND))
    (release,) = [row for row in story.rows(tables.JOURNAL) if row["kind"] == "release"]
    assert ("events", 1, 1, moment(4.4)) == tuple(release[name] for name in ("topic", "partition", "offset", "until"))
    story.publish(SECOND, event(1.5), event(4.6))
    story.read().end()
    assert {1: (2, 0), 5: (2, 1)} == story.counts()


def test_rule_12_a_release_lets_others_read_on_though_it_closes_nothing() -> None:
    """Panes of five minutes, and nobody reads more than one ahead; nothing new comes of who waits."""
    configuration = CONFIGURATION.replace("windows: [1m, 5m]", "windows: [5m]").replace(
        "{predictions: [events]}", "{predictions: [events], max_ahead: 1m}"
    )
    story = Story(configuration, (FIRST, SECOND))
    story.publish(FIRST, event(2.5), event(3.1), event(3.8), event(4.4))
    story.publish(SECOND, event(2.2))
    story.read()
    assert [FIRST] == list(story.journey.held)
    story.idle(SECOND, 3.8)
    assert [] == list(story.journey.held)
    assert [4, 1] == [story.journey.clocks[p].offset for p in (FIRST, SECOND)]


def test_rule_12_a_release_is_applied_again_where_it_was() -> None:
    """After a crash the events behind it are late as they were, those before it are not."""
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, event(0.5), event(2.9))
    story.publish(SECOND, event(-0.2), event(0.6))
    story.read()
    story.idle(SECOND, 1.9)
    story.publish(SECOND, event(-0.3), event(1.7))
    story.read().commit().crash()
    assert story.tiers or 0 == story.journey.clocks[SECOND].offset  # workers need not read again
    story.read().end()
    assert {0: (1, 0), 1: (2, 0), 2: (1, 1), 3: (1, 0)} == story.counts()


def test_rule_12_a_release_does_not_turn_a_clock_back() -> None:
    """A clock is a maximum."""
    story = Story()
    story.publish(FIRST, event(4.5))
    story.read().idle(FIRST, 1)
    assert 4.5 == minute_of(story.journey.clocks[FIRST].clock)


def test_rule_12_a_release_raises_only_the_clocks_that_the_topic_has() -> None:
    """And leaves nothing to be read again, once all before it is closed."""
    story = Story(SPLIT, (FIRST, LABELS))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(9)))
    story.publish(LABELS, label(0.5))
    story.read()
    story.idle(FIRST, 30)
    story.idle(LABELS, 30)
    clocks = story.journey.clocks
    assert (30, NEVER) == (minute_of(clocks[FIRST].clock), clocks[FIRST].label_clock)
    assert (NEVER, 30) == (clocks[LABELS].clock, minute_of(clocks[LABELS].label_clock))
    assert [9, 1] == [story.journey.progress[p].rewind.offset for p in (FIRST, LABELS)]


def test_rule_12_a_label_topic_that_is_silent_for_days_makes_nobody_wait_or_late() -> None:
    """Predictions have a clock of their own; the labels that come at last are counted where they belong."""
    story, days = Story(SPLIT, (FIRST, LABELS)), 3 * 24 * 60
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(0, days, 30)))
    story.publish(LABELS, label(0.5))
    story.read().commit()
    assert not story.journey.held
    assert days - 59 == max(story.counts())
    story.publish(LABELS, label(days + 0.5), label(7))
    story.publish(FIRST, event(days + 0.5))
    story.read().end(days + 60)
    assert {0} == {late for _, late in story.counts().values()}
    assert days // 30 + 1 == sum(events for events, _ in story.counts().values())
    assert {1: 1, days + 1: 2} == {row["end"]: row["labels"] for row in story.rows(tables.LABELS)}


def test_rule_13_a_run_of_empty_panes_is_one_fact() -> None:
    """An event stamped 1970 does not close 29 million panes one by one, nor write a row for each."""
    closes: list[float] = []

    class Counting(Monitor):
        def _close(self, scope: tuple[str, ...], end: int) -> None:
            closes.append(minute_of(end))
            super()._close(scope, end)

    story = Story()
    story.journey.monitor.__class__ = Counting
    story.publish(FIRST, event(0.5, time=60_000), event(0.5), event(3.5))
    story.read().end()
    assert 3 == len(story.windows(1))
    assert 5 == len(closes)  # three panes with events, and the ends of the two windows of 5 minutes
    assert 3 == len(story.counts())


def test_rule_7_labels_alone_on_a_partition_of_both_kinds_hold_nobody_up() -> None:
    """It has no clock of events until it is idle, and is not held before that by the labels of the others."""
    story = Story(MIXED, (FIRST, SECOND))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(30)))
    story.publish(SECOND, *(label(minute + 0.6, id=f"{minute + 0.5}-0") for minute in range(30)))
    story.read(batch=3)
    assert SECOND not in story.journey.held
    story.idle(SECOND, 40)
    story.read(batch=3).end()
    assert 30 == len(story.rows(tables.PAIRS))
