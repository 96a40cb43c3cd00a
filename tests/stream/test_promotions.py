"""Which version is served follows from the order of promotions, for any time that is asked about."""

import json

from stream.controls.asked import Control, parsed
from stream.controls.control import Controls
from stream.controls.promotions import AWAITED, PROMOTIONS_MAX, ended, learning, retired, serving
from stream.events import NEVER


def promote(version: str, identity: str = "1", **said: object) -> Control:
    """A promotion of a model."""
    return parsed(json.dumps({"id": identity, "kind": "promote", "model": "m", "version": version, **said}))


def after(*asked: tuple[str, int], versions: tuple[str, ...] = ("1", "2", "3")) -> Controls:
    """What is in force after promotions of versions, each from a time on."""
    held = Controls()
    for n, (version, since) in enumerate(asked):
        held, why = held.after(promote(version, str(n)), since, (), versions)
        assert not why
    return held


def test_the_first_takes_the_place_of_all_and_a_later_one_of_the_one_before() -> None:
    """A version that came in between is watched on; one that is promoted again is back."""
    known = after(("2", 100), versions=("1", "2")).promotions("m")
    assert ("2", ("1",)) == (known[-1].version, known[-1].retired)
    known = after(("2", 100), ("3", 200), ("1", 300), versions=("1", "2")).promotions("m")
    assert [("1",), ("1", "2"), ("2", "3")] == [one.retired for one in known]
    assert [None, "2", "3", "1"] == [
        one.version if (one := serving(known, at)) else None for at in (100, 101, 300, 301)
    ]


def test_what_is_asked_of_an_earlier_time_is_answered_as_it_was_then() -> None:
    """Steps of labels are behind closes."""
    known = after(("2", 100), ("1", 200), versions=("1", "2")).promotions("m")
    assert [False, True, True, False] == [retired(known, "1", at, {"2": NEVER}) for at in (100, 101, 200, 201)]
    assert [False, True, True, False] == [learning(known, "2", at) for at in (100, 101, 200, 201)]
    assert [100, 100, 200] == [one.since for at in (150, 201, 202) if (one := ended(known, "1", at - 101, at))]
    assert ended(known, "1", 250, 300) is None


def test_a_version_that_nobody_has_seen_silences_the_others_for_a_day() -> None:
    """Unless it has panes of its own by then; before the first pane nobody can say how long that is."""
    known, day = after(("9", 100)).promotions("m"), 100 + AWAITED
    assert [False, True, True, False] == [retired(known, "1", at, {}) for at in (100, 101, day, day + 1)]
    assert [False, True] == [retired(known, "1", at, {"9": day + 5}) for at in (day + 5, day + 6)]
    first = after(("9", NEVER)).promotions("m")
    assert [False, True] == [retired(first, "1", at, {"9": 50}) for at in (50, 51)]


def test_a_reference_ends_the_learning() -> None:
    """From where it holds; later ones change nothing of it."""
    held = after(("2", 100)).settled("m", 500)
    assert held.settled("m", 900) is held
    assert [True, True, False] == [held.learning("m", "2", at) for at in (101, 500, 501)]


def test_the_same_again_and_what_was_decided_before_change_nothing() -> None:
    """Deliveries of a registry may overtake each other."""
    held, _ = Controls().after(promote("3", "1", decided=2_000), 100, (), ())
    for asked, told in (
        (promote("3", "2"), "version 3 is the one that is served already"),
        (promote("2", "3", decided=1_000), "version 3 was promoted by a later decision"),
    ):
        same, why = held.after(asked, 200, (), ())
        assert (held, told) == (same, why)
    assert "2" == held.after(promote("2", "4"), 200, (), ())[0].promotions("m")[-1].version


def test_they_are_bounded() -> None:
    """The oldest are forgotten."""
    known = after(*((str(n), n) for n in range(PROMOTIONS_MAX + 5))).promotions("m")
    assert (PROMOTIONS_MAX, "5") == (len(known), known[0].version)
