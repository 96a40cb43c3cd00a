"""Versions side by side over HTTP: the verdict, what it rests on, shares of the traffic, and the deployment gate."""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from msgspec.structs import replace

from detectors.performance.versions.comparable import METRICS
from detectors.stratified import Windows, side_by_side
from sinks.commit import TABLES, Commit, Store
from sinks.duck import DuckStore
from sinks.memory import MemoryStore
from stream.config.settings import MINUTE, Settings
from stream.roster import FUTURE
from stream.web.app import Served
from stream.web.sources import Sources
from stream.web.versions import ratio as ratios
from stream.web.versions import sides
from stream.web.versions.pair import Seen, pair
from tests.stream.web.client import Client, client_over
from tests.stream.web.rollout import (
    MODEL,
    NEW,
    OLD,
    PANE,
    START,
    Row,
    committed,
    configured,
    moment,
    rollout,
    started,
    status,
    told,
    window,
)

COMPARE, HEALTH = f"/v1/models/{MODEL}/compare", f"/v1/models/{MODEL}/versions/{NEW}/health"


@contextmanager
def asked(store: Store, settings: Settings | None = None) -> Iterator[Client]:
    """The application over a store."""
    with client_over(Served.of(store, status, settings or configured())) as client:
        yield client


def answer(store: Store, path: str = COMPARE, settings: Settings | None = None, **params: object) -> dict[str, Any]:
    """One answer."""
    with asked(store, settings) as client:
        found: dict[str, Any] = client.get(path, params=params).json()
        return found


@pytest.mark.parametrize(
    ("accuracies", "verdict"), [((0.9, 0.9), "not yet known"), ((0.9, 0.85), "worse"), ((0.85, 0.9), "better")]
)
@pytest.mark.parametrize("metric", ["accuracy", "f1", "specificity"])
def test_a_verdict_of_any_metric(accuracies: tuple[float, float], verdict: str, metric: str) -> None:
    """The same with the metric itself in each window, and with the parts that it is made of."""
    found = answer(rollout(accuracies), metric=metric)
    assert (verdict, NEW, OLD) == (found["verdict"], found["candidate"]["version"], found["incumbent"]["version"])
    assert found["low"] < found["difference"] < found["high"]
    assert found["difference"] == pytest.approx(found["candidate"]["value"] - found["incumbent"]["value"])


@pytest.mark.parametrize(
    ("better", "verdict", "code"),
    [({"cost": "low"}, "worse", 503), ({"cost": "high"}, "better", 200), ({}, "not yet known", 200)],
)
def test_a_metric_of_ones_own_has_a_verdict_where_it_has_a_direction(
    better: dict[str, Literal["high", "low"]], verdict: str, code: int
) -> None:
    """By the shares that it is made of; without a direction the difference stands there, and a gate knows nothing."""
    settings = configured()
    model = replace(settings.defaults, metrics={"cost": "5 * false_negatives + false_positives"}, better=better)
    settings = replace(settings, defaults=model, patterns=(("*", model),))
    found = answer(rollout((0.9, 0.8)), settings=settings, metric="cost")
    # One error in ten more: of the two labels in ten that are positive each costs five, of the others one.
    assert (verdict, pytest.approx(0.1 * (0.2 * 5 + 0.8), abs=0.03)) == (found["verdict"], found["difference"])
    assert found["low"] < found["difference"] < found["high"]
    assert code == gate(rollout((0.9, 0.8)), settings, metric="cost")[0]


