"""Of all that was told of a window its newest revision counts: in the API, page by page, and on the first page."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import numpy as np
import pytest

from sinks.commit import MET, PERFORMANCE, Columns, Commit, Store, columns
from sinks.duck import DuckStore
from sinks.memory import MemoryStore
from stream.config.settings import HOUR, MINUTE, Settings
from stream.web.app import Served
from stream.web.filters import Span
from stream.web.page.status import Model, Status
from stream.web.performance import matured
from stream.web.performance.revisions import revised
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import DRIFTING, METRICS, N_PANE, N_PANES, WELL, seeded_status, seeded_store

NOON = np.datetime64("2026-11-20T12:00:00", "us")
USUAL = {
    "model": "fraud", "version": "3", "segment": "", "metric": "accuracy", "length": HOUR, "start": NOON, "end": NOON,
    "step": NOON, "status": "mature", "value": 0.9, "error": 0.01, "low": 0.88, "high": 0.92, "predicted": 100,
    "repeats": 4, "labelled": 85,
    "rate": 1.0, "bound": 0.0, "reference": 0.92, "limit": 0.85, "baseline": 0.6, "verdict": "well",
}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The application over the seeded story."""
    with client_over(Served.of(seeded_store(), seeded_status, Settings())) as client:
        yield client


