"""What a finding says of a series, and that each series of a window has one at most."""

import json

import pytest
from scipy.stats import norm

from sinks import commit as tables
from stream.monitor.acting.findings import FINDINGS_MAX
from tests.stream.rules.story import CONFIGURATION, FIRST, LEARNING, Story, event


def changed(feature: str) -> Story:
    """A story in which one of two features changes at minute 3: all its detectors see that."""
    story = Story(CONFIGURATION.replace("shop: {}", "shop: {segments: [country]}"))
    values = {"amount": lambda seed: 130 + (seed % 21) - 10, "country": lambda _: "FR"}
    for minute in range(8):
        for seed in range(60):
            features = dict(json.loads(event(minute, seed=seed))["features"])
            if minute >= 3:
                features[feature] = values[feature](seed)
            story.publish(FIRST, event(minute + 0.5, seed=seed, features=features))
    return story.read().end()


@pytest.mark.parametrize("feature", ["amount", "country"])
def test_a_series_that_drifted_has_one_finding_by_the_verdict(feature: str) -> None:
    """Its value is the evidence, which is the p-value of the same window, and it says what changed."""
    story = changed(feature)
    key = ("segment", "feature", "length", "end")
    found = {tuple(row[name] for name in key): row for row in story.rows(tables.FINDINGS) if row["detector"] != "cusum"}
    drifted = {tuple(row[name] for name in key): row for row in story.rows(tables.DRIFT) if row["verdict"] == "drift"}
    assert found.keys() == drifted.keys()
    assert len(found) == sum(row["detector"] != "cusum" for row in story.rows(tables.FINDINGS))
    assert feature in {name for _, name, _, _ in found}
    for each, row in found.items():
        series = drifted[each]
        assert ("verdict", series["evidence"], series["evidence_limit"]) == tuple(
            row[name] for name in ("detector", "value", "limit")
        )
        assert series["evidence"] > series["evidence_limit"] > 2
        assert series["evidence"] == pytest.approx(norm.isf(max(series["p"], 1e-300) / 2))
        assert " went from " in row["words"]
    assert len({row["id"] for row in story.rows(tables.FINDINGS)}) == len(story.rows(tables.FINDINGS))


def test_the_incident_names_the_same_detector() -> None:
    """What opened it is the finding of the series that persisted first."""
    story = changed("amount")
    (incident,) = (row for row in story.rows(tables.INCIDENTS) if row["state"] == "opened")
    where = {"feature": incident["feature"], "end": incident["at"]}
    detectors = {
        row["detector"]
        for row in story.rows(tables.FINDINGS)
        if where.items() <= row.items() and row["incident"] == incident["id"]
    }
    assert incident["detector"] in detectors


def segmented() -> Story:
    """A story of many segments, all of which change in all features at minute 12."""
    story = Story(LEARNING.replace("[1m, 5m]", "[5m], segments: [site]"))
    for minute in range(20):
        for seed in range(800):
            now = {"amount": seed % 7, "size": seed % 11, "rate": seed % 13, "country": "FR"}
            later = {"amount": 100 + seed % 70, "size": 50 + seed % 110, "rate": -seed, "country": "XX"}
            features = now if minute < 12 else later
            story.publish(FIRST, event(minute + 0.5, features=features, segments={"site": f"s{seed % 20}"}))
    return story.read().end()


def test_a_window_has_a_bounded_number_of_findings_and_tells_of_all_events_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The features of all events are there, then the segments that are the strongest of all that would be."""
    bounded = segmented()
    monkeypatch.setattr("stream.monitor.acting.findings.FINDINGS_MAX", 10_000)
    whole = segmented()
    key = ("segment", "feature")

    def excess(story: Story) -> dict[tuple[str, ...], float]:
        """By how much each series of the last window that drifted is over its limit."""
        drifted = [row for row in story.rows(tables.DRIFT) if row["verdict"] == "drift" and row["end"] == 20]
        return {tuple(row[name] for name in key): row["evidence"] / row["evidence_limit"] for row in drifted}

    def found(story: Story) -> set[tuple[str, ...]]:
        """What the last window's findings are about."""
        rows = story.rows(tables.FINDINGS)
        return {tuple(row[name] for name in key) for row in rows if row["detector"] != "cusum" and row["end"] == 20}

    every, told = excess(whole), excess(bounded)
    assert len(every) > FINDINGS_MAX == len(told)
    assert every.keys() == found(whole)
    assert told.keys() == found(bounded)
    assert told.items() <= every.items()
    assert {"amount", "size", "rate", "country"} == {feature for segment, feature in told if not segment}
    segments = {each: value for each, value in every.items() if each[0]}
    least = min(value for each, value in segments.items() if each in told)
    assert least >= max(value for each, value in segments.items() if each not in told)
    assert whole.rows(tables.WINDOWS) == bounded.rows(tables.WINDOWS)


def test_chosen_detectors_tell_of_themselves_and_ask_for_nothing() -> None:
    """A mean that moves for good: findings named after them, and no incident but those of windows and cusum."""
    chosen = "shop: {sequential: {features: [ewma, page_hinkley, kswin]}}"
    plain, story = Story(CONFIGURATION), Story(CONFIGURATION.replace("shop: {}", chosen))
    for log in (plain, story):
        for minute in range(70):
            for seed in range(60):
                features = dict(json.loads(event(minute, seed=seed))["features"])
                features["amount"] += 12 * (minute >= 50)
                log.publish(FIRST, event(minute + 0.5, seed=seed, features=features))
        log.read().end()
    mine = [row for row in story.rows(tables.FINDINGS) if row["detector"] in {"ewma", "page_hinkley", "kswin"}]
    assert {"ewma", "page_hinkley"} == {row["detector"] for row in mine}  # kswin has not seen its hundred steps
    assert {"amount"} == {row["feature"] for row in mine}
    assert 50 < min(row["end"] for row in mine) <= 54
    others = [row for row in story.rows(tables.FINDINGS) if row not in mine]
    assert plain.rows(tables.FINDINGS) == others
    assert plain.rows(tables.INCIDENTS) == story.rows(tables.INCIDENTS)
    assert len({row["id"] for row in story.rows(tables.FINDINGS)}) == len(story.rows(tables.FINDINGS))


def test_a_distance_with_a_limit_of_its_own_judges_beside_the_verdict() -> None:
    """It drifts all events of what is above, whatever chance would say, and persists like any other finding."""
    chosen = "shop: {segments: [country], drift: {limits: {wasserstein: 1000, psi: 0.01}}}"
    plain, story = (
        Story(CONFIGURATION.replace("shop: {}", "shop: {segments: [country]}")),
        Story(CONFIGURATION.replace("shop: {}", chosen)),
    )
    for log in (plain, story):
        for minute in range(6):
            log.publish(FIRST, *(event(minute + 0.5, seed=seed) for seed in range(80)))
        log.read().end()
    assert not plain.rows(tables.FINDINGS)
    series = {(row["feature"], row["length"], row["end"]): row for row in story.rows(tables.DRIFT)}
    found = story.rows(tables.FINDINGS)
    assert {(row["feature"], row["length"], row["end"]) for row in found} == {
        key for key, row in series.items() if row["psi"] > 0.01
    }
    assert {"amount", "country"} == {row["feature"] for row in found}, "of categories no order is known"
    for row in found:
        assert ("psi", 0.01) == (row["detector"], row["limit"])
        assert row["value"] == series[row["feature"], row["length"], row["end"]]["psi"]
        assert "is" in row["words"]
    assert {row["detector"] for row in story.rows(tables.INCIDENTS)} == {"psi"}
