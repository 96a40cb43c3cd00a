"""Quantiles of a number: they wait with their prediction, and windows say how good they were."""

import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.encodings.several import HASH
from stream.monitor.plans.onboarding import File
from stream.reference import from_columns, from_events
from stream.reference.columns import of_documents
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_labels import CONFIGURATION, LABELS

LEVELS = (0.05, 0.5, 0.95)
QUANTILES = CONFIGURATION.replace("kind: binary", "kind: regression, quantiles: [0.05, 0.5, 0.95]")
N = 300
Said = dict[str, Any]


def said(dice: random.Random, spread: float = 4.0) -> Said:
    """A prediction with its quantiles."""
    middle = dice.gauss(50, 9)
    scores = {"0.05": middle - 1.645 * spread, "0.5": middle + dice.gauss(0, 0.1), "0.95": middle + 1.645 * spread}
    return {"prediction": middle, "scores": scores, "features": {"country": dice.choice(("FR", "DE"))}}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The predictions are known from a reference without labels."""
    dice = random.Random(1)
    rows = [event(-60 + i / 100, seed=i, **said(dice)) for i in range(300)]
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_events(rows), "quantiles"))


def told(configuration: str = QUANTILES) -> tuple[Story, list[Said], list[float]]:
    """A story of predictions in one window, and their labels."""
    dice = random.Random(2)
    predictions = [said(dice) for _ in range(N)]
    labels = [each["prediction"] + dice.gauss(0, 4) for each in predictions]
    log = Story(configuration, (FIRST, LABELS))
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", **each) for i, each in enumerate(predictions)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=each) for i, each in enumerate(labels)), label(60))
    return log, predictions, labels


def final(log: Story, segment: str = "") -> dict[str, dict[str, Any]]:
    """The final numbers of the window, by metric."""
    rows = (row for row in log.rows(tables.PERFORMANCE) if row["status"] == "final" and row["length"] == MINUTE)
    return {row["metric"]: row for row in rows if row["segment"] == segment and row["end"] < 5}


@pytest.mark.usefixtures("known")
def test_losses_of_quantiles_are_those_of_scikit_learn() -> None:
    """Each, and their mean, the share that the interval holds, how wide it is; the same in other batches."""
    log, predictions, labels = told()
    log.read().commit()
    found = final(log)
    table, true = np.array([[*each["scores"].values()] for each in predictions]), np.array(labels)
    losses = [mean_pinball_loss(true, column, alpha=level) for level, column in zip(LEVELS, table.T, strict=True)]
    expected = dict(zip(("pinball_p5", "pinball_p50", "pinball_p95"), losses, strict=True))
    expected |= {"pinball": np.mean(losses), "interval_width": (table[:, 2] - table[:, 0]).mean()}
    expected["interval_coverage"] = ((table[:, 0] <= true) & (true <= table[:, 2])).mean()
    assert {name: pytest.approx(value, abs=1e-6) for name, value in expected.items()} == {
        name: found[name]["value"] for name in expected
    }
    for name in expected:
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]
    assert found["interval_coverage"]["baseline"] == pytest.approx(0.9), "what the best constant interval holds"
    again = told()[0].read(batch=7).commit().crash().read().commit()
    assert log.results() == again.results()


@pytest.mark.usefixtures("known")
def test_segments_have_theirs() -> None:
    """Together they are the whole."""
    log, predictions, _ = told(QUANTILES.replace("segments: []", "segments: [country]"))
    log.read().commit()
    whole, parts = final(log), [final(log, f"country={name}") for name in ("FR", "DE")]
    assert sum(part["pinball"]["labelled"] for part in parts) == len(predictions)
    for name in ("pinball", "interval_coverage", "interval_width"):
        mean = sum(part[name]["value"] * part[name]["labelled"] for part in parts) / len(predictions)
        assert whole[name]["value"] == pytest.approx(mean, abs=1e-6)


@pytest.mark.usefixtures("known")
def test_what_waits_is_eight_bytes_of_each_quantile_however_it_is_spelt() -> None:
    """Others are left out; what is no number is missing, and without any nothing is kept."""
    spelt: list[Any] = [{".05": 1, "0.50": 2, "0.95": 3}, {"0.05": 1, "0.5": 2, "0.95": 3, "0.25": 9}]
    bad: list[Any] = [None, [1], {}, {"low": 1}, {"0.05": "much"}, {"0.5": None}, {"0.95": 1e999}]
    log = Story(QUANTILES, (FIRST, LABELS))
    each = [{"prediction": 2.0} | ({} if one is None else {"scores": one}) for one in (*spelt, *bad) * 5]
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", **one) for i, one in enumerate(each)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=2) for i in range(len(each))), label(60))
    log.read().commit()
    rows = log.rows(tables.PAIRS)
    assert {0, HASH + 8 * 3} == {len(row["several"]) for row in rows}
    assert 10 == sum(len(row["several"]) > 0 for row in rows)
    assert 1.0 == final(log)["interval_coverage"]["value"]
    assert 2.0 == pytest.approx(final(log)["interval_width"]["value"])
    assert 0.0 == pytest.approx(final(log)["mae"]["value"])


@pytest.mark.usefixtures("known")
def test_a_corrected_label_moves_them() -> None:
    """The pair is taken back with its quantiles."""
    log = Story(QUANTILES, (FIRST, LABELS))
    one = {"prediction": 2.0, "scores": {"0.05": 1, "0.5": 2, "0.95": 3}}
    log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", **one) for i in range(40)), event(60))
    log.publish(LABELS, *(label(1.5, id=f"a{i}", label=2) for i in range(40)))
    log.publish(LABELS, *(label(4.5, id=f"a{i}", label=7, event="correct") for i in range(40)), label(60))
    log.read().commit()
    found = final(log)
    assert 0.0 == found["interval_coverage"]["value"]
    assert found["pinball_p95"]["value"] == pytest.approx(0.95 * 4, abs=1e-6)


@pytest.mark.usefixtures("known")
def test_nobody_asked_for_them() -> None:
    """Without levels in the configuration nothing waits, and no metric is there."""
    log = told(CONFIGURATION.replace("kind: binary", "kind: regression"))[0]
    log.read().commit()
    assert not any(row["several"] for row in log.rows(tables.PAIRS))
    assert not {name for name in final(log) if name.startswith(("pinball", "interval"))}


def test_intervals_that_hold_less_than_in_the_reference_are_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference's labels say how many they held: by the row, from a file."""
    dice = random.Random(3)
    rows = [{"features": {"amount": 1.0}} | said(dice) for _ in range(1_000)]
    rows = [row | {"label": row["prediction"] + dice.gauss(0, 4)} for row in rows]
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_columns(of_documents(rows)), "labelled"))
    verdicts = {}
    for spread in (4, 9):
        predictions = [said(dice) for _ in range(N)]
        log = Story(QUANTILES, (FIRST, LABELS))
        log.publish(FIRST, *(event(0.5, seed=i, id=f"a{i}", **each) for i, each in enumerate(predictions)), event(60))
        labels = [each["prediction"] + dice.gauss(0, spread) for each in predictions]
        log.publish(LABELS, *(label(1.5, id=f"a{i}", label=each) for i, each in enumerate(labels)), label(60))
        log.read().commit()
        found = final(log)["interval_coverage"]
        verdicts[spread] = found["verdict"]
        held = [row["scores"]["0.05"] <= row["label"] <= row["scores"]["0.95"] for row in rows]
        assert found["reference"] == pytest.approx(np.mean(held))
        assert 0.5 < found["limit"] < found["reference"]
    assert {4: "well", 9: "worse"} == verdicts
