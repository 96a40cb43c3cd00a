"""How services answer is told when windows close: judged against the reference, or else against what was usual."""

from itertools import pairwise
from typing import Any

import pytest

from detectors.performance.service.traffic import LEAST
from sinks import commit as tables
from tests.stream.rules.story import FIRST, Story, event

OTHER = "quiet"
N = 40  # events of a minute
WINDOWS = """
events: {predictions: [events], max_skew: 1h}
defaults: {windows: [1m], lateness: 0s, reference: {file: reference}}
models: {shop: {}, quiet: {}}
"""


def minute(at: int, model: str = "shop", slow: float = 1.0, bad: int = 0, n: int = N) -> list[bytes]:
    """The events of one minute: latencies from 10 to 17.8 ms, the first `bad` of them failed."""
    return [
        event(
            at + i / n,
            model,
            latency_ms=slow * (10 + 0.2 * (i * 7 % 40)),
            status="timeout" if i < bad else ("ok", 200, "Success")[i % 3],
        )
        for i in range(n)
    ]


def told(story: Story, metric: str, model: str = "shop") -> list[dict[str, Any]]:
    """What is told of a metric, oldest first."""
    rows = [row for row in story.rows(tables.SERVICE) if (row["metric"], row["model"]) == (metric, model)]
    return sorted(rows, key=lambda row: row["end"])


def found(story: Story) -> list[tuple[str, float]]:
    """Features and ends of what is found in services."""
    rows = [row for row in story.rows(tables.FINDINGS) if row["detector"] == "service"]
    return sorted((row["feature"], row["end"]) for row in rows)


def test_every_closed_window_says_how_its_service_answered() -> None:
    """Good statuses are words and HTTP's numbers; of all versions together it says how many came."""
    story = Story(WINDOWS)
    story.publish(FIRST, *minute(0), *minute(1, bad=10), *minute(2))
    story.read().commit()
    (before, after) = told(story, "error_rate")
    assert [(40, 0.0), (40, 0.25)] == [(row["n"], row["value"]) for row in (before, after)]
    p50 = told(story, "latency_p50")[0]
    assert p50["low"] < 13.9 < p50["high"]
    assert 13.9 == pytest.approx(p50["value"], rel=1 / 32)
    assert [N / 60, N / 60] == [row["value"] for row in told(story, "traffic")]
    assert {""} == {row["version"] for row in told(story, "traffic")}


def test_what_is_slow_or_fails_is_found_against_the_first_windows() -> None:
    """The reference is a file that says nothing of latencies: a thousand answers of the stream are instead."""
    story, learned = Story(WINDOWS), 1_000 // N
    calm = [value for at in range(learned + 3) for value in minute(at)]
    worse = [*minute(learned + 3, slow=2.0), *minute(learned + 4, bad=20), *minute(learned + 5)]
    story.publish(FIRST, *calm, *worse)
    story.read().commit()
    verdicts = [row["verdict"] for row in told(story, "latency_p50")]
    assert ["unknown"] * learned + ["well"] * 3 + ["worse", "well"] == verdicts
    assert {1_000} == {row["n_reference"] for row in told(story, "latency_p50")[learned:]}
    ends = learned + 4.0, learned + 5.0
    assert {("service:latency_p50", ends[0]), ("service:error_rate", ends[1])} <= {*found(story)}
    assert {*ends} == {end for _, end in found(story)}
    assert [] == [row for row in story.rows(tables.INCIDENTS) if row["feature"].startswith("service:l")]


def silent(story: Story) -> Story:
    """A model that comes every minute, until it does not; another one goes on."""
    both = [value for at in range(LEAST + 3) for value in [*minute(at), *minute(at, OTHER)]]
    story.publish(FIRST, *both)
    story.publish(FIRST, *(value for at in range(LEAST + 3, LEAST + 9) for value in minute(at, OTHER)))
    story.publish(FIRST, *(v for at in range(LEAST + 9, LEAST + 12) for v in [*minute(at), *minute(at, OTHER)]))
    return story


def test_a_model_that_falls_silent_is_found_once() -> None:
    """In the first window in which nothing comes; when it is back, it is judged again."""
    story = silent(Story(WINDOWS)).read()
    story.commit()
    assert [("service:traffic", LEAST + 4.0)] == found(story)
    rows = told(story, "traffic")
    gap = [row for row in rows if not row["n"]]
    assert [(LEAST + 4.0, "worse")] == [(row["end"], row["verdict"]) for row in gap]
    assert LEAST + 3 + 1 + 2 == len(rows)
    assert "traffic: no event in 1m, where 40 are usual" in {row["words"] for row in story.rows(tables.FINDINGS)}


@pytest.mark.parametrize("cut", range(0, (LEAST + 12) * 2 * N, 397))
def test_a_restart_changes_nothing(cut: int) -> None:
    """Wherever the process dies: the same rows."""
    whole = silent(Story(WINDOWS)).read().commit()
    story = silent(Story(WINDOWS))
    everything = story.log[FIRST]
    story.log[FIRST] = everything[:cut]
    story.read().commit()
    story.log[FIRST] = everything
    story.crash().read().commit()
    assert str(whole.rows(tables.SERVICE)) == str(story.rows(tables.SERVICE))  # nan is not itself
    assert found(whole) == found(story)


def test_events_that_say_nothing_of_the_service_have_traffic_alone() -> None:
    """And no pane of theirs carries buckets."""
    story = Story(WINDOWS)
    story.publish(FIRST, *(event(i / 10) for i in range(30)))
    story.read().commit()
    assert {"traffic"} == {row["metric"] for row in story.rows(tables.SERVICE)}
    ends = [row["end"] for row in told(story, "traffic")]
    assert all(a < b for a, b in pairwise(ends))