@pytest.mark.parametrize("kind", ["memory", "duck"])
def test_common_windows_are_compared_as_they_were_told_last(kind: str, tmp_path: Path) -> None:
    """The newest revision of each; 28 windows have both, and what is said is what the arithmetic says of them."""
    late = told(NEW, 20, "accuracy", 0.8, 500, step=moment(START + 99 * PANE))
    store: Store = committed(rollout((0.9, 0.88)), performance=[late])
    if kind == "duck":
        made = DuckStore(tmp_path / "x.duckdb")
        store = copied(store, made)
    found = answer(store)
    rows = {
        version: answer(store, f"/v1/models/{MODEL}/performance", version=version, metric="accuracy", limit=1000)[
            "items"
        ]
        for version in (NEW, OLD)
    }
    ends = sorted({row["end"] for row in rows[NEW]} & {row["end"] for row in rows[OLD]})
    two = []
    for version in (NEW, OLD):
        of = {row["end"]: row for row in rows[version]}
        n = np.array([[of[end]["labelled"]] for end in ends])
        value, error = (np.array([[[of[end][name]]] for end in ends]) for name in ("value", "error"))
        two.append(Windows(n, value, error))
    said = side_by_side(two[0], two[1], METRICS["accuracy"]).compared
    assert 500 in two[0].n
    assert 28 == len(ends) == found["windows"]
    assert [found["difference"], found["low"], found["high"]] == [float(column[-1, 0]) for column in said[:3]]


def copied(store: Store, target: DuckStore) -> DuckStore:
    """All rows in another kind of store, in one Commit."""
    found = {table.name: store.select(table) for table in TABLES}
    tables = {
        name: {k: v for k, v in rows.items() if k != "commit"} for name, rows in found.items() if len(rows["commit"])
    }
    target.write(Commit(1, tables))
    return target


def test_a_stretch_and_a_length_may_be_asked_for() -> None:
    """From a time on; of a length that there is not, nothing is known."""
    store = rollout((0.9, 0.88))
    found = answer(store, since="2026-11-20T14:00:00Z")
    assert ("2026-11-20T13:55:00Z", 17) == (found["since"], found["windows"])
    found = answer(store, length="1h")
    assert ("not yet known", "no 1h window has accuracy of both versions yet") == (found["verdict"], found["words"])


def test_what_is_not_known_is_said() -> None:
    """One version; few labels; a metric without a better; a metric that is not measured."""
    alone = committed(MemoryStore(), plans=[{"id": "p", "model": MODEL}], windows=[window(OLD, 0)])
    assert "there are no two versions of this model" == answer(alone)["words"]
    few = answer(rollout(windows=14, sizes=(400, 40)))
    assert ("800 and 80" in few["words"] or "80 and 800" in few["words"], None) == (True, few["low"])
    neutral = answer(rollout((0.9, 0.6)), metric="true_positives")
    assert ("not yet known", "neither") == (neutral["verdict"], neutral["better"])
    assert "neither more nor less of it is better" in neutral["words"]
    assert "no 5m window has mae of both versions yet" == answer(rollout(), metric="mae")["words"]


@pytest.mark.parametrize(
    ("params", "status", "sentence"),
    [
        ({"metric": "f11"}, 400, "metric: 'f11' cannot be compared; did you mean 'f1'?"),
        ({"incumbent": "9"}, 404, "There is no version '9'; there are 3, 4."),
        ({"candidate": OLD, "incumbent": OLD}, 400, "incumbent: it is the candidate"),
        ({"length": "soon"}, 400, "length: 'soon' is not a duration"),
        ({"versoin": "3"}, 400, "There is no filter 'versoin' here"),
    ],
)
def test_refusals_are_sentences(params: dict[str, str], status: int, sentence: str) -> None:
    """As everywhere in the API."""
    with asked(rollout(windows=14)) as client:
        found = client.get(COMPARE, params=params)
    assert (status, True) == (found.status_code, found.json()["error"].startswith(sentence))


def test_the_pair_is_the_newest_and_the_one_it_may_replace() -> None:
    """After a version was taken back, the one before it, which is there again."""
    seen = [Seen("1", 0, 90), Seen("2", 10, 20), Seen("3", 50, 90)]
    assert ("3", "1") == pair(seen)
    assert ("2", "1") == pair(seen, "2")
    assert ("3", "2") == pair(seen, "", "2")
    assert ("2", "3") == pair(seen, "", "3")
    assert ("1", "") == pair(seen[:1])
    assert ("", "") == pair([])


