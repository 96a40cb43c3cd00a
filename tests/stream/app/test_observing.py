"""What people are shown: clocks and lags as they are, and no more often than is worth its price."""

import os

import msgspec
import pytest

from stream.app import observing
from stream.app.observing import LOOK_S, Observer
from stream.config.sections.monitors import Monitors
from stream.config.settings import MINUTE
from stream.events import Partition
from stream.resident import memory_bytes
from stream.web.page import status as seen
from tests.stream.app.travelling import SETTINGS, journey, minutes, receive


def test_partitions_are_shown_with_the_clock_of_their_kind() -> None:
    """Position, lag, clock, and whether one is held or idle; an end that is not known is no lag."""
    made = journey(("l", 0), ("p", 0), ("p", 1))
    receive(made, ("p", 1), [0, 60])
    receive(made, ("p", 0), [30])
    receive(made, ("p", 1), [120, 600])  # beyond what may be read now
    receive(made, ("l", 0), [90])
    shown = observing.partitions(made, {("p", 0): 7}, {("l", 0)})
    found = [(p.topic, p.partition, p.position, p.lag, minutes(p.clock_ns), p.paused, p.idle) for p in shown]
    assert [
        ("l", 0, 1, 0, 1.5, False, True),
        ("p", 0, 1, 6, 0.5, False, False),
        ("p", 1, 3, 0, 10.0, True, False),
    ] == found


def test_watermarks_are_unknown_until_every_partition_has_spoken() -> None:
    """One per set of topics, labels apart."""
    made = journey(("l", 0), ("p", 0), ("p", 1))
    receive(made, ("p", 0), [30])
    before = {mark.scope: minutes(mark.at_ns) for mark in observing.watermarks(made.marks)}
    receive(made, ("p", 1), [60])
    after = {mark.scope: minutes(mark.at_ns) for mark in observing.watermarks(made.marks)}
    assert ({"p": None, "labels:l": None}, {"p": 0.5, "labels:l": None}) == (before, after)


def test_models_are_shown_as_they_learn() -> None:
    """A model appears with its first closed pane, and says how far it is."""
    made = journey(("p", 0))
    receive(made, ("p", 0), [10])
    assert () == observing.models(made)
    receive(made, ("p", 0), [70, 90, 150, 210])
    (model,) = observing.models(made)
    assert ("m", "learning") == (model.name, model.state)
    assert (3 * MINUTE, 10 * MINUTE, 4) == (model.learned_ns, model.needed_ns, model.events)


@pytest.mark.parametrize(("name", "shown"), [("a", []), ("b", ["m"])])
def test_models_of_other_monitors_are_not_shown(name: str, shown: list[str]) -> None:
    """All admit every model; only its own monitor can say how one stands."""
    sharing = Monitors(("a", "b"), {"m": "b"}, name)
    made = journey(("p", 0), chosen=msgspec.structs.replace(SETTINGS, monitors=sharing))
    receive(made, ("p", 0), [10, 70, 90, 150, 210])
    assert ["m"] == [entry.name for entry in made.state.roster.entries]
    assert shown == [model.name for model in observing.models(made)]


def test_looking_is_rationed() -> None:
    """Between two looks the status stays the very same; models are looked at after each Commit."""
    now, made = 0.0, journey(("p", 0))
    observer, asked = Observer(SETTINGS, lambda: now), list[float]()

    def ends() -> dict[Partition, int]:
        asked.append(now)
        return {}

    known, n_models = seen.Status(), 0
    for round_ in range(201):
        now = round_ / 100
        if round_ in {50, 53, 130}:
            made.take()
        status = observer.look(known, made, ends, set())
        n_models += status.memory_bytes > 0
        known = msgspec.structs.replace(status, memory_bytes=0)
    assert {0.5, 0.53, 1.3} < set(asked)
    assert pytest.approx(2 / LOOK_S + 3, abs=1) == len(asked)
    assert 4 == n_models


def test_memory_and_store_have_a_size(tmp_path: os.PathLike[str]) -> None:
    """The process is some megabytes; a store is its file and its log; none is nothing."""
    path = os.path.join(tmp_path, "store")  # noqa: PTH118 - as the configuration has it: a text
    assert 10_000_000 < memory_bytes()
    assert 0 == observing.store_bytes(path)
    for name, n in ((path, 100), (f"{path}.wal", 10)):
        with open(name, "wb") as file:  # noqa: PTH123 - likewise
            file.write(bytes(n))
    assert 110 == observing.store_bytes(path)
