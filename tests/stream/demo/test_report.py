"""What a demo says at its end, to people and to programs."""

import io
import json

from rich.console import Console

from stream.demo.changes import CHANGES
from stream.demo.outcome import Told, judge
from stream.demo.report import Screen, document, tell
from stream.demo.stage import Performance, Scene
from stream.demo.world import HOUR_MS, START_MS, World

WORLD = World(seed=3)
TRIGGER = {"model": "fraud", "version": "3", "at": "2026-01-06T08:10:00Z", "id": "4aced27c", "delivered": True}


def performance(*, good: bool = True) -> Performance:
    """All changes found after five minutes; where it is not good, the last one is missed."""
    findings = [
        Told(c.model, begin + 300_000, begin, c.feature, "psi", f"{c.feature}: more than before")
        for c in CHANGES
        for begin in [WORLD.span_ms(c)[0]]
    ]
    return Performance(WORLD, judge(WORLD, findings[: 4 if good else 3], []), (TRIGGER,), 1_000, 2, 41.5)


def text(*, good: bool = True) -> str:
    """What a terminal of eighty columns shows."""
    written = io.StringIO()
    tell(performance(good=good), Console(file=written, width=80, color_system=None))
    return written.getvalue()


def test_people_see_what_was_planted_and_found() -> None:
    """Each change with its time, what found it, and after how long; then the triggers and the verdict."""
    shown = text()
    for expected in ("fraud amount, Tue 08:00", "Tue 08:05 by psi", "more than before", "5 min", "4aced27c"):
        assert expected in shown
    assert "1,000 events, 2 of them broken, in 42 s: all changes found" in shown


def test_people_see_what_was_missed() -> None:
    """A missed change is a plain no, and the verdict says that something is wrong."""
    assert ["│ no "] == [line[line.index("│ no ") :][:5] for line in text(good=False).splitlines() if "│ no " in line]
    assert "not as it should be" in text(good=False)


def test_programs_get_the_same() -> None:
    """One JSON document with every change, claims, strays, triggers and the seed."""
    told = json.loads(document(performance(good=False)))
    assert [True, True, True, False] == [each["found"] for each in told["planted"]]
    assert [300_000] * 3 + [None] == [each["after_ms"] for each in told["planted"]]
    assert (False, 3, [TRIGGER]) == (told["good"], told["seed"], told["triggers"])


def test_changes_are_announced_when_event_time_reaches_them() -> None:
    """Once each, in order with the incidents."""
    written = io.StringIO()
    opened = Told("fraud", START_MS + 33 * HOUR_MS, feature="amount")
    with Screen(Console(file=written, width=120, color_system=None)) as screen:
        for hour, incidents in ((31, ()), (35, (opened,)), (36, ())):
            screen.show(Scene(WORLD, START_MS + hour * HOUR_MS, 10, incidents))
    lines = [line.split()[:4] for line in written.getvalue().splitlines() if line.startswith("Tue")]
    assert [
        ["Tue", "08:00", "planted", "fraud.amount:"],
        ["Tue", "09:00", "incident", "fraud,"],
        ["Tue", "10:00", "planted", "pricing.region:"],
    ] == lines
