"""Estimates on the page, in the API and on /metrics: beside what labels said, or instead of it."""

import json
import re

import numpy as np
import pytest

from sinks.commit import ESTIMATES, RECONCILED, WEIGHTED, Columns, Commit, columns
from sinks.memory import MemoryStore
from stream.web.metrics import newest
from tests.stream.web.seeded import DRIFTING, HOUR, PANE, START, seeded_commit, seeded_status
from tests.stream.web.test_pages import client_of

N = 40


def estimates(metrics: tuple[str, ...] = ("accuracy", "recall")) -> Columns:
    """Some 5-minute windows of the seeded story."""
    ends = [np.datetime64((START + (i + 1) * PANE) // 1_000, "us") for i in range(N)]
    rows = [(end, metric) for end in ends for metric in metrics]
    n = len(rows)
    value = np.linspace(0.9, 0.7, n)
    return columns(
        ESTIMATES,
        {
            "model": [DRIFTING] * n, "version": ["3"] * n, "segment": [""] * n,
            "metric": [metric for _, metric in rows], "length": [PANE] * n,
            "start": [end - np.timedelta64(5, "m") for end, _ in rows], "end": [end for end, _ in rows],
            "basis": ["file train.parquet"] * n, "value": value,
            "chance": [0.02] * n, "shared": [0.01] * n, "low": value - 0.05, "high": value + 0.05, "n": [400] * n,
        },
    )  # fmt: skip


def store(*, labelled: bool) -> MemoryStore:
    """The seeded story with estimates, and with its labels or without them."""
    rows = dict(seeded_commit().tables) | {"estimates": estimates()}
    if not labelled:
        del rows["performance"]
    made = MemoryStore()
    made.write(Commit(1, rows))
    return made


def drawn(page: str, name: str) -> list[dict[str, object]]:
    """The traces of a chart."""
    found = re.search(rf'id="figure-{name}">(.*?)</script>', page)
    assert found, name
    return list(json.loads(found[1])["data"])


def test_the_api_tells_estimates_and_what_became_of_them() -> None:
    """Newest first, filtered as everything else."""
    made = store(labelled=True)
    row = {column.name: estimates()[column.name][-2:-1] for column in RECONCILED.columns if column.name in estimates()}
    more = {"step": row["end"], "status": ["mature"], "truth": [0.6], "outside": [True], "labelled": [333]}
    more["opinion"] = ["second"]
    made.write(Commit(2, {"reconciled": columns(RECONCILED, {**row, **more})}))
    with client_of(made, seeded_status()) as client:
        page = client.get(f"/v1/models/{DRIFTING}/estimates", params={"metric": "recall", "limit": 3}).json()
        (one,) = client.get(f"/v1/models/{DRIFTING}/reconciled").json()["items"]
        assert client.get(f"/v1/models/{DRIFTING}/estimates", params={"length": "1h"}).json()["items"] == []
        assert client.get("/v1/models/frud/estimates").status_code == 404
    assert [item["n"] for item in page["items"]] == [400] * 3
    assert page["items"][0]["end"] == "2026-11-20T15:20:00Z"
    assert page["items"][0]["basis"] == "file train.parquet"
    assert page["next"] == 3
    assert (one["outside"], one["truth"], one["length"], one["opinion"]) == (True, 0.6, "5m", "second")


def test_estimates_of_a_segment_are_asked_for_by_its_name() -> None:
    """In the API and on the page of the segment, which nobody has labelled."""
    made = store(labelled=True)
    names = np.full(2 * N, "country=FR", np.object_)
    made.write(Commit(2, {"estimates": {**estimates(), "segment": names, "value": estimates()["value"] / 2}}))
    with client_of(made, seeded_status()) as client:
        where = {"metric": "accuracy", "segment": "country=FR", "limit": 1}
        (one,) = client.get(f"/v1/models/{DRIFTING}/estimates", params=where).json()["items"]
        (whole,) = client.get(f"/v1/models/{DRIFTING}/estimates", params={**where, "segment": ""}).json()["items"]
        page = client.get(f"/models/{DRIFTING}", params={"segment": "country=FR"}).text
    assert (one["segment"], one["value"]) == ("country=FR", whole["value"] / 2)
    assert len(drawn(page, "performance_0")) == 3


def test_the_page_draws_the_estimate_under_what_labels_say() -> None:
    """Three traces of either, the limit, and a note that says which is which."""
    with client_of(store(labelled=True), seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}").text
    traces = drawn(page, "performance_0")
    assert [len(trace["x"]) for trace in traces] == [N] * 3 + [N - 1] * 4  # type: ignore[arg-type]  # lists
    assert traces[2]["line"] == {"color": "var(--quiet)", "width": 1.5, "dash": "dot"}
    assert len(drawn(page, "performance_2")) == 4  # nobody has estimated it
    assert "Dotted: estimated by scores or inputs, before labels." in page


def test_the_page_of_a_model_without_labels_shows_what_it_probably_does() -> None:
    """Before any label: the estimates alone, in words too."""
    with client_of(store(labelled=False), seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}").text
    assert len(drawn(page, "performance_0")) == 3
    assert "accuracy is probably 0.703 (0.653 to 0.753), of 400 predictions, in the window to" in page


@pytest.mark.parametrize("labelled", [True, False])
def test_metrics_tell_the_newest_estimate(labelled: bool) -> None:
    """With its interval, whether labels have come or not, and after a restart as before."""
    made = store(labelled=labelled)
    with client_of(made, seeded_status()) as client:
        lines = client.get("/metrics").text.splitlines()
    told = [line for line in lines if line.startswith("driftline_performance_estimate")]
    about = f'metric="accuracy",model="{DRIFTING}",version="3",window="5m"'
    assert told[0].startswith(f"driftline_performance_estimate{{{about}}} 0.702")
    assert len(told) == 6
    assert len(newest(made, (PANE, HOUR)).tables["estimates"]["end"]) == 2 * N


def weighted(*, apart: bool = False, why: str = "") -> Columns:
    """A second opinion on the same windows; the last one may differ, or not be known."""
    first = estimates()
    n = len(first["value"])
    value = first["value"] - 0.1
    worth = {"labelled": [4_096] * n, "effective": [1_234.5] * n, "covered": [0.99] * n}
    last = np.arange(n) >= n - 2
    if why:
        value = np.where(last, np.nan, value)
    numbers = {"value": value, "low": value - 0.05, "high": value + 0.05}
    said = {"apart": last & apart, "why": [why if each else "" for each in last.tolist()]}
    return columns(WEIGHTED, {**first, **numbers, **worth, **said})


def test_the_second_opinion_stands_beside_the_estimate() -> None:
    """On the page one trace more, and words only where it differs; in the API its own list."""
    made = store(labelled=False)
    made.write(Commit(2, {"weighted": weighted(apart=True)}))
    with client_of(made, seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}").text
        found = client.get(f"/v1/models/{DRIFTING}/weighted", params={"metric": "accuracy", "limit": 2}).json()
    traces = drawn(page, "performance_0")
    assert len(traces) == 4
    assert traces[3]["marker"]["opacity"] == [0] * (N - 1) + [1]  # type: ignore[index]  # plain data
    assert "By its inputs alone accuracy is probably 0.603 (0.553 to 0.653), which surely differs from what its" in page
    assert "a second opinion, by the inputs alone" in page
    assert [item["apart"] for item in found["items"]] == [True, False]
    assert found["items"][0]["effective"] == 1_234.5


def test_a_second_opinion_that_does_not_differ_needs_no_words() -> None:
    """It is drawn."""
    made = store(labelled=True)
    made.write(Commit(2, {"weighted": weighted()}))
    with client_of(made, seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}").text
    assert len(drawn(page, "performance_0")) == 8
    assert "By its inputs alone" not in page


def test_why_there_is_no_second_opinion_is_said() -> None:
    """On the page and in the API; its numbers are null."""
    rows = dict(seeded_commit().tables) | {"weighted": weighted(why="12.0% of amount lies elsewhere")}
    del rows["performance"]
    made = MemoryStore()
    made.write(Commit(1, rows))
    with client_of(made, seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}").text
        (one,) = client.get(f"/v1/models/{DRIFTING}/weighted", params={"limit": 1}).json()["items"]
    assert "By its inputs alone nobody knows: 12.0% of amount lies elsewhere, in the window to" in page
    assert (one["value"], one["why"]) == (None, "12.0% of amount lies elsewhere")


def test_the_page_says_how_often_the_truth_was_outside() -> None:
    """Of the last windows that had enough labels; of a window the newest word counts."""
    made = store(labelled=True)
    rows = {name: np.repeat(column[-8::2], 2) for name, column in estimates().items() if name != "n"}
    rows = {column.name: rows[column.name] for column in RECONCILED.columns if column.name in rows}
    outside = [True, False, False, True, True, True, False, False]  # each window was told twice
    more = {"step": rows["end"] + np.tile(np.array([5, 10], "timedelta64[m]"), 4), "status": ["mature"] * 8}
    more |= {"truth": [0.6] * 8, "outside": outside, "labelled": [333] * 8, "opinion": ["first"] * 8}
    made.write(Commit(2, {"reconciled": columns(RECONCILED, {**rows, **more})}))
    with client_of(made, seeded_status()) as client:
        page = client.get(f"/models/{DRIFTING}", params={"length": "5m"}).text
    assert "Lately accuracy was 2 of 4 times outside the interval of the estimate, as labels showed." in page
