"""The demo's world is what it says it is."""

import functools
import itertools
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.demo.cast import CAST
from stream.demo.changes import CHANGES, CONCEPTS, FAULTS, GAPS, NEW_CATEGORY, STORY_H
from stream.demo.head import Rollout, Rollouts, fit
from stream.demo.world import HOUR_MS, START_MS, Block, World
from stream.embedded import PARTITIONS

WORLD = World(seed=7, rate=0.2)
AMOUNT, REGION, DEMAND, RISK = CHANGES
(CONCEPT,), (FAULT,), (GAP,) = CONCEPTS, FAULTS, GAPS
SUPPORT = next(player for player in CAST if player.name == "support")


class Log:
    """All records of a world, and its events that are not broken, decoded, with their hours of the story."""

    def __init__(self, world: World) -> None:
        everything = functools.reduce(Block.__add__, world.blocks())
        self.whole, self.labels = everything.take(~everything.labels), everything.take(everything.labels)
        self.events: list[dict[str, Any]] = [json.loads(value) for value in self.whole.values[~self.whole.broken]]
        texts = [event["time"].removesuffix("Z") for event in self.events]
        self.times_ms = np.array(texts, "datetime64[ms]").astype(np.int64)
        self.hours = (self.times_ms - START_MS) / HOUR_MS

    def values(self, model: str, feature: str, begin_h: float, end_h: float) -> NDArray[np.generic]:
        """The values of a feature between two hours of the story; what is missing is not a number."""
        within = np.flatnonzero((begin_h <= self.hours) & (self.hours < end_h)).tolist()
        mine = (self.events[i]["features"][feature] for i in within if self.events[i]["model"] == model)
        return np.array([np.nan if value is None else value for value in mine])


@pytest.fixture(scope="module")
def log() -> Log:
    """One world, decoded once."""
    return Log(WORLD)


def test_a_seed_is_a_log() -> None:
    """The same seed gives the same bytes at the same places; another seed gives others."""
    first, again, other = (functools.reduce(Block.__add__, World(seed=s, rate=0.02).blocks()) for s in (7, 7, 8))
    assert first.values.tolist() == again.values.tolist()
    assert first.arrivals_ms.tolist() == again.arrivals_ms.tolist()
    assert first.keys.tolist() == again.keys.tolist()
    assert first.values.tolist() != other.values.tolist()