def test_rows_are_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window that the bound cuts through is left out: its newest revision may be another row."""
    monkeypatch.setattr(sides, "ROWS_MAX", 10)
    assert 9 == answer(rollout())["windows"]


# ---- shares of the traffic


def test_shares_that_are_kept_are_no_mismatch() -> None:
    """They stand in the answer, from the first whole window of both on."""
    found = answer(rollout(), settings=configured(v3=0.5, v4=0.5))["ratio"]
    assert (False, "2026-11-20T13:05:00Z") == (found["mismatch"], found["since"])
    assert found["p"] > 0.05
    assert [(OLD, 0.5), (NEW, 0.5)] == [(share["version"], share["meant"]) for share in found["shares"]]


def test_a_mismatch_withholds_the_verdict() -> None:
    """A difference may come from who was sent where."""
    found = answer(rollout((0.9, 0.8)), settings=configured(v3=0.4, v4=0.6))
    assert (True, "not yet known") == (found["ratio"]["mismatch"], found["verdict"])
    assert re.match(r"version 3 has \d\d\.\d\d% of the traffic, and 40\.00% are meant for it: until", found["words"])
    assert found["low"] is not None


def test_without_intended_shares_there_is_no_test() -> None:
    """Nor where a version of them is not there."""
    assert answer(rollout())["ratio"] is None
    assert answer(rollout(), settings=configured(v3=0.5, v5=0.5))["ratio"] is None


def test_a_version_that_stays_away_is_missed() -> None:
    """Its windows do not come any more: they count as empty."""
    store = committed(rollout(windows=40), windows=[window(OLD, i) for i in range(40, 60)])
    found = answer(store, settings=configured(v3=0.5, v4=0.5))["ratio"]
    events = [share["events"] for share in found["shares"]]
    assert found["mismatch"]
    assert [47, 27] == [round(n / 400) for n in events]


def test_windows_that_overlap_count_their_events_once() -> None:
    """Those at whole multiples of the length have them all."""
    settings = configured(v3=0.5, v4=0.5)
    between = [window(OLD, i, end=moment(START + i * PANE + MINUTE), start=moment(0)) for i in range(12, 40)]
    slid = committed(rollout(), windows=between)
    assert answer(rollout(), settings=settings)["ratio"] == answer(slid, settings=settings)["ratio"]


@pytest.mark.parametrize(("before", "expected"), [(0.9, "2026-11-20T14:05:00Z"), (0.5, "2026-11-20T13:05:00Z")])
def test_events_count_since_the_shares_were_set(before: float, expected: str) -> None:
    """A start with other shares is in the journal; one that changed something else does not begin anew."""
    now = configured(v3=0.5, v4=0.5)
    starts = [started(configured(v3=before, v4=1 - before), START), started(now, START + 24 * PANE)]
    store = rollout()
    for row in starts:
        store = committed(store, journal=[row])
    assert expected == answer(store, settings=now)["ratio"]["since"]


def test_shares_that_were_set_before_the_first_event_count_from_it() -> None:
    """There was no clock then, and the journal says so by the end of time."""
    now = configured(v3=0.5, v4=0.5)
    store = committed(rollout(), journal=[started(configured(), FUTURE)])
    store = committed(store, journal=[started(now, FUTURE)])
    assert "2026-11-20T13:05:00Z" == answer(store, settings=now)["ratio"]["since"]


def test_the_settings_of_another_release_can_be_read() -> None:
    """Of them only the shares matter."""
    detail = '{"configured": "x", "settings": {"patterns": [["*", {"what": 1}]], "gone": 2}}'
    row = {"kind": "start", "detail": detail, "at": moment(START), "partition": -1}
    now = configured(v3=0.5, v4=0.5)
    store = committed(committed(rollout(), journal=[row]), journal=[started(now, START + 24 * PANE)])
    sources = Sources(store, status, now)
    found = ratios.ratio(sources, MODEL)
    assert found is not None
    assert "14:05" == f"{found.since:%H:%M}"


# ---- the gate


def gate(
    store: Store, settings: Settings | None = None, path: str = HEALTH, **params: object
) -> tuple[int, str, dict[str, str]]:
    """Status code, verdict, and the verdicts of the reasons."""
    with asked(store, settings) as client:
        found = client.get(path, params=params)
        body = found.json()
        assert body == client.post(path, params=params).json()
    return found.status_code, body["verdict"], {reason["check"]: reason["verdict"] for reason in body["reasons"]}


def test_a_version_that_is_surely_no_worse_is_healthy() -> None:
    """Equal ones never differ surely, but surely by no more than is tolerated."""
    assert (200, "healthy", {"drift": "healthy", "comparison": "healthy"}) == gate(rollout())
    assert (200, "unknown", {"drift": "healthy", "comparison": "unknown"}) == gate(rollout(), margin=0.001)


def test_a_version_that_is_surely_worse_is_unhealthy() -> None:
    """Unless it is surely worse by less than is allowed."""
    store = rollout((0.9, 0.85))
    assert (503, "unhealthy", {"drift": "healthy", "comparison": "unhealthy"}) == gate(store)
    assert (200, "healthy") == gate(store, margin=0.1)[:2]


def test_an_unknown_version_passes_only_where_that_is_asked_for() -> None:
    """A rollout begins with it; who promotes says `unknown=fail`, who reads the body `code=false`."""
    path = HEALTH.replace(NEW, "5")
    assert (200, "unknown") == gate(rollout(windows=14), path=path)[:2]
    assert (503, "unknown") == gate(rollout(windows=14), path=path, unknown="fail")[:2]
    assert (200, "unknown") == gate(rollout(windows=14), path=path, unknown="fail", code="false")[:2]


def test_a_mismatch_is_not_the_versions_fault() -> None:
    """Nothing is known of it, neither good nor bad."""
    settings = configured(v3=0.3, v4=0.7)
    assert "unknown" == gate(rollout(), settings)[2]["comparison"]
    assert "unknown" == gate(rollout((0.9, 0.8)), settings)[2]["comparison"]


def test_drift_of_one_window_is_unknown_and_an_open_incident_unhealthy() -> None:
    """As long as it is open, and only of this version."""
    store = committed(rollout(), windows=[window(NEW, 40, verdict="drift")])
    assert (200, "unknown") == gate(store)[:2]
    opened: Row = {"id": "1", "model": MODEL, "version": NEW, "state": "opened", "at": moment(START), "feature": "a"}
    store = committed(store, incidents=[opened])
    assert (503, "unhealthy") == gate(store)[:2]
    assert "incident" not in gate(store, path=HEALTH.replace(NEW, OLD))[2]
    store = committed(store, incidents=[{**opened, "state": "closed"}])
    assert "incident" not in gate(store)[2]


@pytest.mark.parametrize(("at", "verdict"), [(30, "unhealthy"), (-300, "healthy")])
def test_an_alarm_of_errors_is_unhealthy_for_as_long_as_the_longest_window(at: int, verdict: str) -> None:
    """A day; then it is history."""
    end = moment(START + at * PANE)
    alarm = {"id": "e", "model": MODEL, "version": NEW, "detector": "error_rate", "end": end, "words": "more errors"}
    assert verdict == gate(committed(rollout(), findings=[{**alarm, "cells": "[]", "length": PANE}]))[1]


def test_without_labels_health_is_drift() -> None:
    """Nobody could ever compare: so that is no reason to wait. The first version has no incumbent either."""
    assert (200, "healthy", {"drift": "healthy"}) == gate(rollout(), Settings())
    assert (200, "healthy", {"drift": "healthy"}) == gate(rollout(), path=HEALTH.replace(NEW, OLD))


def test_the_newest_number_with_enough_labels_stands_beside() -> None:
    """With its labels and its coverage."""
    found = answer(rollout(), HEALTH)
    number = found["performance"]
    assert ("2026-11-20T15:20:00Z", 400, 1.0, "mature") == tuple(
        number[name] for name in ("end", "labelled", "coverage", "status")
    )
    assert found["margin"] == pytest.approx(0.05 * found["comparison"]["incumbent"]["value"])


# ---- the page


def page(store: Store, settings: Settings | None = None, **params: str) -> str:
    """A model's page."""
    with asked(store, settings) as client:
        return client.get(f"/models/{MODEL}", params=params).text


