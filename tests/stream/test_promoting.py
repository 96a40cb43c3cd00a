"""A version that is promoted begins anew: its own reference, no incident, and the one before it asks for nothing."""

import json
import random

import numpy as np

from sinks import commit as tables
from sinks.commit import Store
from sinks.memory import MemoryStore
from stream.config.parse import parse
from stream.config.settings import HOUR
from stream.counting.windows import decided_from
from stream.events import Records
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.recovery import recall
from stream.reference.saved import save
from stream.trying.trial import trial
from tests.stream.app.travelling import BEGIN_MS

EVENTS, ASKED = ("p", 0), ("driftline.control", 0)
SETTINGS = parse(
    "events: {predictions: [p], max_ahead: 1m}\n"
    "defaults: {windows: [1m, 5m], lateness: 10s, reference: {learn: 10m}, false_triggers_per_month: 10000}\n"
    'models: {"*": {features: {x: categorical}}}'
)


class Story:
    """A journey on which minutes of events are sent, of versions that see one world or another."""

    def __init__(self, before: "Story | None" = None) -> None:
        self.store = before.store if before else MemoryStore()
        self.log: list[bytes | None] = before.log if before else []
        self.journey = Journey(SETTINGS, Sources(SETTINGS.limits), recall(self.store, SETTINGS))
        if EVENTS not in self.journey.clocks:
            self.journey.find(EVENTS, 0)
        self.dice = before.dice if before else random.Random(3)

    def minutes(self, begin: int, end: int, world: float, *versions: str) -> None:
        """Forty events a minute and version; `world` is the share of one of two categories."""
        for tick in range(begin * 40, end * 40):
            time = BEGIN_MS + tick * 1_500
            for version in versions:
                x = "a" if self.dice.random() < world else "b"
                about = {"kind": "prediction", "model": "m", "version": version, "time": time, "features": {"x": x}}
                self.log.append(json.dumps(about).encode())
        first, end = self.journey.clocks[EVENTS].offset, len(self.log)
        offsets, stamps = np.arange(first, end), np.full(end - first, BEGIN_MS + 10**9)
        self.journey.receive(Records(*EVENTS, offsets, stamps, self.log[first:], end))
        self.journey.work()

    def ask(self, **said: object) -> None:
        """A control."""
        heeding = self.journey.heeding
        n = heeding.positions.setdefault(ASKED, 0)
        value = json.dumps({"id": str(n), "kind": "promote", "model": "m", **said}).encode()
        heeding.receive(ASKED, [n], [1_000], [value], n + 1)

    def keep(self) -> None:
        """Commit."""
        self.store.write(self.journey.take())

    @property
    def closed(self) -> int:
        """The newest end that is."""
        return self.journey.state.closed["p",]


def column(store: Store, table: tables.Table, *names: str) -> list[tuple[object, ...]]:
    """Columns of a table, row by row."""
    found = store.select(table)
    return list(zip(*(found[name].tolist() for name in names), strict=True))


def drifted() -> Story:
    """Version 1 has learned one world, sees another one, and has asked for a retraining; version 2 has come."""
    story = Story()
    story.minutes(0, 20, 0.5, "1")
    story.minutes(20, 40, 0.95, "1")
    story.minutes(40, 44, 0.95, "1", "2")
    story.keep()
    assert ["opened"] == [state for state, version in column(story.store, tables.INCIDENTS, "state", "version")][:1]
    return story