@pytest.fixture(scope="module", params=["memory", "duck"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Both stores, with the same rows."""
    made = MemoryStore() if request.param == "memory" else DuckStore(tmp_path_factory.mktemp("duck") / "many.duckdb")
    yield many(made)
    made.close()


def rows(*told: Mapping[str, object]) -> Columns:
    """Numbers that say only what a test is about."""
    return columns(PERFORMANCE, {name: [row.get(name, usual) for row in told] for name, usual in USUAL.items()})


def store_of(*told: Mapping[str, object]) -> MemoryStore:
    """A store in which these were told."""
    store = MemoryStore()
    store.write(Commit(1, {"performance": rows(*told)}))
    return store


def many(store: Store, seed: int = 3) -> Store:
    """Windows that were told up to forty times, in two Commits."""
    random = np.random.default_rng(seed)
    told = [
        {"end": NOON + np.timedelta64(5 * i, "m"), "step": NOON + np.timedelta64(5 * (i + j), "m"), "metric": metric}
        | {"labelled": j, "version": version}
        for i in range(12)
        for version in ("3", "4")
        for metric in ("accuracy", "recall")
        for j in range(random.integers(1, 40))
    ]
    for number, part in enumerate((told[::2], told[1::2]), start=1):
        store.write(Commit(number, {"performance": rows(*part)}))
    return store


def by_loop(store: Store) -> list[tuple[object, ...]]:
    """The newest revision of each number, found by looking at all of them, newest windows first."""
    newest: dict[tuple[object, ...], tuple[object, ...]] = {}
    found = store.select(PERFORMANCE)
    for end, version, metric, step, labelled in zip(
        *(found[name].tolist() for name in ("end", "version", "metric", "step", "labelled")), strict=True
    ):
        key = (end, version, metric)
        newest[key] = max(newest.get(key, (step, labelled)), (step, labelled))
    return sorted(((*key, labelled) for key, (_, labelled) in newest.items()), reverse=True)


@pytest.mark.parametrize("limit", [1, 3, 7, 48, 1_000])
def test_pages_hold_each_number_once_in_its_newest_revision(limit: int, store: Store) -> None:
    """However the rows are cut into pages."""
    found, offset = [], 0
    while offset is not None:
        page, offset = revised(store, {}, Span(None, None, limit, offset))
        assert len(page) <= limit
        found += page
    told = [(each.end.replace(tzinfo=None), each.version, each.metric, each.labelled) for each in found]
    assert by_loop(store) == told


def test_a_page_may_begin_anywhere() -> None:
    """An older revision is never taken for the newest, also where rows have come since the page before."""
    store = many(MemoryStore())
    whole = {(each.end, each.version, each.metric): each for each in revised(store, {}, Span(None, None, 1_000, 0))[0]}
    for offset in range(1, 90):
        for each in revised(store, {}, Span(None, None, 2, offset))[0]:
            assert whole[each.end, each.version, each.metric] == each


def test_a_window_is_told_as_its_newest_revision_has_it(client: Client) -> None:
    """What came later replaces what was said before: the oldest windows are final, the newest provisional."""
    params = {"metric": "accuracy", "length": "5m", "limit": 1000}
    items = client.get(f"/v1/models/{DRIFTING}/performance", params=params).json()["items"]
    by_status = [sum(item["status"] == status for item in items) for status in ("provisional", "mature", "final")]
    assert (by_status, [items[0]["end"], items[-1]["end"]]) == (
        [7, 16, N_PANES - 24],
        ["2026-11-20T15:15:00Z", "2026-11-20T12:05:00Z"],
    )


def test_a_number_says_what_it_rests_on(client: Client) -> None:
    """Its interval, and how many of the predictions have a label."""
    params = {"metric": "mae", "length": "1h", "limit": 1, "until": "2026-11-20T14:30:00Z"}
    (item,) = client.get(f"/v1/models/{WELL}/performance", params=params).json()["items"]
    assert item["low"] < item["value"] < item["high"]
    told = (item["status"], item["labelled"], item["predicted"], item["coverage"])
    assert told == ("mature", 85 * 12 * N_PANE // 100, 12 * N_PANE, 0.85)


def test_filters_and_spans_hold(client: Client) -> None:
    """All metrics of one window; none of a version that there is not."""
    span = {"since": "2026-11-20T13:00:00Z", "until": "2026-11-20T13:05:00Z", "length": "5m", "version": "3"}
    path = f"/v1/models/{DRIFTING}/performance"
    items = client.get(path, params=span | {"segment": ""}).json()["items"]
    assert set(METRICS[DRIFTING]) == {item["metric"] for item in items}
    assert client.get(path, params=span | {"version": "9"}).json()["items"] == []


def test_a_segment_has_no_coverage() -> None:
    """Its predictions are not counted: null, not minus one."""
    store = store_of({"segment": "country=FR", "predicted": -1, "labelled": 17, "high": np.inf})
    with client_over(Served.of(store, lambda: Status(models=(Model("fraud"),)), Settings())) as client:
        (item,) = client.get("/v1/models/fraud/performance").json()["items"]
    assert (item["predicted"], item["coverage"], item["labelled"], item["high"]) == (None, None, 17, None)


def test_a_number_of_a_sample_says_so() -> None:
    """Its coverage is of the ids that are in it."""
    store = store_of({"rate": 0.125, "predicted": 100})
    with client_over(Served.of(store, lambda: Status(models=(Model("fraud"),)), Settings())) as client:
        (item,) = client.get("/v1/models/fraud/performance").json()["items"]
    assert (item["rate"], item["predicted"], item["coverage"]) == (0.125, 100, 0.85)


def test_fates_of_labels_are_told_step_by_step(client: Client) -> None:
    """Newest first, with every column of the table."""
    page = client.get(f"/v1/models/{WELL}/labels", params={"limit": 2}).json()
    assert [item["step"] for item in page["items"]] == ["2026-11-20T15:20:00Z", "2026-11-20T15:15:00Z"]
    assert (page["next"], page["items"][0].keys()) == (2, {column.name for column in MET.columns})


@pytest.mark.parametrize("name", ["team/fraud", "50 % off?", "100%25", "Übung#1"])
@pytest.mark.parametrize("what", ["performance", "labels"])
def test_every_model_has_an_address(name: str, what: str) -> None:
    """A slash is written twice escaped, because the first writing is undone before the address is looked at."""
    with client_over(Served.of(MemoryStore(), lambda: Status(models=(Model(name),)), Settings())) as client:
        written = quote(quote(name, safe="") if "/" in name else name, safe="")
        address = quote(written, safe="")  # because this client undoes it once more than a server
        assert client.get(f"/v1/models/{address}/{what}").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/v1/models/frud/performance", 404, "There is no model 'frud'; did you mean 'fraud'?"),
        ("/v1/models/fraud/performance?metrik=mae", 400, "There is no filter 'metrik' here; did you mean 'metric'?"),
        ("/v1/models/fraud/labels?length=5m", 400, "There is no filter 'length' here; there are "),
    ],
)
def test_refusals_are_sentences(client: Client, path: str, status: int, sentence: str) -> None:
    """As everywhere in the API."""
    answer = client.get(path)
    assert (status, True) == (answer.status_code, answer.json()["error"].startswith(sentence))


def test_a_window_that_lost_its_labels_speaks_no_more() -> None:
    """One that was mature once and had labels taken back is provisional: its newest revision says so."""
    again = {"step": NOON + np.timedelta64(1, "h"), "status": "provisional", "labelled": 60}
    assert matured.matured(store_of({}), ["fraud"])["fraud"].labelled == 85
    assert matured.matured(store_of({}, again), ["fraud"]) == {}


def test_the_shortest_of_the_windows_that_end_last_speaks() -> None:
    """So that the number does not change its kind at each full hour."""
    told = [{"length": length * MINUTE, "labelled": length} for length in (1_440, 5, 60)]
    assert matured.matured(store_of(*told), ["fraud"])["fraud"].length == "5m"


def test_nobody_is_crowded_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose labels take a week is told of beside those whose labels are there at once."""
    monkeypatch.setattr(matured, "NEWEST", 4)
    slow = {"model": "slow", "end": NOON - np.timedelta64(7, "D")}
    quick = [{"end": NOON - np.timedelta64(i, "h")} for i in range(9)]
    assert matured.matured(store_of(slow, *quick), ["fraud", "slow"]).keys() == {"fraud", "slow"}
