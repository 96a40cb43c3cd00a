"""The API says what the store holds, page by page, and refuses what it does not understand with a sentence."""

import re
from collections.abc import Iterator

import pytest

from sinks.commit import Commit, StoreFailed
from sinks.memory import MemoryStore
from sinks.prometheus import Exporter
from stream.config.settings import Settings
from stream.web.app import API, Served
from stream.web.page.status import Status
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import (
    DRIFTING,
    INCIDENT,
    LEARNING,
    N_PANES,
    TRIGGER,
    WELL,
    WORDS,
    seeded_commit,
    seeded_status,
    seeded_store,
)


class Broken(MemoryStore):
    """A store whose disk is full."""

    def select(self, *_: object, **__: object) -> dict[str, object]:
        """Fail as the real one does."""
        raise StoreFailed("no space left on device")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The application over the seeded story."""
    with client_over(Served.of(seeded_store(), seeded_status, Settings())) as client:
        yield client


def client_of(store: MemoryStore, status: Status) -> Client:
    """The application over another store and status."""
    return client_over(Served.of(store, lambda: status, Settings()))


def test_models_are_listed_with_their_state(client: Client) -> None:
    """A planted drift is drifting, a quiet model is well, a new one is learning."""
    items = client.get("/v1/models").json()["items"]
    expected = {WELL: "well", DRIFTING: "drifting", LEARNING: "learning"}
    assert expected == {item["name"]: item["state"] for item in items}


def test_a_model_shows_what_its_state_rests_on(client: Client) -> None:
    """The newest window, the open incident and the last trigger stand beside the state."""
    (item,) = client.get("/v1/models", params={"model": DRIFTING}).json()["items"]
    shown = (item["last_window"]["end"], item["incident"]["id"], item["incident"]["closed"], item["last_trigger"])
    assert shown == ("2026-11-20T15:20:00Z", INCIDENT, None, "2026-11-20T14:40:00Z")


def test_drift_without_an_incident_is_suspect() -> None:
    """One window over its limit is no alarm yet, and no all-clear either."""
    whole = seeded_commit()
    store = MemoryStore()
    store.write(Commit(1, {name: rows for name, rows in whole.tables.items() if name in ("windows", "plans")}))
    with client_of(store, Status()) as client:
        items = client.get("/v1/models").json()["items"]
        pages = [client.get(path).text for path in ("/", f"/models/{DRIFTING}")]
    states = {item["name"]: (item["state"], item["suspect_in"]) for item in items}
    assert states[DRIFTING] == ("suspect", ["5m", "1h"])
    assert states[WELL] == ("well", [])
    assert ["drift in its newest 5m and 1h window" in page for page in pages] == [True, True]


def test_windows_page_without_gaps_or_repeats(client: Client) -> None:
    """Following `next` visits every window once, newest first."""
    ends: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = client.get("/v1/windows", params={"model": WELL, "length": "5m", "limit": 7, "offset": offset}).json()
        ends += [item["end"] for item in page["items"]]
        offset = page["next"]
    assert (N_PANES, sorted(set(ends), reverse=True)) == (len(ends), ends)


def test_a_stretch_of_event_time_is_half_open(client: Client) -> None:
    """`since` is part of the stretch, `until` is not."""
    span = {"since": "2026-11-20T13:00:00Z", "until": "2026-11-20T13:10:00Z", "length": "5m", "model": WELL}
    items = client.get("/v1/windows", params=span).json()["items"]
    assert [item["end"] for item in items] == ["2026-11-20T13:05:00Z", "2026-11-20T13:00:00Z"]


def test_verdicts_filter_windows(client: Client) -> None:
    """Only windows with the verdict asked for are given."""
    items = client.get("/v1/windows", params={"verdict": "drift", "length": "1h"}).json()["items"]
    assert [(item["model"], item["end"]) for item in items] == [(DRIFTING, "2026-11-20T15:00:00Z")]


def test_undefined_numbers_are_null(client: Client) -> None:
    """A category has no Kolmogorov-Smirnov distance, which JSON can only say as null."""
    params = {"model": WELL, "feature": "country", "limit": 1}
    (point,) = client.get("/v1/series", params=params).json()["items"]
    assert (point["kolmogorov_smirnov"], point["mean"]) == (None, None)


def test_findings_carry_their_words_and_cells(client: Client) -> None:
    """A finding says what changed, to people and to programs."""
    (finding,) = client.get("/v1/findings", params={"model": DRIFTING, "limit": 1}).json()["items"]
    cell = {"cell": "above 812.4", "reference": 0.02, "now": 0.61, "contribution": 2.1}
    assert (WORDS, [cell], INCIDENT) == (finding["words"], finding["cells"], finding["incident"])
    assert ("2026-11-20T14:30:00Z", "broken pipeline") == (finding["began"], finding["cause"])


def test_incidents_have_a_beginning_and_an_end(client: Client) -> None:
    """An opening and its closing are one incident."""
    items = client.get("/v1/incidents", params={"model": DRIFTING}).json()["items"]
    expected = [("2026-11-20T14:40:00Z", None), ("2026-11-20T12:25:00Z", "2026-11-20T12:50:00Z")]
    assert expected == [(item["opened"], item["closed"]) for item in items]


def test_triggers_carry_their_message_and_delivery(client: Client) -> None:
    """The CloudEvent is given as it was sent, with whether a broker has it."""
    (trigger,) = client.get("/v1/triggers").json()["items"]
    assert (trigger["message"], trigger["delivered"]) == (
        {"specversion": "1.0", "id": TRIGGER, "subject": DRIFTING},
        True,
    )


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/v1/windows?lenght=5m", 400, "There is no filter 'lenght' here; did you mean 'length'?"),
        ("/v1/windows?length=5x", 400, "length: '5x' is not a duration such as 500ms, 30s, 5m, 1h or 7d"),
        ("/v1/windows?limit=1001", 400, "limit: Expected `int` <= 1000"),
        ("/v1/windows?offset=-1", 400, "offset: Expected `int` >= 0"),
        ("/v1/windows?since=noon", 400, "since: Invalid RFC3339 encoded datetime"),
        ("/v1/windows?verdict=bad", 400, "verdict: Invalid enum value 'bad'"),
        ("/v1/windows?model=frud", 404, "There is no model 'frud'; did you mean 'fraud'?"),
        ("/v1/series", 400, "model: say which model, such as ?model=fraud&feature=amount"),
        (
            "/v1/windows?since=2026-11-20T13:00:00Z&until=2026-11-20T12:00:00Z",
            400,
            "until: it lies before since, so nothing can be found",
        ),
    ],
)
def test_refusals_are_sentences(client: Client, path: str, status: int, sentence: str) -> None:
    """Whatever is wrong with a request is said, with the nearest name that there is."""
    answer = client.get(path)
    assert (status, {"status": status, "error": sentence}) == (answer.status_code, answer.json())


def test_every_route_is_described(client: Client) -> None:
    """OpenAPI knows each route with a typed answer, and nothing is loaded from elsewhere to read it."""
    paths = client.get("/schema").json()["paths"]
    described = {
        path for path, item in paths.items() if "schema" in str(item.get("get", item.get("post"))["responses"])
    }
    assert {re.sub(r":\w+}", "}", path) for handler in API for path in handler.paths} <= described


def test_a_store_that_fails_is_the_worlds_fault() -> None:
    """503 says: try again."""
    with client_over(Served.of(Broken(), Status, Settings(), Exporter())) as client:
        answer = client.get("/v1/windows")
        page = client.get("/", headers={"accept": "text/html"})
    sentence = "The store does not answer: no space left on device"
    assert (answer.status_code, answer.json()["error"]) == (503, sentence)
    assert (page.status_code, f"<p>{sentence} " in page.text) == (503, True)  # a person gets a page


def test_readiness_gives_its_reason() -> None:
    """A service that cannot read is alive but not ready, and says why."""
    with client_of(MemoryStore(), Status(problem="the broker kafka:9092 does not answer")) as client:
        answers = [client.get(path) for path in ("/health/live", "/health/ready")]
    assert [answer.status_code for answer in answers] == [200, 503]
    assert answers[1].json()["error"] == "the broker kafka:9092 does not answer"


def test_a_restarted_service_shows_its_last_windows_to_prometheus(client: Client) -> None:
    """What the store holds is on /metrics before the first Commit of the new process."""
    labels = 'detector="psi",feature="amount",model="fraud",version="3"'
    expected = [f'driftline_drift_value{{{labels},window="{length}"}} 2.4' for length in ("1h", "5m")]
    lines = client.get("/metrics").text.splitlines()
    assert expected == sorted(line for line in lines if f"value{{{labels}" in line)
    covered = [
        f'driftline_label_coverage{{model="fraud",version="3",window="{length}"}} 0.15' for length in ("1h", "5m")
    ]
    assert covered == sorted(line for line in lines if line.startswith('driftline_label_coverage{model="fraud'))
