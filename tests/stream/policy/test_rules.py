"""Conditions: how leaves last, how rules combine them, what an incident does of it."""

from typing import Any

import pytest

from stream.config.parse import parse
from stream.policy import Event, Policy, Seen, Sighting, book
from stream.policy.sightings import strength
from tests.policies import step

LENGTH = 300_000_000_000
HEAD = "events: {predictions: [a], labels: [b]}\nmodels:\n  shop:\n    policy:\n      rules:\n"
ONE = "{for: 1 of 1 windows}"


class Life:
    """A policy by rules of a file, and windows that end one after the other."""

    def __init__(self, *rules: str, more: str = "") -> None:
        text = HEAD + "".join(f"        - {rule}\n" for rule in rules) + more
        model = parse(text).model("shop")
        assert model is not None
        self.book, self.policy, self.at, self.events = book(model), Policy(), 0, list[Event]()

    def window(self, *found: tuple[Any, ...], suppressed: str = "", judged: str = "") -> "Life":
        """The next window: (kind, feature, strength, segment) of what was found, of all kinds or of one."""
        self.at += LENGTH
        whole = [(*each, *("", "amount", 1.5, "")[len(each) :]) for each in found]
        kinds = frozenset(judged.split() or {leaf.kind for leaf in self.book.leaves})
        sightings = tuple(Sighting((kind,), segment, name, "verdict", LENGTH, n) for kind, name, n, segment in whole)
        seen = Seen(kinds, self.at, LENGTH, self.at, sightings, plan="a", features=("amount", "country", "age"))
        self.policy, happened = step(self.policy, self.book, seen, suppressed=suppressed)
        self.events += happened
        return self

    @property
    def told(self) -> list[tuple[str, int, bool]]:
        """What happened: the state, in which window, and whether a retraining was asked for."""
        return [(event.state, event.at // LENGTH, event.triggered) for event in self.events]


DRIFT, BROKEN = ("drift", "amount", 1.5, ""), ("quality", "amount", 1.5, "")


def test_all_any_not_and_at_least() -> None:
    """Of three windows: drift alone, drift that is broken input, and latency beside drift."""
    stories = {
        "all: [{drift: X}, {not: {quality: X}}]": [1],
        "any: [{quality: X}, {latency: X}]": [2],
        "at_least: 2, of: [{drift: X}, {quality: X}, {latency: X}]": [2],
        "all: [{drift: X}, {latency: X}]": [3],
    }
    for text, expected in stories.items():
        life = Life(f"{{name: one, when: {{{text.replace('X', ONE)}}}}}")
        life.window(DRIFT).window(DRIFT, BROKEN).window(DRIFT, ("latency", "p99", 2.0, ""))
        assert expected == [at for state, at, _ in life.told if state == "opened"], text


def test_what_speaks_against_a_rule_opens_nothing() -> None:
    """That input is whole again is no reason by itself: the drift is not new."""
    life = Life(f"{{name: one, when: {{all: [{{drift: {ONE}}}, {{not: {{quality: {ONE}}}}}]}}}}")
    life.window(DRIFT, BROKEN).window(judged="quality")
    assert [] == life.told


@pytest.mark.parametrize(
    ("selector", "found", "expected"),
    [
        ("feature: am*", ("drift", "amount"), True),
        ("feature: am*", ("drift", "country"), False),
        ("segment: ''", ("drift", "amount", 1.5, "site=a"), False),
        ("segment: 'site=*'", ("drift", "amount", 1.5, "site=a"), True),
        ("window: 5m", ("drift", "amount"), True),
        ("window: 1h", ("drift", "amount"), False),
        ("severity: critical", ("drift", "amount", 1.9), False),
        ("severity: critical", ("drift", "amount", 2.0), True),
        ("open: 3", ("drift", "amount", 2.9), False),
    ],
)
def test_selectors_choose(selector: str, found: tuple[Any, ...], expected: bool) -> None:
    """By feature, segment, window, severity, and how far beyond its limit it is."""
    life = Life(f"{{name: one, when: {{drift: {{{selector}, for: 1 of 1 windows}}}}}}")
    assert expected == bool(life.window(found).told)


def test_hysteresis_keeps_open_what_no_longer_would_open() -> None:
    """From twice its limit until below 1.2 times: it closes when that was so for as many windows."""
    life = Life("{name: one, when: {drift: {open: 2, close: 1.2, for: 1 of 1 windows}}}")
    for times in (1.9, 2.1, 1.5, 1.3):
        life.window(("drift", "amount", times))
    assert [("opened", 2, True)] == life.told
    assert [("opened", 2, True), ("closed", 5, False)] == life.window(("drift", "amount", 1.1)).told


def test_a_quorum_weighs_features() -> None:
    """Half of the weight: two of three features, or the one that weighs as much as the others."""
    rule = "{name: one, when: {drift: {quorum: 0.5, for: 1 of 1 windows}}}"
    country, age = ("drift", "country"), ("drift", "age")
    assert [] == Life(rule).window(DRIFT).told
    assert [("opened", 1, True)] == Life(rule).window(DRIFT, country).told
    weighed = Life(rule, more="      importance: {amount: 2}\n")
    assert [("opened", 2, True)] == weighed.window(age).window(DRIFT).told


def test_a_worse_rule_updates_the_incident_and_asks_where_the_first_did_not() -> None:
    """A warning opens it, the critical one asks, for its own targets; once."""
    critical = "{name: b, when: {drift: {open: 2, for: 1 of 1 windows}}, severity: critical, targets: [airflow]}"
    life = Life(f"{{name: a, when: {{drift: {ONE}}}, trigger: false}}", critical)
    life.window(DRIFT).window(("drift", "amount", 3)).window(("drift", "amount", 3))
    assert [("opened", 1, False), ("updated", 2, True)] == life.told
    assert ("no trigger", "critical", ("airflow",)) == (
        life.events[0].incident.why,
        life.events[1].incident.severity,
        life.events[1].targets,
    )


def test_what_is_suppressed_says_so_and_asks_when_that_is_over() -> None:
    """If it still lasts then; the cooldown begins with the trigger."""
    life = Life(f"{{name: a, when: {{drift: {ONE}}}}}")
    life.window(DRIFT, suppressed="release 42").window(DRIFT, suppressed="release 42").window(DRIFT).window(DRIFT)
    assert [("opened", 1, False), ("updated", 3, True)] == life.told
    assert "release 42" == life.events[0].incident.why
    over = Life(f"{{name: a, when: {{drift: {ONE}}}}}").window(DRIFT, suppressed="release 42").window().window()
    assert [("opened", 1, False), ("closed", 2, False)] == over.told


def test_a_later_trigger_says_what_it_supersedes() -> None:
    """Of one version; the first supersedes nothing."""
    life = Life(f"{{name: a, when: {{drift: {ONE}}}, cooldown: 0s}}").window(DRIFT).window().window(DRIFT)
    asked = [event for event in life.events if event.triggered]
    assert ["", asked[0].incident.trigger] == [event.supersedes for event in asked]


def test_in_its_cooldown_an_incident_says_why_it_asks_for_nothing() -> None:
    """And does not ask later."""
    life = Life(f"{{name: a, when: {{drift: {ONE}}}, cooldown: 20m}}").window(DRIFT).window().window(DRIFT)
    for _ in range(6):
        life.window(DRIFT)
    assert [("opened", 1, True), ("closed", 2, False), ("opened", 3, False)] == life.told
    assert "cooldown" == life.events[-1].incident.why


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [(3.0, 2.0, 1.5), (0.5, 0.75, 1.5), (1.0, 0.0, 2.0), (float("nan"), 1.0, 1.0), (2.0, 2.0, 1.0)],
)
def test_strength_is_times_the_limit_either_way(value: float, limit: float, expected: float) -> None:
    """An accuracy is bad where it is below."""
    assert expected == strength(value, limit)
