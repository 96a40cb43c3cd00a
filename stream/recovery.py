"""What an earlier run left in the store becomes the Memory that a new one goes on from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import packing
from detectors.codes import Floats
from detectors.parts import Summary
from sinks import commit as tables
from sinks.commit import Store, Table, to_ns
from stream.config.settings import Settings
from stream.config.units import spelled_duration
from stream.counting.clocks import Mark, Release, Start
from stream.counting.drawn import Drawn
from stream.counting.sample import Sample
from stream.counting.windows import last_end
from stream.events import NEVER, Partition
from stream.lives import START, Left, configured_by
from stream.monitor.checkpoint import closed, unpack
from stream.monitor.panes import accumulator, courses
from stream.monitor.panes.window import Pane
from stream.monitor.scopes import Scope, event_scope, topics
from stream.monitor.state import State
from stream.monitor.verdicts.teaching import BEGUN, Teaching
from stream.plan import Plan
from stream.tiers.places import Place
from stream.watch import Memory


class StoreMismatch(Exception):
    """The store was made with panes that the windows are no multiples of; says what would fit."""


def recall(store: Store, settings: Settings) -> Memory:
    """The Memory of a store. It reads rows only: the log itself is read again from each partition's rewind."""
    checkpoint, earlier = _rows(store, tables.CHECKPOINTS), partial(store.select, tables.EARLIER)
    if not checkpoint:
        return Memory(earlier=earlier)
    plans: dict[str, list[Plan]] = defaultdict(list)
    drawn = _reference_rows(store)
    for _, name, model, _, body in sorted(_rows(store, tables.PLANS), key=itemgetter(0, 3)):  # as they were adopted
        if settings.monitors.mine(model):
            plans[model].append(replace(Plan.load(body), drawn=drawn.get(name)))
    samples = partial(_sample, store, k=settings.limits.sample)
    state = unpack(checkpoint[0][2], settings, plans, samples)
    _check_pane(state.pane, settings)
    known = {plan.id: plan for found in plans.values() for plan in found}
    _taught(store, state, known)
    _open_windows(store, settings, state, known)
    releases: dict[Partition, list[Release]] = defaultdict(list)
    configured = ""
    for _, kind, topic, partition, offset, until, detail, _ in _rows(store, tables.JOURNAL):
        if kind == "release":
            labels = msgspec.json.decode(detail, type=dict[str, int])["labels"]
            releases[topic, partition].append(Release(offset, until, labels))
        elif kind == START:  # they come in their order
            configured = configured_by(detail)
    starts, clocks, places, marks = {}, {}, {}, {}
    partials = {settings.topics.partials_of(topic): topic for topic in topics(settings)}
    for _, topic, partition, offset, row, clock, label_clock, *rewind in _rows(store, tables.POSITIONS):
        if topic in partials:
            places[partials[topic], partition] = Place(offset, rewind[0])
        key, back = (topic, partition), Mark(*rewind)
        marks[key] = Mark(offset, row, clock, label_clock), back
        if topic not in topics(settings):  # it was configured once, or is read beside the events
            continue
        since = tuple(release for release in releases[key] if release.offset >= back.offset)
        starts[key] = Start(back, (offset, row), since)
        clocks[key] = marks[key][0]
    left = Left(marks, closed(checkpoint[0][2]))
    return Memory(
        store.last(), state, starts, clocks, places, samples, left, configured, _sides(marks, settings), earlier
    )


def _sides(marks: Mapping[Partition, tuple[Mark, Mark]], settings: Settings) -> dict[Partition, int]:
    """Where the topics beside the events are read on."""
    beside = settings.topics.control, settings.topics.outcomes
    return {each: mark.offset for each, (mark, _) in marks.items() if each[0] in beside}


def _check_pane(pane: int, settings: Settings) -> None:
    """A store keeps the panes that it was made with: windows of another configuration are sums of them, or refused."""
    for pattern, model in settings.patterns:
        for length, every in model.spans:
            if length % pane or every % pane:
                sliding = f" every {spelled_duration(every)}" if every < length else ""
                raise StoreMismatch(
                    f"the store was made with panes of {spelled_duration(pane)}, and a window of "
                    f"{spelled_duration(length)}{sliding} ({pattern}) is no multiple of that: use another store.path, "
                    "or windows that are"
                )


def _rows(store: Store, table: Table) -> Sequence[tuple[Any, ...]]:
    """All rows of a table as tuples, the commit number first."""
    found = store.select(table)
    return list(zip(*(column.tolist() for column in found.values()), strict=True))