def test_blocks_follow_each_other_by_arrival() -> None:
    """Cut into blocks, the log is still in order of arrival, and a block holds an hour."""
    blocks = list(itertools.islice(WORLD.blocks(None), 3))
    arrivals = np.concatenate([block.arrivals_ms for block in blocks])
    assert np.sort(arrivals).tolist() == arrivals.tolist()
    assert [0, 1, 2] == [int((block.arrivals_ms[-1] - START_MS) // HOUR_MS) for block in blocks]


def test_arrival_is_slightly_out_of_order_and_seldom_late(log: Log) -> None:
    """Nothing arrives before its time, all but one in 5,000 within a minute of it."""
    delays = log.whole.arrivals_ms[~log.whole.broken] - log.times_ms
    assert 0 <= delays.min()
    assert pytest.approx(2e-4, rel=0.5) == (delays > 60_000).mean()
    assert pytest.approx(3_000, rel=0.1) == delays[delays <= 60_000].mean()
    assert (np.diff(log.times_ms) < 0).any()


def test_partitions_get_an_equal_part(log: Log) -> None:
    """Every partition has a quarter of the records."""
    shares = np.bincount(log.whole.keys % PARTITIONS, minlength=PARTITIONS) / len(log.whole)
    assert [pytest.approx(0.25, abs=0.01)] * PARTITIONS == shares.tolist()


def test_one_record_in_ten_thousand_is_broken(log: Log) -> None:
    """Twelve of 125,000, give or take chance."""
    assert pytest.approx(1e-4, rel=0.9) == log.whole.broken.mean()


def test_only_the_volume_has_a_rhythm(log: Log) -> None:
    """Three times as many events come in the afternoon as at night; their amounts are the same."""
    night, day = (log.values("fraud", "amount", *span).astype(float) for span in ((1, 7), (13, 19)))
    assert 3.0 < len(day) / len(night)
    quantiles = [np.quantile(each, [0.1, 0.5, 0.9]) for each in (night, day)]
    assert [pytest.approx(1.0, abs=0.15)] * 3 == (quantiles[1] / quantiles[0]).tolist()


def test_features_of_a_model_are_correlated(log: Log) -> None:
    """Amount and distance have 0.5 and 0.4 to do with what they share."""
    amount, distance = (log.values("fraud", name, 0, 24).astype(float) for name in ("amount", "distance_km"))
    correlation = np.corrcoef(np.log(amount), np.log(distance + 0.05))[0, 1]
    assert pytest.approx(0.5 * 0.4, abs=0.04) == correlation


def test_a_unit_mistake_makes_thirty_percent_a_hundred_times_as_large(log: Log) -> None:
    """Between its hours the amounts are a mixture of the usual ones and of a hundred times the usual ones."""
    before, during = (log.values("fraud", "amount", *span).astype(float) for span in ((8, 32), (32, 40)))
    threshold = np.median(before) * 10  # 2.6 deviations from either side: all but a few in a thousand keep to theirs
    assert pytest.approx(AMOUNT.share, abs=0.02) == (during > threshold).mean()
    assert pytest.approx(AMOUNT.size, rel=0.1) == np.median(during[during > threshold]) / np.median(before)


def test_a_new_region_has_twelve_percent(log: Log) -> None:
    """It was never seen before its hour."""
    shares = [(log.values("pricing", "region", *span) == NEW_CATEGORY).mean() for span in ((0, 34), (34, 72))]
    assert [0.0, pytest.approx(REGION.share, abs=0.01)] == shares


def test_demand_moves_by_one_deviation_in_ten_hours(log: Log) -> None:
    """Half of it after five hours, all of it after ten, and it stays there."""
    before = log.values("pricing", "demand", 0, 44).astype(float)
    assert pytest.approx(DEMAND.size, abs=0.3) == before.std()
    means = [log.values("pricing", "demand", *span).astype(float).mean() for span in ((48.5, 49.5), (54, 72))]
    assert [pytest.approx(7.5, abs=1.5), pytest.approx(15.0, abs=0.5)] == [mean - before.mean() for mean in means]


def test_forty_percent_of_the_risks_are_missing_for_four_hours(log: Log) -> None:
    """Before and afterwards none is."""
    spans = ((0, 62), (62, 66), (66, 72))
    shares = [np.isnan(log.values("fraud", "merchant_risk", *span).astype(float)).mean() for span in spans]
    assert [0.0, pytest.approx(RISK.share, abs=0.03), 0.0] == shares


def test_a_service_answers_slowly_for_three_hours(log: Log) -> None:
    """Before and afterwards as all others do."""
    spans = ((50, 56), (56, 59), (59, 66))
    medians = [np.median([e["latency_ms"] for e, h in zip(log.events, log.hours.tolist(), strict=True)
                          if e["model"] == "pricing" and begin <= h < end]) for begin, end in spans]  # fmt: skip
    assert [12, pytest.approx(12 * FAULT.size, rel=0.05), 12] == [medians[0].round(), medians[1], medians[2].round()]


def test_a_model_says_yes_to_women_three_times_as_often(log: Log) -> None:
    """While its rule is in force, and to men as ever; both are half of its events."""
    said = [(e["segments"]["sex"], e["prediction"], GAP.begin_h <= h < GAP.end_h)
            for e, h in zip(log.events, log.hours.tolist(), strict=True)
            if e["model"] == GAP.model and h >= 40]  # fmt: skip
    rates = {(sex, during): np.mean([yes for s, yes, d in said if (s, d) == (sex, during)])
             for sex in "fm" for during in (False, True)}  # fmt: skip
    assert pytest.approx(3, abs=0.5) == rates["f", True] / rates["f", False]
    assert [pytest.approx(rates["f", False], abs=0.03)] * 2 == [rates["m", False], rates["m", True]]
    assert pytest.approx(0.48, abs=0.02) == np.mean([sex == "f" for sex, _, _ in said])


def test_models_that_stay_well_have_no_change() -> None:
    """Two of the four models are never touched, and nothing is planted while the models are learned."""
    assert {"ranking", "support"} == {player.name for player in CAST} - {change.model for change in CHANGES}
    assert 24 <= min(change.begin_h for change in CHANGES)  # hours that are learned from by default


def test_truth_is_known_some_minutes_later(log: Log) -> None:
    """Of every ticket once, within an hour, and it is what arrives next: labels are never before their time."""
    said = [json.loads(value) for value in log.labels.values]
    times = {e["id"]: t for e, t in zip(log.events, log.times_ms.tolist(), strict=True) if e["model"] == "support"}
    delays = np.array([label["time"] - times[label["id"]] for label in said if label["id"] in times])
    assert len(times) == len(delays) == len({label["id"] for label in said if label["id"] in times})
    assert len(said) - len(times) <= log.whole.broken.sum()  # of a broken event it is known, too
    assert (True, True) == (delays.min() >= 0, delays.max() <= HOUR_MS)
    assert pytest.approx(10 * 60_000, rel=0.05) == delays.mean()
    assert [label["time"] for label in said] == log.labels.arrivals_ms.tolist()


def test_what_paying_customers_write_is_about_something_else_from_hour_fifty_on(log: Log) -> None:
    """Though nothing that the model sees or says has changed: its inputs are those of a world without it."""
    answers = {e["id"]: (e["prediction"], h) for e, h in zip(log.events, log.hours.tolist(), strict=True)
               if e["model"] == "support"}  # fmt: skip
    said = [(*answers[label["id"]], label["label"]) for label in map(json.loads, log.labels.values)
            if label["id"] in answers]  # fmt: skip
    before, after = (
        np.mean([answer == truth for answer, hour, truth in said if (hour >= CONCEPT.begin_h) == late])
        for late in (False, True)
    )
    assert pytest.approx(0.85, abs=0.01) == before
    assert pytest.approx(0.85 * 0.7 + 0.075 * 0.3, abs=0.03) == after


def test_a_version_that_was_fitted_anew_answers_from_its_hour_on() -> None:
    """What is true stays what it would have been; the fit on two hours is right as often as the model once was."""
    rollouts, fitted_h = Rollouts(), 54
    events: list[dict[str, Any]] = []
    labels: dict[str, str] = {}
    for hour, block in enumerate(WORLD.blocks(rollouts=rollouts), 1):
        for value in block.values[~block.broken & np.array([b'"model":"support"' in v for v in block.values])]:
            record = json.loads(value)
            if record["kind"] == "label":
                labels[record["id"]] = record["label"]
            elif hour > CONCEPT.begin_h + 1:
                events.append(record)
        if hour == fitted_h:
            rows = [event for event in events if event["id"] in labels]
            said = {name: [row[name] for row in rows] for name in ("prediction", "scores")}
            seen = {name: [row["features"][name] for row in rows] for name in ("tier", "language")}
            head = fit(SUPPORT.categorical, said, seen, [labels[row["id"]] for row in rows])
            rollouts.heads["support"] = Rollout(fitted_h, "2", head)
    right = {
        version: np.mean(
            [event["prediction"] == labels[event["id"]] for event in events if event["version"] == version]
        )
        for version in ("1", "2")
    }
    assert pytest.approx(0.62, abs=0.03) == right["1"]
    assert pytest.approx(0.85, abs=0.03) == right["2"]
    plain = functools.reduce(Block.__add__, WORLD.blocks())
    assert labels == {each["id"]: each["label"] for each in map(json.loads, plain.values[plain.labels])}


def test_the_story_begins_anew() -> None:
    """An endless world plants the same changes in the next three days."""
    hour = World(seed=1, rate=0.2)._hour(STORY_H + 36, Rollouts())
    decoded = [json.loads(value) for value in hour.values[~(hour.broken | hour.labels)]]
    regions = [event["features"]["region"] for event in decoded if event["model"] == "pricing"]
    assert pytest.approx(REGION.share, abs=0.08) == regions.count(NEW_CATEGORY) / len(regions)
