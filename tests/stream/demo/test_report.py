"""What a demo says at its end, to people and to programs."""

import io
import json

from rich.console import Console

from stream.demo.changes import CHANGES, CONCEPTS, FAULTS, GAPS
from stream.demo.outcome import Measured, Retrained, Told, judge, recovery
from stream.demo.report import Screen, document, tell
from stream.demo.stage import Performance, Scene
from stream.demo.world import HOUR_MS, START_MS, World

WORLD = World(seed=3)
TRIGGER = {"model": "fraud", "version": "3", "at": "2026-01-06T08:10:00Z", "id": "4aced27c", "delivered": True}


def performance(*, good: bool = True) -> Performance:
    """All changes found after five minutes; where it is not good, the last one and the fall are missed."""
    findings = [
        Told(c.model, begin + 300_000, begin, c.feature, "psi", f"{c.feature}: more than before")
        for c in CHANGES
        for begin in [WORLD.span_ms(c)[0]]
    ]
    (slow,), (unfair,) = ([WORLD.span_ms(one)[0] for one in some] for some in (FAULTS, GAPS))
    words = "latency_p95: 55.1 ms, where 30.2 ms can be chance; 23.1 ms in the reference"
    findings += [Told("pricing", slow + 300_000, slow, "service:latency_p95", "service", words)]
    words = "selection_rate is 0.2 in sex=m and 0.7 in sex=f: demographic_parity_ratio is surely below 0.8"
    findings += [Told("fraud", unfair + 300_000, unfair, "fairness:demographic_parity_ratio", "fairness", words)]
    (begin,) = (WORLD.span_ms(concept)[0] for concept in CONCEPTS)
    spans = ((begin - 2 * HOUR_MS, 0.853), (begin + HOUR_MS, 0.641 if good else 0.83))
    told = [Measured("support", at, at + HOUR_MS, value, value - 0.02, value + 0.02) for at, value in spans]
    words = "errors went from 15.8% to 34.2% of the last 111 labels"
    findings += [Told("support", begin + 1_800_000, begin, "output:errors", "error_rate", words)]
    findings = findings if good else [*findings[:3], *findings[4:]]
    outcome = judge(WORLD, findings, told, [])
    made = Retrained("support", "2", "5be3", 2_345, begin + 6 * HOUR_MS)
    since = Measured("support", begin + 7 * HOUR_MS, begin + 8 * HOUR_MS, 0.847, 0.827, 0.867, "2")
    recovered = recovery(made, outcome.falls, [*told, since], 0, 0)
    return Performance(WORLD, outcome, recovered, (TRIGGER,), 1_000, 2, 41.5)


def text(*, good: bool = True) -> str:
    """What a terminal of eighty columns shows."""
    written = io.StringIO()
    tell(performance(good=good), Console(file=written, width=80, color_system=None))
    return written.getvalue()


def test_people_see_what_was_planted_and_found() -> None:
    """Each change with its time, what found it, and after how long; then the triggers and the verdict."""
    shown = text()
    for expected in (
        "fraud amount, Tue 08:00",
        "Tue 08:05 by psi",
        "more than before",
        "5 min",
        "4aced27c",
        "30 min",
        "by error_rate",
        "pricing latency_ms, Wed 08:00",
        "by service",
        "fraud sex, Tue 22:00",
        "in sex=f",
    ):
        assert expected in shown
    assert "accuracy 0.64 (0.62 to 0.66) at" in shown
    assert "before 0.85 (0.83 to 0.87)" in shown
    assert "1,000 events, 2 of them broken, in 42 s: all changes found" in shown
    assert "support, version 2, Wed 08:00" in shown
    assert "for trigger 5be3" in shown
    assert "accuracy 0.85 (0.83 to 0.87) at" in shown


def test_people_see_what_was_missed() -> None:
    """A missed change is a plain no, and the verdict says that something is wrong."""
    assert 2 * ["│ no "] == [
        line[line.index("│ no ") :][:5] for line in text(good=False).splitlines() if "│ no " in line
    ]
    assert "not as it should be" in text(good=False)


def test_programs_get_the_same() -> None:
    """One JSON document with every change, claims, strays, triggers and the seed."""
    told = json.loads(document(performance(good=False)))
    assert [True, True, True, False, True, True] == [each["found"] for each in told["planted"]]
    assert [300_000] * 3 + [None] + [300_000] * 2 == [each["after_ms"] for each in told["planted"]]
    (fall,) = told["performance"]
    assert (False, 1_800_000, None) == (fall["found"], fall["after_ms"], fall["accuracy_after"])
    assert 0.853 == fall["accuracy_before"]["value"]
    assert (False, 3, [TRIGGER]) == (told["good"], told["seed"], told["triggers"])
    assert (2_345, False) == (told["retrained"]["rows"], told["retrained"]["recovered"])  # from what, nobody knows
    assert json.loads(document(performance()))["retrained"]["recovered"]


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