def test_what_is_open_is_closed_and_the_new_version_learns_its_own_world() -> None:
    """Its windows wait until then; the old version is measured on, and asks for nothing any more."""
    story = drifted()
    story.ask(version="2", who="ada")
    since = story.closed
    story.minutes(44, 62, 0.95, "1", "2")
    story.minutes(62, 75, 0.95, "1", "2")
    story.keep()
    rows = column(story.store, tables.INCIDENTS, "version", "state", "why", "at")
    ended = [row for row in rows if row[1] == "closed"]
    assert ["promoted"] * len(ended) == [why for _, _, why, _ in ended]
    assert {"1"} <= {version for version, *_ in ended}
    assert not [row for row in rows if row[1] == "opened" and row[3].timestamp() * 1e9 > since]  # type: ignore[attr-defined]
    plan = story.journey.state.roster.entries[0].plans[-1]
    assert ("2",) == plan.versions
    assert plan.source.endswith("h of version 2, which was promoted")
    assert 400 == plan.n_reference
    judged = column(story.store, tables.WINDOWS, "version", "length", "verdict", "why")
    mine = [(verdict, why) for version, length, verdict, why in judged if (version, length) == ("2", 5 * SETTINGS.pane)]
    first = mine.index(("unknown", "learning"))
    assert {"unknown", "ok"} == {verdict for verdict, _ in mine[first:]}
    assert "ok" == mine[-1][0]


def test_the_policy_is_tried_as_promotions_had_it() -> None:
    """What was open is closed, and of a version whose place was taken no windows count."""
    story = drifted()
    story.ask(version="2")
    story.minutes(44, 75, 0.95, "1", "2")
    story.keep()
    told = column(story.store, tables.INCIDENTS, "at", "version", "state", "feature")
    found = trial(story.store, SETTINGS, 2 * HOUR)
    assert found is not None
    fired = [(one.at, one.version, one.state, one.feature) for one in found.fired]
    assert sorted((f"{at:%Y-%m-%dT%H:%M:%SZ}", *rest) for at, *rest in told) == sorted(fired)  # type: ignore[str-format]  # a time
    assert {"promoted"} == {one.why for one in found.fired if one.state == "closed"}
    assert (found.incidents_then, found.triggers_then) == (found.incidents, found.triggers)


def test_a_reference_may_come_along() -> None:
    """It holds from the first pane that nobody has read; until then the windows of the version wait."""
    story = drifted()
    plan = story.journey.state.roster.entries[0].plans[-1]
    story.ask(version="2", saved=json.loads(save(plan)), source="march")
    newest = story.journey.state.roster.entries[0].plans[-1]
    assert ("march", ("2",)) == (newest.source, newest.versions)
    about = (SETTINGS.pane, SETTINGS.lateness, SETTINGS.events.max_ahead)
    assert decided_from(story.closed + SETTINGS.pane, *about) == newest.since
    (one,) = story.journey.state.controls.promotions("m")
    assert newest.since == one.until
    assert {} == story.journey.state.gathered


def test_what_cannot_be_promoted_changes_nothing() -> None:
    """No reference, the same version, no version."""
    story = drifted()
    state = story.journey.state
    story.ask(version="2", saved={"format": "?"})
    assert () == state.controls.promotions("m")
    story.ask(version="2")
    story.ask(version="2")
    story.ask()
    story.keep()
    told = column(story.store, tables.CONTROLS, "outcome", "why", "detail")
    assert ["refused", "applied", "refused", "refused"] == [outcome for outcome, *_ in told]
    assert "is no saved plan" in str(told[0][1])
    assert '{"version":"2"}' == told[1][2]


def test_batches_and_restarts_change_nothing() -> None:
    """The same plan, windows and incidents, though what was gathered goes through the store in the midst of it."""
    whole, broken = drifted(), drifted()
    for story in (whole, broken):
        story.ask(version="2")
    whole.minutes(44, 75, 0.95, "1", "2")
    whole.keep()
    for minute in range(44, 75):
        broken.minutes(minute, minute + 1, 0.95, "1", "2")
        if not minute % 5:
            broken.keep()
            broken = Story(broken)
    broken.keep()
    plans = [[plan.id for plan in each.journey.state.roster.entries[0].plans] for each in (whole, broken)]
    assert plans[0] == plans[1]
    for table in (tables.WINDOWS, tables.INCIDENTS, tables.TRIGGERS):
        names = [each.name for each in table.columns]
        rows = [sorted(map(str, column(each.store, table, *names))) for each in (whole, broken)]
        assert rows[0] == rows[1], table.name