def test_the_page_shows_versions_side_by_side() -> None:
    """The verdict, the difference as labels came, and whether the traffic is shared as meant."""
    shown = page(rollout((0.9, 0.85)), configured(v3=0.5, v4=0.5))
    assert "Versions side by side: 4 and 3" in shown
    assert '<span class="badge worse">worse</span>' in shown
    assert 'id="chart-difference"' in shown
    assert "the traffic is shared as it is meant to be" in shown


def test_the_page_of_one_version_says_nothing_of_it() -> None:
    """Also where the metric that was chosen cannot be compared, it is quiet about that."""
    assert "side by side" not in page(
        committed(MemoryStore(), plans=[{"id": "p", "model": MODEL}], windows=[window(OLD, 0)])
    )
    assert "accuracy of 4 less that of 3" in page(rollout(), metric="calibration_error")


@pytest.mark.parametrize(
    ("metric", "verdicts", "expected"),
    [
        ("latency_p95", ("worse", "well"), "healthy"),
        ("latency_p95", ("well", "worse"), "unhealthy"),
        ("error_rate", ("well", "worse"), "unhealthy"),
        ("latency_p95", ("worse", "unknown"), None),
        ("latency_mean", ("", ""), None),
    ],
)
def test_a_version_that_answers_surely_worse_is_unhealthy(
    metric: str, verdicts: tuple[str, str], expected: str | None
) -> None:
    """By its newest window, and not by that of another version; without a verdict nothing is said."""
    rows = [
        window(version, 50 + i, metric=metric, value=0.4, limit=0.3, verdict="worse" if version == OLD else verdict)
        for i, verdict in enumerate(verdicts)
        for version in (NEW, OLD)
    ]
    code, _, reasons = gate(committed(rollout(), service=rows))
    assert (expected, 503 if expected == "unhealthy" else 200) == (reasons.get("service"), code)


