"""Distances that judge nothing, in the API and on the page."""

from collections.abc import Iterator

import pytest

from sinks.commit import DRIFT, EFFECTS, Commit, columns
from stream.config.settings import Settings
from stream.web.app import Served
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import DRIFTING, HOUR, PANE, seeded_status, seeded_store

PATH = f"/v1/models/{DRIFTING}/effects"
NOTE = "How large the change is by other distances; they judge nothing."


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The application over a store in which one model's amounts are measured in two more ways."""
    store = seeded_store()
    found = store.select(DRIFT, where={"model": DRIFTING, "feature": "amount"})
    names = ("model", "version", "segment", "feature", "length", "start", "end")
    told = {name: [*found[name], *found[name]] for name in names}
    n = len(found["end"])
    told |= {"measure": ["hellinger"] * n + ["wasserstein_by_range"] * n, "value": [0.25] * n + [0.123456] * n}
    store.write(Commit(store.last() + 1, {"effects": columns(EFFECTS, told)}))
    with client_over(Served.of(store, seeded_status, Settings())) as client:
        yield client


def test_the_api_has_them(client: Client) -> None:
    """Newest first, filtered, page by page."""
    found = client.get(PATH, params={"measure": "hellinger", "length": "1h", "limit": 2}).json()
    assert [("hellinger", 0.25, "1h")] * 2 == [(one["measure"], one["value"], one["length"]) for one in found["items"]]
    assert found["items"][0]["end"] > found["items"][1]["end"]
    assert 2 == found["next"]
    assert [] == client.get(PATH, params={"feature": "age"}).json()["items"]
    assert 404 == client.get("/v1/models/nobody/effects").status_code
    assert 400 == client.get(PATH, params={"distance": "hellinger"}).status_code


@pytest.mark.parametrize("length", [PANE, HOUR])
def test_the_page_shows_them_beside_the_others(client: Client, length: int) -> None:
    """Of the feature that is looked at, in the newest window; nothing where none are kept."""
    spelled = "1h" if length == HOUR else "5m"
    page = client.get(f"/models/{DRIFTING}?feature=amount&length={spelled}").text
    assert "<dt>wasserstein by range</dt><dd>0.1235</dd>" in page
    assert 1 == page.count(NOTE)
    assert NOTE not in client.get(f"/models/{DRIFTING}?feature=age&length={spelled}").text
