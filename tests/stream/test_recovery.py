"""What a restart finds again: the state, the open windows, where each partition is read from."""

from dataclasses import fields

import numpy as np
import pytest

from sinks import commit as tables
from sinks.memory import MemoryStore
from stream.config.parse import parse
from stream.counting.sample import NOTHING
from stream.monitor.checkpoint import pack, unpack
from stream.monitor.estimates.trust import Lesson, Tracks
from stream.monitor.state import State
from stream.recovery import StoreMismatch, recall
from tests.stream.rules.story import CONFIGURATION, FIRST, LEARNING, SECOND, Story, crowd, event


def busy() -> Story:
    """A service in the middle of everything: learning, detectors, an incident, a gap, an idle partition."""
    story = Story(LEARNING + "models: {'*': {}, shop: {reference: {file: reference}}}\n")
    story.find(SECOND)
    for minute in range(10):
        changes = {"features": {"amount": 400.0, "country": "FR"}} if minute > 3 else {}
        story.publish(FIRST, *crowd(minute + 0.5, 60, **changes), *crowd(minute + 0.6, 5, "newcomer"), b"[")
    story.publish(SECOND, event(0.5, seed=99), event(0.7, seed=99))
    story.read()
    story.idle(SECOND, 9.4)
    story.publish(FIRST, *[event(10.5)] * 10, *crowd(11.2, 10))
    n = story.log[FIRST][-1][0]
    story.expire(FIRST, n - 5)
    return story.read()


def test_the_state_is_found_again_whole() -> None:
    """Everything but the problems, which show up again, and the panes, which are read again."""
    story = busy().commit()
    before = story.journey.state
    after = recall(story.store, story.journey.settings).state
    assert pack(before) == pack(after)
    for version, policy in before.policies.items():
        again = after.policies[version]
        assert policy == again
    assert before.losses
    assert before.steps
    assert any(policy.incident is not None for policy in before.policies.values())
    assert [entry.name for entry in before.roster.entries] == [entry.name for entry in after.roster.entries]
    assert [plan.id for plan in before.roster.entries[0].plans] == [plan.id for plan in after.roster.entries[0].plans]
    assert before.learners["newcomer"].sample.payloads == after.learners["newcomer"].sample.payloads


def test_the_state_has_nothing_that_nobody_thought_of() -> None:
    """A new part of it must be packed, or made again from the store; this test then names it."""
    packed = {"roster", "learners", "policies", "steps", "closed", "labels_closed", "topics_closed", "losses", "pane"}
    packed |= {"scopes", "label_scopes", "joined", "charts", "watched", "pending", "traffic"}
    packed |= {"bases", "lessons", "tracks", "weighed", "disturbed", "checked", "schedules", "labelled", "heard"}
    packed |= {"controls", "gathered", "told"}
    assert packed | {"noticed", "problems", "windows", "courses", "teachings", "later"} == {
        field.name for field in fields(State)
    }


def test_what_is_remembered_of_labels_goes_through_bytes() -> None:
    """Pairs to learn from, and the last windows beside their truth."""
    lesson = Lesson("binary", np.array([0.1, 0.9]), np.array([0.0, 1.0]), 2)
    tracks = Tracks("file x", {"accuracy": ((0.9, 0.01, 0.002, 0.88, 0.92, 0.91),)})
    story = Story().commit()
    state = story.journey.state
    state.lessons["shop", "1"], state.tracks["shop", "1"], state.weighed["shop", "2"] = lesson, tracks, tracks
    after = unpack(pack(state), story.journey.settings, {}, lambda _: NOTHING)
    assert (after.tracks, after.weighed) == ({("shop", "1"): tracks}, {("shop", "2"): tracks})
    assert after.lessons["shop", "1"].pack() == lesson.pack()


def test_pairs_that_an_earlier_release_remembered_are_known() -> None:
    """It kept a byte for each label."""
    said = np.array([0.1, 0.9, 0.4])
    known = Lesson.unpack(("binary", said.tobytes(), np.array([False, True, False]).tobytes(), 2))
    assert known.pack() == Lesson("binary", said, np.array([0.0, 1.0, 0.0]), 2).pack()


def test_open_windows_are_the_sums_of_their_panes_again() -> None:
    """In their grid, by version, with what keeps them from being judged."""
    story = busy().commit()
    before, after = story.journey.state.windows, recall(story.store, story.journey.settings).state.windows
    assert before.keys() == after.keys()
    for key, window in before.items():
        again = after[key]
        assert (window.start, window.end, window.events, window.why) == (
            again.start,
            again.end,
            again.events,
            again.why,
        )
        assert (window.summary is None) == (again.summary is None)
        if window.summary is not None and again.summary is not None:
            assert window.summary == again.summary
    assert {"shop", "newcomer"} == {name for name, _, _ in before}


def test_reading_begins_where_the_oldest_open_pane_does() -> None:
    """With the clocks there, and the releases made since; what was written is known to be."""
    story = busy().commit()
    memory = recall(story.store, story.journey.settings)
    for partition, progress in story.journey.ingest.progress.items():
        assert progress.rewind == memory.starts[partition].mark
        assert progress.mark == memory.clocks[partition]
        assert progress.mark.position == memory.starts[partition].written
    assert 1 == len(memory.starts[SECOND].releases)


def test_an_empty_store_is_a_first_start() -> None:
    """Nothing is known, and nothing has to fit."""
    memory = recall(MemoryStore(), parse(CONFIGURATION))
    assert (0, {}, {}) == (memory.last, dict(memory.starts), dict(memory.clocks))


def test_a_mismatch_says_what_would_fit() -> None:
    """The pane, the window, the pattern, and the way out."""
    story = Story(CONFIGURATION.replace("[1m, 5m]", "[5m]"))
    story.publish(FIRST, *(event(minute + 0.5) for minute in range(12)))
    story.read().commit()
    with pytest.raises(StoreMismatch) as refused:
        recall(story.store, parse(CONFIGURATION.replace("[1m, 5m]", "[2m, 10m]")))
    assert (
        "the store was made with panes of 5m, and a window of 2m (shop) is no multiple of that: "
        "use another store.path, or windows that are" == str(refused.value)
    )


def test_commits_follow_each_other() -> None:
    """The number goes on where the store's last one was."""
    story = Story().commit().crash().commit()
    assert (2, 2) == (story.store.last(), story.journey.number)
    assert [1, 1] == story.store.select(tables.JOURNAL)["commit"].tolist()  # a start, and what it has found
