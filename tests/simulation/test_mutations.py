"""Deliberate defects: each is found within a few seeds, or a thousand that pass would not say much."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from sinks.commit import CHECKPOINTS, POSITIONS, Commit, Meeting, Steps, Store
from sinks.memory import MemoryStore
from stream import partials, recovery
from stream.app.outbox import Outbox
from stream.counting import fewest, ingest, sums
from stream.counting.clocks import Mark, Progress, Start
from stream.counting.drawn import EVERY, Drawn
from stream.counting.windows import window_end
from stream.events import Ints
from stream.joining.desk import Desk
from stream.joining.sampling import EVERY_ID
from stream.monitor.acting.controlled import Controlled
from stream.monitor.labels.meetings import Meetings
from stream.monitor.panes import sampler
from stream.monitor.verdicts.earlier import Earlier, nothing
from stream.tiers import places, wire
from stream.tiers.board import Board
from stream.watch import Memory
from stream.worker.claim import Claim
from tests.simulation import cast, kafka, strike
from tests.simulation.seeds import play

SEEDS = 1_000
RUN, TIERS = range(0, SEEDS, 2), range(1, SEEDS, 2)


def later(seeds: Sequence[int], first: int) -> Sequence[int]:
    """The same from where it was found, which saves time; in other worlds that is somewhere else."""
    return (*seeds[first:], *seeds[:first])


def found(seeds: Sequence[int]) -> str:
    """What goes wrong first."""
    return next((wrong for _, wrong, _ in map(play, seeds) if wrong), "")


def starting(change: Callable[[Start], Start]) -> Callable[..., Memory]:
    """A recall that changes where partitions are read from."""

    def recalled(*arguments: Any) -> Memory:  # noqa: ANN401 - as it was called
        memory = recovery.recall(*arguments)
        return replace(memory, starts={each: change(start) for each, start in memory.starts.items()})

    return recalled


@pytest.mark.parametrize(
    ("change", "seeds"),
    [
        pytest.param(lambda start: replace(start, mark=Mark(start.mark.offset)), later(RUN, 160), id="clocks"),
        pytest.param(lambda start: replace(start, releases=()), later(RUN, 24), id="releases"),
        pytest.param(lambda start: replace(start, written=(0, 0)), RUN, id="what is written"),
        pytest.param(lambda start: replace(start, mark=_next(start.mark)), RUN, id="the right rewind"),
    ],
)
def test_a_restart_must_carry(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Start], Start], seeds: Sequence[int]
) -> None:
    """Clocks and releases, or other events would be late; where it wrote, or that would be written twice."""
    monkeypatch.setattr(cast, "recall", starting(change))
    assert found(seeds)


def _next(mark: Mark) -> Mark:
    return replace(mark, offset=mark.offset + 1)


def test_a_restart_must_find_earlier_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or what is closed then would be compared with less."""
    monkeypatch.setattr(cast, "recall", lambda *arguments: replace(recovery.recall(*arguments), earlier=nothing))
    assert "windows differ" in found(later(RUN, 11))


def test_a_commit_must_not_be_asked_for_what_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window would be chosen twice, until the next start."""
    monkeypatch.setattr(Earlier, "committed", lambda _: None)
    assert "windows differ" in found(later(RUN, 16))


def test_positions_must_not_come_after_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept one Commit later, they count once more what a crash leaves between the two."""

    class Late(strike.Disk):
        def write(self, commit: Commit) -> None:
            later = {POSITIONS.name, CHECKPOINTS.name}
            now = {name: rows for name, rows in commit.tables.items() if name not in later}
            before = getattr(self, "_before", {}) or commit.tables
            super().write(Commit(commit.number, {**before, **now}))
            self._before = {name: rows for name, rows in commit.tables.items() if name in later}

        def crash(self) -> None:
            self._before = {}

    monkeypatch.setattr(strike, "Disk", Late)
    born = cast.Service.__init__

    def reborn(self: cast.Service, log: kafka.Kafka, store: Late, *rest: Any, **named: Any) -> None:  # noqa: ANN401
        store.crash()
        born(self, log, store, *rest, **named)

    monkeypatch.setattr(cast.Service, "__init__", reborn)
    assert found(RUN)


def test_the_outbox_must_be_kept_with_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory alone, what was not sent yet is gone with the process."""

    def forgetful(self: Outbox, store: Store) -> None:
        self.upto = store.last()

    monkeypatch.setattr(Outbox, "recall", forgetful)
    assert "were not sent" in found(RUN)


def test_lateness_must_not_go_by_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the greatest time of its batch an event would be late or not as the batches are cut."""

    def of_the_batch(times: Ints, before: int) -> Ints:
        return np.full_like(times, max(before, *times.tolist())) if len(times) else times

    monkeypatch.setattr(ingest, "running", of_the_batch)
    assert found(RUN)