def abreast(cells: str, counts: tuple[list[list[int]], list[list[int]]], **other: object) -> MemoryStore:
    """A rollout with the labels of each common window in cells."""
    rows: list[Row] = []
    for version, of in zip((OLD, NEW), counts, strict=True):
        for i, each in enumerate(of):
            packed = zlib.compress(np.array(each, "<i4").tobytes())
            span = {"length": PANE, "end": moment(START + (i + 13) * PANE), "step": moment(START + (i + 14) * PANE)}
            rows.append({"model": MODEL, "version": version, **span, "cells": cells, "counts": packed, **other})
    return committed(rollout((0.9, 0.9)), abreast=rows)


def drawn(shares: list[float], windows: int = 28, n: int = 400, seed: int = 1) -> list[list[int]]:
    """Counts of windows."""
    return np.random.default_rng(seed).multinomial(n, shares, windows).tolist()


WELL, BADLY = [0.4, 0.05, 0.05, 0, 0.4, 0.05, 0, 0, 0.05], [0.3, 0.15, 0.05, 0, 0.4, 0.05, 0, 0, 0.05]


@pytest.mark.parametrize("metric", ["macro_f1", "macro_recall", "weighted_f1", "mcc", "kappa", "balanced_accuracy"])
def test_averages_over_classes_have_a_verdict(metric: str) -> None:
    """By confusion matrices of windows, also what two classes have as well."""
    for newer, verdict in ((WELL, "not yet known"), (BADLY, "worse")):
        found = answer(abreast('["a", "b"]', (drawn(WELL), drawn(newer, seed=2))), metric=metric)
        assert (verdict, 28, "greater") == (found["verdict"], found["windows"], found["better"])
        assert found["low"] < found["difference"] < found["high"]
        assert (found["candidate"]["labels"], found["since"]) == (28 * 400, "2026-11-20T13:00:00Z")


