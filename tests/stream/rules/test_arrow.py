"""Records of many events: every rule holds of their rows as it does of records of one event each."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from sinks import commit as tables
from sinks.commit import RESULTS
from stream.events import Arrow
from tests.stream.encodings.tables import packed, stream
from tests.stream.rules.story import BEGIN, CONFIGURATION, FIRST, LEARNING, SECOND, Story, crowd, event, label

POSITIONS = {"offset", "row", "until", "hash", "payload", "detail"}
EVERYTHING = """
limits: {sample: 4000}
events: {predictions: [events], labels: [events]}
defaults: {windows: [1m, 5m], lateness: 1m, segments: [site], reference: {learn: 5m}}
"""


def in_records(events: Sequence[bytes], n: int) -> list[bytes]:
    """Events as records of n each."""
    return [packed(*events[i : i + n]) for i in range(0, len(events), n)]


def log(minutes: int) -> list[bytes]:
    """Predictions, features and labels of some models, with nulls, late ones and refused ones."""
    events: list[bytes] = []
    for step in range(minutes * 40):
        minute = step / 40
        features = {"amount": step % 17 / 3 if step % 9 else None, "country": ("FR", "DE", None)[step % 3]}
        about: dict[str, Any] = {"segments": {"site": ("paris", "lyon", None)[step % 3]}, "score": step % 7 / 7}
        events.append(event(minute, ("shop", "bank")[step % 4 == 0], features=features, **about))
        if step % 10 == 0:
            events.append(label(minute, id=f"{step}"))
        if step % 25 == 0:
            events.append(event(minute, kind="features"))
            events.append(event(minute - 9, seed=1, features=features))  # late, once it can be
        if step % 30 == 0:
            events += [
                event(minute, time=-1),
                event(minute, kind="other"),
                event(minute, model=None),
                label(minute, id=None),
            ]
    return events


def told(story: Story) -> dict[str, list[str]]:
    """All rows that hold results, without what says where an event lies."""
    return {
        table.name: sorted(
            repr({name: row[name] for name in row if name not in POSITIONS}) for row in story.rows(table)
        )
        for table in RESULTS
        if table not in {tables.SAMPLES, tables.UNWATCHED}  # both are chosen by position
    }


def test_a_log_in_arrow_gives_the_rows_of_the_same_log_in_json() -> None:
    """Learned models, windows, findings, labels, late events and refusals, in records of any number of events."""
    events = log(14)
    as_json = Story(EVERYTHING)
    as_json.publish(FIRST, *events)
    expected = told(as_json.read(batch=100).end())
    assert {"windows", "labels", "rejected", "dead_letters", "traffic"} <= {name for name in expected if expected[name]}
    for n, batch in ((7, 5), (100, 1), (10_000, 1)):
        story = Story(EVERYTHING)
        story.publish(FIRST, *in_records(events, n))
        assert expected == told(story.read(batch=batch).end()), n


def test_records_of_one_event_and_of_many_lie_side_by_side() -> None:
    """On one partition, in one fetch."""
    events = log(4)
    mixed = [*events[:50], packed(*events[50:90]), events[90], packed(*events[91:100]), *events[100:]]
    one, other = Story(EVERYTHING), Story(EVERYTHING)
    one.publish(FIRST, *events)
    other.publish(FIRST, *mixed)
    assert told(one.read().end()) == told(other.read().end())


def test_rule_1_every_row_is_a_position() -> None:
    """Each event of a record may be in a sample; a dead letter names the row, and says what stood there."""
    story = Story(LEARNING.replace("defaults", "limits: {sample: 20}\ndefaults"))
    story.publish(FIRST, *crowd(0.1, 3), packed(*crowd(0.2, 30), event(0.3, kind="other"), *crowd(0.5, 30)), event(3))
    story.read().commit()
    assert 20 == len({row["hash"] for row in story.rows(tables.SAMPLES)})
    (letter,) = story.rows(tables.DEAD_LETTERS)
    assert (3, 30, "wrong_type") == (letter["offset"], letter["row"], letter["reason"])
    assert {"kind": "other", "time": BEGIN + 18_000} == {k: json.loads(letter["payload"])[k] for k in ("kind", "time")}


def test_rule_3_dead_letters_amid_a_record_are_written_once() -> None:
    """Those before the cut by the first life, those behind it by the second one."""
    bad = [event(minute, kind="other") for minute in (0.3, 20.1)]
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, packed(event(0.2), bad[0], event(20), bad[1], event(21)))
    story.publish(SECOND, event(0.5))
    story.read().commit().crash().read()
    story.publish(SECOND, event(21))
    story.read().commit().crash().read().end()
    assert [(0, 1), (0, 3)] == [(row["offset"], row["row"]) for row in story.rows(tables.DEAD_LETTERS)]
    assert {1: 1, 21: 1} == {row["end"]: row["events"] for row in story.rows(tables.REJECTED)}


def test_rule_4_an_open_pane_may_begin_amid_a_record() -> None:
    """It is read again from that row on, however often the process dies, and every event is counted once."""
    story, expected = Story(partitions=(FIRST, SECOND)), Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, event(0.1), packed(event(0.2), *(event(20 + i / 20) for i in range(50))), event(22.6))
    story.publish(SECOND, event(0.5, seed=1))
    story.read()
    story.publish(SECOND, event(21.9, seed=1))
    story.read().commit()
    (first, _) = (row for row in story.rows(tables.POSITIONS) if row["topic"] == "events")
    assert (3, 0) == (first["offset"], first["row"])
    rewind = (0, 0) if story.tiers else (1, 1)  # a Partial that ends amid the record has reached the open pane
    assert rewind == (first["rewind_offset"], first["rewind_row"])
    expected.log = story.log
    story.crash().read().commit().crash()
    assert expected.read().end().results() == story.read().end().results()
    assert 55 == sum(events for events, _ in story.counts().values())


def test_rule_11_a_batch_is_cut_before_the_first_row_beyond() -> None:
    """What lies max_ahead past the watermark waits amid its record, and is read on by whoever comes next."""
    story = Story(partitions=(FIRST, SECOND))
    story.publish(FIRST, event(0.1), packed(event(0.2), event(0.7), event(20), event(21), event(0.9)), event(22))
    story.publish(SECOND, event(0.5, seed=1))
    story.read().commit()
    assert {FIRST} == set(story.journey.held)
    assert [(1, 2), (1, 0)] == [
        (row["offset"], row["row"]) for row in story.rows(tables.POSITIONS) if row["topic"] == "events"
    ]
    story.crash().read()
    assert {FIRST} == set(story.journey.held)
    story.publish(SECOND, event(20.5, seed=1), event(22, seed=1))
    story.read().commit().crash().read().end()
    found = story.counts()
    assert (9, 1) == (sum(events for events, _ in found.values()), sum(late for _, late in found.values()))


def test_rule_17_what_waits_amid_a_record_is_decoded_again_by_a_new_plan() -> None:
    """A model that is learned meanwhile has a plan for the rows behind the cut."""
    expected = None
    for n in (1, 40):
        story = Story(EVERYTHING, (FIRST, SECOND))
        events = log(16)
        story.publish(FIRST, *(in_records(events, n) if n > 1 else events))
        for minute in range(15):
            story.publish(SECOND, event(minute + 0.3, seed=2))
            story.read()
        story.publish(SECOND, event(16))
        found = told(story.read().end())
        expected = expected or found
        assert expected == found
        assert story.rows(tables.PLANS)


def test_a_record_that_cannot_be_read_is_one_refusal() -> None:
    """It has its place and a reason, and does not hold up its neighbours."""
    story = Story()
    whole = packed(event(0.2), event(0.7))
    story.publish(FIRST, event(0.1), Arrow(whole[:-100]), Arrow(b"{}"), Arrow(b""), whole, event(0.9))
    story.read().end()
    assert [(1, 0, "undecodable"), (2, 0, "undecodable"), (3, 0, "empty")] == [
        (row["offset"], row["row"], row["reason"]) for row in story.rows(tables.DEAD_LETTERS)
    ]
    assert {1: (4, 0)} == story.counts()


def test_a_record_without_rows_is_passed_over() -> None:
    """Its offset is read, and nothing is counted."""
    story = Story(CONFIGURATION)
    story.publish(FIRST, event(0.2), stream(pa.Table.from_pylist([json.loads(event(0.3))]).slice(1)))
    story.read().end()
    assert 2 == story.journey.clocks[FIRST].offset
    assert {1: (1, 0)} == story.counts()


def test_tables_without_rows_are_read_past() -> None:
    """Alone in a fetch, and among others; a stream may also end behind its schema."""
    story = Story(CONFIGURATION)
    kinds = (pa.string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()))
    empty = [stream(pa.schema([("model", kind)]).empty_table()) for kind in kinds]
    for batch in (1, 100):
        n = story.journey.clocks[FIRST].offset
        story.publish(FIRST, *empty, event(0.5), *empty)
        story.read(batch=batch)
        assert n + 7 == story.journey.clocks[FIRST].offset
    assert {1: (2, 0)} == story.end().counts()