def test_a_worker_must_carry_the_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes on from a position alone would judge lateness anew."""

    def clockless(value: bytes) -> tuple[Start, bool]:
        start, gap = wire.end_of(value)
        return replace(start, mark=Mark(start.mark.offset)), gap

    monkeypatch.setattr("stream.tiers.gatherer.end_of", clockless)
    assert "ChainBroken" in found(TIERS)


def test_a_monitor_must_go_back_to_the_right_partial(monkeypatch: pytest.MonkeyPatch) -> None:
    """One later, sums of panes that are open would be missing."""
    kept = places.Places.place

    def off(self: places.Places, progress: Progress) -> places.Place:
        place = kept(self, progress)
        return places.Place(place.next, min(place.rewind + 1, place.next))

    monkeypatch.setattr(places.Places, "place", off)
    assert found(TIERS)


def test_the_end_must_not_be_read_before_the_former_owner_is_fenced(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a frozen worker sends in between would be counted twice, or break the chain."""
    begin = Claim.begin

    async def tail_first(self: Claim, newest: Callable[[], Board | None]) -> None:
        last = await self.last()

        async def known() -> bytes | None:
            return last

        self.last: Callable[[], Awaitable[bytes | None]] = known
        await begin(self, newest)

    monkeypatch.setattr(Claim, "begin", tail_first)
    assert found(later(TIERS, 74))


@pytest.mark.parametrize("seeds", [later(RUN, 2), later(TIERS, 48)])
def test_hearing_nothing_must_not_count_as_idleness(monkeypatch: pytest.MonkeyPatch, seeds: Sequence[int]) -> None:
    """Behind an open transaction there is more, which nobody can read yet."""
    made = kafka.events

    def silent(log: kafka.Kafka, batch_max: int) -> kafka.Source:
        source = made(log, batch_max)
        ends = source.high
        source.high = lambda each: log.scene.log[each].stable(log.wall) if each in log.scene.log else ends(each)
        return source

    monkeypatch.setattr(cast, "events", silent)
    assert "where it spoke" in found(seeds)


def test_a_limit_must_not_go_by_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first few names of a pane would be others in every order of reading."""
    for module in (partials, sums):
        monkeypatch.setattr(module, "STRANGERS_MAX", 1)
    assert not found(RUN[:4])
    monkeypatch.setattr(fewest, "fewest", lambda names, limit: frozenset(list(dict.fromkeys(names))[:limit]))
    assert found(RUN)


def test_what_waits_for_a_label_must_not_be_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read again after a crash it would be there twice: a prediction that repeats itself, a label that came again."""
    monkeypatch.setattr(Desk, "_unwritten", lambda _, batch, rows, ends: (rows, ends) if len(batch.at) else ([], []))
    assert found(later(RUN, 2))


def test_a_step_must_not_see_beyond_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been read of later panes differs from run to run."""
    asked = MemoryStore.meeting

    def far(self: MemoryStore, steps: Steps) -> Meeting:
        return asked(self, msgspec.structs.replace(steps, upto=2**62))

    monkeypatch.setattr(MemoryStore, "meeting", far)
    assert found(later(RUN, 2))


@pytest.mark.parametrize("seeds", [later(RUN, 2), later(TIERS, 2)])
def test_a_smaller_sample_must_not_hold_at_once(monkeypatch: pytest.MonkeyPatch, seeds: Sequence[int]) -> None:
    """Who has read on before the close has kept ids that others do not keep."""
    monkeypatch.setattr(sampler, "decided_from", lambda end, *_: end)
    assert found(seeds)


def test_a_restart_must_carry_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever decides anew keeps other ids in the panes between."""
    recalled = recovery.recall

    def forgetful(*arguments: Any) -> Memory:  # noqa: ANN401 - as it was called
        memory = recalled(*arguments)
        for entry in memory.state.roster.entries:
            memory.state.roster = memory.state.roster.rated(entry.name, EVERY_ID)
        return memory

    monkeypatch.setattr(cast, "recall", forgetful)
    assert found(later(RUN, 22))


def test_a_restart_must_carry_all_pieces_of_a_window_that_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only those of its last step."""
    monkeypatch.setattr(recovery, "last_end", lambda end, _, every: window_end(end, every))
    assert "windows differ" in found(later(RUN, 10))


def test_what_steps_need_must_not_go_before_they_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the two lets them be taken again."""
    monkeypatch.setattr(Meetings, "needed_since", Meetings.since)
    assert found(later(RUN, 218))


def test_a_restart_must_carry_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the samples of closed panes a window's sample would be that of the panes after the restart, or none."""
    monkeypatch.setattr(recovery, "_drawn", lambda *_: {})
    assert "differ" in found(later(RUN, 57))


def test_what_was_drawn_must_say_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for all events of its pane, a part of a sample would be mixed with whole ones."""
    taken = Drawn.unpack.__func__  # type: ignore[attr-defined]  # of a class method

    def boundless(cls: type[Drawn], packed: tuple[int, int, bytes, bytes], columns: int) -> Drawn:
        return taken(cls, (packed[0], EVERY, *packed[2:]), columns)  # type: ignore[no-any-return]

    monkeypatch.setattr(Drawn, "unpack", classmethod(boundless))
    assert found(later(TIERS, 195))


def test_controls_must_be_heeded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that does not know how far they were read does them again."""
    monkeypatch.setattr(cast, "recall", lambda *arguments: replace(recovery.recall(*arguments), sides={}))
    assert "controls differ" in found(RUN)


def test_controls_must_hold_from_where_the_journal_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pane later, a rerun finds other incidents open, or pauses other windows."""
    since = Controlled.since
    monkeypatch.setattr(Controlled, "since", lambda self, text: since(self, text) + 5_000_000_000)
    assert found(RUN)