def test_average_precision_has_a_verdict_a_page_and_a_gate() -> None:
    """By scores of either label; a gate may ask for it."""
    bins = np.arange(258) / 257
    good, bad = ([*(0.8 * (1 - bins) ** p), *(0.2 * bins**p)] for p in (2, 0.5))
    two = drawn([x / sum(good) for x in good]), drawn([x / sum(bad) for x in bad], seed=2)
    store = abreast("scores", two)
    found = answer(store, metric="average_precision")
    assert ("worse", True) == (found["verdict"], found["words"].startswith("average_precision differs by -0."))
    assert 503 == gate(store, metric="average_precision")[0]
    with asked(store) as client:
        assert "average_precision of 4" in client.get(f"/models/{MODEL}?metric=average_precision").text
    few = answer(
        abreast("scores", (drawn([1.0] + [0.0] * 515), drawn([1.0] + [0.0] * 515))), metric="average_precision"
    )
    assert (None, True) == (few["low"], few["words"].startswith("20 labels of a class, or positives"))


def test_a_metric_of_ones_own_may_be_of_what_needs_cells() -> None:
    """As its own direction says; without one there is a difference, and no verdict."""
    one = [0.4, 0.3, 0.1] + [0.0] * 5 + [0.02, 0.08, 0.1] + [0.0] * 5
    other = [0.1, 0.3, 0.4] + [0.0] * 5 + [0.1, 0.08, 0.02] + [0.0] * 5
    store = abreast("scores", (drawn(one), drawn(other, seed=2)))
    settings = configured()
    for text, better, verdict in (
        ("1 - average_precision", {"short": "low"}, "worse"),
        ("lift / 10", {"short": "high"}, "worse"),
        ("2 * lift", {}, "not yet known"),
    ):
        model = replace(settings.patterns[0][1], metrics={"short": text}, better=better)
        asked = replace(settings, defaults=model, patterns=(("*", model),))
        found = answer(store, settings=asked, metric="short")
        assert verdict == found["verdict"], (text, found)
        assert found["low"] < found["difference"] < found["high"]
        assert found["low"] > 0 or found["high"] < 0


def test_versions_with_other_classes_are_not_compared_by_them() -> None:
    """Nor where no window has such cells."""
    words = "no 5m window has macro_f1 of both versions yet"
    assert words == answer(rollout(), metric="macro_f1")["words"]
    store = abreast('["a", "b"]', (drawn(WELL), []))
    other = [{"model": MODEL, "version": NEW, "length": PANE, "end": moment(START + 13 * PANE), "cells": '["a", "c"]'}]
    packed = zlib.compress(np.array(drawn(WELL, 1)[0], "<i4").tobytes())
    committed(store, abreast=[{**other[0], "counts": packed}])
    assert words == answer(store, metric="macro_f1")["words"]


def test_lists_are_compared_by_what_speaks_for_them() -> None:
    """The mean over queries of a rollout that has nothing else, though nobody named a metric."""
    random, rows = np.random.default_rng(4), list[Row]()
    for version, usual in ((OLD, 0.7), (NEW, 0.6)):
        rows += [told(version, i, "ndcg_at_10", float(random.normal(usual, 0.02)), 400) for i in range(28)]
    closed = [window(version, i) for version in (OLD, NEW) for i in range(28)]
    store = committed(MemoryStore(), plans=[{"id": "p", "model": MODEL}], windows=closed, performance=rows)
    found = answer(store)
    assert ("ndcg_at_10", "worse", 28) == (found["metric"], found["verdict"], found["windows"])
