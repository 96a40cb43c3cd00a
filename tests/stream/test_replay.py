"""Replay: files as a log, the same rows as a service would have had, every window closed."""

from pathlib import Path

import pytest

from sinks import commit as tables
from sinks.commit import RESULTS, Store
from sinks.memory import MemoryStore
from stream.config.parse import parse
from stream.files import logs
from stream.monitor.plans.onboarding import Sources
from stream.replay import Replay
from tests.stream.rules.story import CONFIGURATION, FIRST, LEARNING, REFERENCE, SECOND, Story, crowd, event


def replay(store: Store, *paths: Path, configuration: str = CONFIGURATION, batch: int = 2_000) -> Replay:
    """Replay files into a store."""
    settings = parse(configuration)
    feeds = logs(paths, topic="events", batch=batch)
    running = Replay(settings, Sources(settings.limits, {"reference": REFERENCE}), store, feeds)
    running.run(lambda _: None)
    return running


def write(path: Path, values: list[bytes]) -> Path:
    """A file of JSON lines."""
    path.write_bytes(b"\n".join(values) + b"\n")
    return path


def found(store: MemoryStore) -> dict[str, list[str]]:
    """All rows that the guarantee compares."""
    story = Story()
    story.store = store
    return story.results()


@pytest.fixture
def apart(tmp_path: Path) -> tuple[list[bytes], list[bytes]]:
    """Two logs whose times jump apart; one ends long before the other."""
    first = [*crowd(0.5, 30), *crowd(1.5, 30), *crowd(60, 30), *crowd(61, 5)]
    second = [*crowd(0.7, 20), *crowd(120, 30), b"{", *crowd(121, 30), event(1.0), *crowd(199, 3)]
    return first, second


def test_two_files_whose_times_jump_apart_give_the_journeys_rows(
    tmp_path: Path, apart: tuple[list[bytes], list[bytes]]
) -> None:
    """Whatever the batches; a file that has ended holds the other one up no more."""
    story = Story(partitions=(FIRST, SECOND))
    for partition, values in zip((FIRST, SECOND), apart, strict=True):
        story.publish(partition, *values)
    story.read().idle(FIRST, 199)
    expected = story.read().end(5_000).results()
    paths = [write(tmp_path / f"{place}.jsonl", values) for place, values in enumerate(apart)]
    for batch in (7, 2_000):
        store = MemoryStore()
        running = replay(store, *paths, batch=batch)
        assert expected == found(store), batch
        assert len(apart[0]) + len(apart[1]) == running.events
    assert expected["windows"]


def test_in_the_end_every_window_is_closed(tmp_path: Path) -> None:
    """Those that are not full too: nothing more will come."""
    text = CONFIGURATION.replace("[1m, 5m]", "[1m, 1d]")
    store = MemoryStore()
    running = replay(store, write(tmp_path / "log.jsonl", [*crowd(0.5, 30), *crowd(1.5, 30)]), configuration=text)
    assert {} == running._journey.state.windows
    assert [30, 30, 60] == sorted(store.select(tables.WINDOWS)["events"].tolist())


def test_a_second_replay_into_the_same_store_adds_nothing(tmp_path: Path) -> None:
    """What was read is not read again, and nothing is closed again: not even a Commit is written."""
    store = MemoryStore()
    path = write(tmp_path / "log.jsonl", [*(event(minute + 0.5) for minute in range(20)), b"["])
    replay(store, path)
    before = {table.name: len(store.select(table)["commit"]) for table in tables.TABLES}
    last = store.last()
    assert 0 == replay(store, path).events
    assert before == {table.name: len(store.select(table)["commit"]) for table in tables.TABLES}
    assert last == store.last()


def test_a_replay_goes_on_where_a_shorter_one_ended(tmp_path: Path) -> None:
    """What a file has more is read, and counted; what belongs to panes that were closed is late."""
    store = MemoryStore()
    values = [event(minute + 0.5) for minute in range(20)]
    replay(store, write(tmp_path / "log.jsonl", values[:10]))
    assert 15 == replay(store, write(tmp_path / "log.jsonl", [*values, *(event(600 + m) for m in range(5))])).events
    traffic = store.select(tables.TRAFFIC)
    assert (20, 5) == (int(traffic["events"].sum()), int(traffic["late"].sum()))


def test_a_model_is_learned_from_files_as_from_a_topic(tmp_path: Path) -> None:
    """The plan holds from the same pane on; only the hashes of positions decide what is sampled."""
    values = [value for minute in range(20) for value in crowd(minute + 0.5, 50)]
    story = Story(LEARNING)
    story.publish(FIRST, *values)
    store = MemoryStore()
    replay(store, write(tmp_path / "log.jsonl", values), configuration=LEARNING)
    story.read().journey.monitor.end({FIRST[0]})  # as a file that has ended does: what closes then is not full
    assert story.end(5_000).results() == found(store)
    assert 1 == len(store.select(tables.PLANS)["commit"])
    assert {table.name for table in RESULTS} == found(store).keys()


def test_files_without_any_event_that_counts_are_no_problem(tmp_path: Path) -> None:
    """All refused: dead letters, and nothing to close."""
    store = MemoryStore()
    replay(store, write(tmp_path / "log.jsonl", [b"{", b"[]"]))
    assert ["undecodable", "undecodable"] == store.select(tables.DEAD_LETTERS)["reason"].tolist()
    assert [] == store.select(tables.WINDOWS)["end"].tolist()
