"""Pairs of features in the stream: off without the key, and with it found, told, taught, and the same in two tiers."""

import numpy as np
import pytest

from sinks import commit as tables
from stream.monitor.verdicts.coupled import DETECTOR
from tests.stream.rules.story import FIRST, LEARNING, Story, event

MINUTE = 60_000_000_000
PAIRS = "reference: {learn: 5m}, trigger: {windows: 1, of: 1}, drift: {pairs: 8}"


def configured(drift: str = PAIRS) -> str:
    """Windows of one and of five minutes, learned from the first five."""
    return LEARNING.replace("reference: {learn: 5m}", drift)


def publish(story: Story, minute: int, n: int, correlation: float, *, odd: object = None, times: int = 1) -> None:
    """A minute of events of three numbers, two of which go together, and a category; each of them so many times."""
    drawn = np.random.default_rng(minute).normal(size=(n // times, 3))
    drawn[:, 1] = correlation * drawn[:, 0] + (1 - correlation**2) ** 0.5 * drawn[:, 1]
    for seed, (earns, spends, age) in enumerate(drawn.repeat(times, axis=0).tolist()):
        features = {"earns": earns, "spends": spends, "age": age, "country": "FR" if seed % 3 else "DE"}
        features |= {"spends": odd} if odd is not None and seed == 1 and minute > 9 else {}
        story.publish(FIRST, event(minute, seed=seed, features=features))


def told(configuration: str, change: int = 99, n: int = 200, minutes: int = 20, odd: object = None) -> Story:
    """Minutes of a shop; from one on, what customers spend has nothing to do with what they earn."""
    story = Story(configuration)
    for minute in range(minutes):
        publish(story, minute, n, 0.0 if minute >= change else 0.9, odd=odd)
    return story.read().end()


@pytest.fixture(scope="module")
def story() -> Story:
    """With a change."""
    return told(configured(), change=16, n=300)


def moved(story: Story) -> list[dict[str, object]]:
    """The findings of pairs, in windows of a minute."""
    found = [row for row in story.rows(tables.FINDINGS) if row["detector"] == DETECTOR and row["length"] == MINUTE]
    return sorted(found, key=lambda row: row["end"])


def test_a_pair_that_parts_is_a_finding_and_an_incident(story: Story) -> None:
    """From the minute on in which it did, though each feature is as it was; with what it was and is in words."""
    found = moved(story)
    assert list(range(17, 21)) == [row["end"] for row in found]
    assert {"pair:earns & spends"} == {row["feature"] for row in found}
    assert "earns and spends: correlation from 0.9" in found[0]["words"]
    assert all(row["value"] > row["limit"] > 2 for row in found)
    (incident,) = story.rows(tables.INCIDENTS)
    assert (17, "pair:earns & spends", DETECTOR) == (incident["at"], incident["feature"], incident["detector"])
    assert 1 == len(story.rows(tables.TRIGGERS))
    assert {found[0]["incident"]} == {incident["id"]}


def test_every_window_says_how_far_its_pairs_moved(story: Story) -> None:
    """Beside the other tests; with words only where it is a finding."""
    rows = {row["end"]: row for row in story.rows(tables.TESTED) if row["length"] == MINUTE}
    assert {DETECTOR} == {row["test"] for row in rows.values()}
    assert all((row["words"] != "") == (end > 16) for end, row in rows.items())
    assert all(row["effect"] < -0.6 for end, row in rows.items() if end > 16)


@pytest.mark.parametrize("odd", [1e300, "x"])
def test_one_odd_value_moves_no_pair(odd: object) -> None:
    """It is one vote."""
    assert [] == moved(told(configured(), odd=odd, n=80, minutes=16))


def test_without_the_key_nothing_is_summed() -> None:
    """And everything else is as it was."""
    plain = told(LEARNING, n=60, minutes=12)
    assert [] == moved(plain) == plain.rows(tables.TESTED)
    watched = told(configured("reference: {learn: 5m}, drift: {pairs: 2}"), n=60, minutes=12)
    assert [row["psi"] for row in plain.rows(tables.DRIFT)] == [row["psi"] for row in watched.rows(tables.DRIFT)]


def test_rows_do_not_depend_on_crashes_and_tiers(story: Story) -> None:
    """Nor on how the log was cut."""
    again = Story(configured())
    again.log = story.log
    for upto in (300, 2500, 5200):
        again.read(batch=77, upto=upto).commit().crash()
    again.read(batch=500).end()
    assert story.results() == again.results()


def test_panes_teach_how_much_pairs_vary() -> None:
    """Where each customer is heard ten times, small windows move by chance; after sixty panes that is known."""
    story = Story(configured())
    for minute in range(160):
        publish(story, minute, 60, 0.9, times=10)
    story.read(batch=999).commit().crash().read().end()
    spreads = [row["spread"] for row in story.rows(tables.SPREADS) if row["state"] == "over"]
    assert 1 == len(spreads)
    late = [row for row in story.rows(tables.TESTED) if row["length"] == MINUTE and row["end"] > 75]
    assert all(row["p"] > 0.001 for row in late)
