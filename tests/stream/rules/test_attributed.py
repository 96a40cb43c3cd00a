"""Attributions: columns like any number, and their order beside the reference's."""

import json

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from sinks import commit as tables
from stream.monitor.verdicts.attributed import DETECTOR, ORDER
from tests.stream.rules.story import FIRST, LEARNING, Story, event

MINUTE = 60_000_000_000
CONFIGURATION = LEARNING.replace("models: {}", "")
NAMES = ("age", "amount", "country", "tenure")
BEFORE, AFTER = (0.2, 1.0, 0.5, 0.05), (1.0, 0.05, 0.5, 0.4)


def attributed(minute: int, seed: int, sizes: tuple[float, ...]) -> dict[str, float]:
    """Attributions about so large, of either sign."""
    dice = np.random.default_rng((minute, seed))
    signs, spread = dice.choice((-1, 1), len(NAMES)), dice.normal(1, 0.3, len(NAMES))
    return dict(zip(NAMES, (np.array(sizes) * signs * spread).tolist(), strict=True))


def told(change: int = 99, n: int = 150, minutes: int = 24, configuration: str = CONFIGURATION, **odd: object) -> Story:
    """Minutes of a shop, of which five are learned; from one on it makes more of other features."""
    story = Story(configuration)
    for minute in range(minutes):
        for seed in range(n):
            given: object = attributed(minute, seed, AFTER if minute >= change else BEFORE)
            if seed == 3 and odd and minute > 10:
                given = given | odd if isinstance(given, dict) else given
            story.publish(FIRST, event(minute, seed=seed, attributions=given))
    return story.read().end()


@pytest.fixture(scope="module")
def story() -> Story:
    """With a change."""
    return told(change=16)


def sizes(minute: int) -> np.ndarray:
    """Mean sizes of the attributions of a minute of the story."""
    given = [attributed(minute, seed, AFTER if minute >= 16 else BEFORE) for seed in range(150)]
    return np.abs([[one[name] for name in NAMES] for one in given]).mean(axis=0)


def orders(story: Story, minutes: int = 1) -> dict[float, dict[str, object]]:
    """The rows of windows of so many minutes, by their end."""
    return {row["end"]: row for row in story.rows(tables.ATTRIBUTIONS) if row["length"] == minutes * MINUTE}


def test_the_agreement_is_scikit_learns(story: Story) -> None:
    """Of the mean sizes of the attributions, which are means of columns like any other."""
    means = {(row["end"], row["feature"]): row["mean"] for row in story.rows(tables.DRIFT) if row["length"] == MINUTE}
    learned = np.mean([sizes(minute) for minute in range(5)], axis=0)
    for end, row in orders(story).items():
        now = sizes(int(end) - 1)
        np.testing.assert_allclose([means[end, f"attribution:{name}"] for name in NAMES], now, rtol=1e-6)
        np.testing.assert_allclose(row["ndcg"], ndcg_score([learned], [now]), rtol=1e-9)


def test_another_order_is_a_finding_and_opens_an_incident(story: Story) -> None:
    """From the minute on in which it changed, with the features that moved in its words; no sooner."""
    found = [row for row in story.rows(tables.FINDINGS) if row["detector"] == DETECTOR and row["length"] == MINUTE]
    assert list(range(17, 25)) == sorted(row["end"] for row in found)
    assert {ORDER} == {row["feature"] for row in found}
    assert "amount from 1st to 4th" in found[0]["words"]
    assert all(row["verdict"] == ("drift" if end > 16 else "ok") for end, row in orders(story).items())


def test_events_that_cannot_be_read_are_counted_and_move_nothing() -> None:
    """A text is of the wrong type in its own column, and a value beyond all bounds no change of order."""
    odd = told(age=1e300, tenure="x", minutes=20)
    assert {"ok"} == {row["verdict"] for row in orders(odd).values()}
    wrong = [row["wrong_type"] for row in odd.rows(tables.DRIFT) if row["feature"] == "attribution:tenure"
             and row["length"] == MINUTE and row["end"] > 11]  # fmt: skip
    assert {1 / 150} == set(wrong)


def test_few_events_do_not_cry_wolf() -> None:
    """The order of small windows is anybody's guess where features matter alike, and no finding."""
    configuration = CONFIGURATION.replace(
        "reference: {learn: 5m}", "reference: {learn: 5m}, drift: {attribution: 0.99}"
    )
    story = told(n=60, configuration=configuration)
    rows = orders(story).values()
    assert {"ok"} == {row["verdict"] for row in rows}


def test_without_the_key_nothing_is_read() -> None:
    """Neither columns nor rows."""
    configuration = CONFIGURATION.replace("reference: {learn: 5m}", "reference: {learn: 5m}, drift: {attribution: 0}")
    story = told(n=60, minutes=12, configuration=configuration)
    assert [] == story.rows(tables.ATTRIBUTIONS)
    assert not [row for row in story.rows(tables.DRIFT) if row["feature"].startswith("attribution:")]


def test_rows_do_not_depend_on_crashes_and_tiers(story: Story) -> None:
    """Nor on how the log was cut."""
    again = Story(CONFIGURATION)
    again.log = story.log
    for upto in (300, 1000, 2300):
        again.read(batch=77, upto=upto).commit().crash()
    again.read(batch=500).end()
    assert story.results() == again.results()


def test_what_is_only_a_feature_has_no_attributions() -> None:
    """Events of kind features count no missing ones."""
    story = Story(CONFIGURATION)
    for minute in range(12):
        for seed in range(80):
            kind = {"kind": "features"} if seed % 4 == 0 else {"attributions": attributed(minute, seed, BEFORE)}
            story.publish(FIRST, event(minute, seed=seed, **kind))
    story.read().end()
    rows = [row for row in story.rows(tables.DRIFT) if row["feature"] == "attribution:age" and row["length"] == MINUTE]
    assert {(60, 0.0)} == {(row["n"], row["missing"]) for row in rows}
    assert "attributions" not in json.dumps([row["fields"] for row in story.rows(tables.UNWATCHED)])