def _sample(store: Store, model: str, k: int) -> Sample:
    """The events that a model is learned from, or was."""
    found = store.select(tables.SAMPLES, where={"model": model})
    hashes, versions, payloads = (found[name] for name in ("hash", "version", "payload"))
    return Sample.of(hashes.astype(np.int64), versions.tolist(), payloads.tolist(), k)


def _taught(store: Store, state: State, plans: dict[str, Plan]) -> None:
    """What the first panes of plans taught, and which plans are still being looked at."""
    for _, model, about, told, end, body, *_ in zip(
        *(_plain(column) for column in store.select(tables.SPREADS, order=("end",)).values()), strict=True
    ):
        entry = state.roster.get(model)
        if entry is None or about not in plans:
            continue
        plan = next((one for one in entry.plans if one.id == about), plans[about])
        if told == BEGUN:
            state.teachings[model] = Teaching(plan, end)
        elif (begun := state.teachings.get(model)) is not None and begun.plan is plan:
            state.teachings[model] = Teaching.unpack(plan, begun.first, body)


def _reference_rows(store: Store) -> dict[str, Floats]:
    """The samples of references, by plan."""
    return {
        plan: np.frombuffer(values, "<f8").astype(np.float64).reshape(n, columns)
        for _, plan, _, n, columns, values in _rows(store, tables.REFERENCE_ROWS)
    }


def _drawn(store: Store, since: int) -> dict[tuple[str, str, int], tuple[int, int, bytes, bytes]]:
    """The samples of panes, by model, version and end."""
    found = store.select(tables.DRAWN, since=since)
    rows = zip(*(_plain(column) for column in found.values()), strict=True)
    return {(model, version, end): tuple(packed) for _, model, version, _, end, *packed in rows}


def _open_windows(store: Store, settings: Settings, state: State, plans: dict[str, Plan]) -> None:
    """Add the kept panes of open windows up again, in order of their ends, and follow those of the windows before."""
    closed = min(state.closed.values(), default=NEVER)
    if closed == NEVER:
        return
    longest = max(length for _, model in settings.patterns for length in model.windows)
    firsts = (one.first - state.pane for one in state.teachings.values() if not one.over)
    found = store.select(tables.PANES, since=min((closed - 2 * longest, *firsts)), order=("end",))
    drawn = _drawn(store, closed - longest)
    teaching: dict[tuple[str, int], list[tuple[str, Summary]]] = defaultdict(list)
    for _, model, version, start, end, about, events, packed in zip(
        *(_plain(column) for column in found.values()), strict=True
    ):
        entry = state.roster.get(model)
        if entry is None or not settings.monitors.mine(model):
            continue
        plan = plans.get(about)
        if plan is not None:
            plan = next((one for one in entry.plans if one.id == plan.id), plan)
        upto = state.closed.get(_scope(settings, state, model), NEVER)
        still_open = [span for span in entry.settings.spans if last_end(end, *span) > upto]
        sample = None
        if plan is not None and (rows := drawn.get((model, version, end))) is not None:
            sample = Drawn.unpack(rows, len(plan.grid.numeric))
        taught = state.teachings.get(model)
        teaches = taught is not None and taught.plan is plan and end >= taught.first
        summary = packing.unpack(plan.grid, packed) if plan is not None and (still_open or teaches) else None
        if plan is not None:
            counts = packing.total(plan.grid, packed)
            for length in entry.settings.windows:
                courses.followed(state.courses, (model, version, length), plan.id, (start, end), counts)
        pane = Pane(end, plan, summary, events, sample)
        accumulator.grown(state.windows, model, version, still_open, pane, upto)
        if teaches and summary is not None:
            teaching[model, end].append((version, summary))
    _teach(state, teaching)


def _teach(state: State, panes: dict[tuple[str, int], list[tuple[str, Summary]]]) -> None:
    """Take the kept first panes of plans again, by model and end; what they said of each other is in the state."""
    for (model, end), versions in panes.items():
        state.teachings[model] = state.teachings[model].take(versions, end, state.pane)
    for model, checked in state.checked.items():
        if (known := state.teachings.get(model)) is not None:
            state.teachings[model] = replace(known, checked=checked)


def _scope(settings: Settings, state: State, model: str) -> Scope:
    return event_scope(state.roster[model].settings, settings)


def _plain(column: NDArray[Any]) -> list[Any]:
    """A column as Python values; times as ns."""
    if column.dtype.kind == "M":
        column = to_ns(column)
    return list(column.tolist())
