"""How services answered, in the API and on the page."""

from collections.abc import Iterator

import numpy as np
import pytest

from sinks.commit import SERVICE, Commit, columns
from sinks.memory import MemoryStore
from stream.config.settings import HOUR, Settings
from stream.web.api.served import service_of
from stream.web.app import Served
from stream.web.page.html import Html
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import DRIFTING, seeded_status

NOON = np.datetime64("2026-11-20T12:00:00", "us")
USUAL = {
    "model": DRIFTING, "version": "3", "metric": "latency_p95", "length": HOUR, "n": 900, "value": 31.0, "low": 30.0,
    "high": float("inf"), "reference": 25.0, "n_reference": 4_096, "limit": 29.5, "verdict": "worse",
}  # fmt: skip


def store() -> MemoryStore:
    """Three hours of one model."""
    told = [
        USUAL | {"start": NOON + np.timedelta64(i - 1, "h"), "end": NOON + np.timedelta64(i, "h")} | more
        for i in range(3)
        for more in ({}, {"metric": "traffic", "version": "", "verdict": "well"}, {"metric": "error_rate"})
    ]
    made = MemoryStore()
    made.write(Commit(1, {"service": columns(SERVICE, {name: [row[name] for row in told] for name in told[0]})}))
    return made


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The application over them."""
    with client_over(Served.of(store(), seeded_status, Settings())) as client:
        yield client


def test_the_api_says_how_services_answered(client: Client) -> None:
    """Newest first, filtered, page by page; what is infinite is null."""
    path = f"/v1/models/{DRIFTING}/service"
    found = client.get(path, params={"metric": "latency_p95", "verdict": "worse", "limit": 2}).json()
    assert ["2026-11-20T14:00:00Z", "2026-11-20T13:00:00Z"] == [each["end"] for each in found["items"]]
    assert 2 == found["next"]
    first = found["items"][0]
    assert (31.0, 30.0, None, 29.5, "1h") == tuple(first[name] for name in ("value", "low", "high", "limit", "length"))
    assert [""] * 3 == [each["version"] for each in client.get(path, params={"metric": "traffic"}).json()["items"]]
    assert [] == client.get(path, params={"version": "9"}).json()["items"]


def test_what_is_unknown_is_refused(client: Client) -> None:
    """A model, a verdict."""
    assert 404 == client.get("/v1/models/nobody/service").status_code
    assert 400 == client.get(f"/v1/models/{DRIFTING}/service", params={"verdict": "drift"}).status_code


def test_the_page_draws_what_there_is() -> None:
    """A chart of latencies, one of failures, one of the traffic of all versions; without any, it says so."""
    section: Html = service_of(store(), DRIFTING, "3", HOUR)
    assert 3 == str(section).count("<h3>")
    assert "latency_p95 31 (30 to ?), 25 before: worse" in str(section)
    assert "No window of this kind has closed yet" in str(service_of(store(), DRIFTING, "3", HOUR * 24))
