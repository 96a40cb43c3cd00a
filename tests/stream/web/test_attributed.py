"""Attributions of windows, in the API, on the page and in /metrics."""

from collections.abc import Iterator

import numpy as np
import pytest

from sinks.commit import ATTRIBUTIONS, DRIFT, Commit, columns
from stream.config.settings import Settings
from stream.web.app import Served
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import DRIFTING, seeded_status, seeded_store

WORDS = "amount from 1st to 4th, <b> from 2nd to 1st"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The application over a store in which one model makes ever less of the same features."""
    store = seeded_store()
    found = store.select(DRIFT, where={"model": DRIFTING, "feature": "amount", "segment": ""}, order=("end",))
    told: dict[str, list[object]] = {column.name: [] for column in ATTRIBUTIONS.columns}
    for i in range(len(found["end"])):
        newest = found["end"][i] == found["end"][found["length"] == found["length"][i]].max()
        about = {name: found[name][i] for name in ("model", "version", "length", "start", "end")}
        about |= {"ndcg": 0.712 if newest else np.nan, "at_most": 0.82 if newest else np.nan, "least": 0.9}
        about |= {"n": 1480, "n_reference": 500, "verdict": "drift" if newest else "unknown"}
        for name, value in (about | {"words": WORDS if newest else ""}).items():
            told[name].append(value)
    store.write(Commit(store.last() + 1, {"attributions": columns(ATTRIBUTIONS, told)}))
    with client_over(Served.of(store, seeded_status, Settings())) as client:
        yield client


def test_the_api_has_them(client: Client) -> None:
    """Newest first; null where it is not known."""
    path = f"/v1/models/{DRIFTING}/attributions"
    found = client.get(path, params={"length": "1h", "limit": 2}).json()["items"]
    assert [(0.712, 0.82, "drift", WORDS), (None, None, "unknown", "")] == [
        (one["ndcg"], one["at_most"], one["verdict"], one["words"]) for one in found
    ]
    assert 404 == client.get("/v1/models/nobody/attributions").status_code


def test_the_page_shows_them(client: Client) -> None:
    """What moved is text, whatever a feature is called; of a model without attributions there is nothing."""
    page = client.get(f"/models/{DRIFTING}?length=1h").text
    assert "<td>0.712</td><td>0.820</td><td>0.9</td><td>1,480</td>" in page
    assert "&lt;b&gt; from 2nd to 1st" in page


def test_metrics_have_the_newest(client: Client) -> None:
    """Its agreement and verdict."""
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith("driftline_attribution")]
    assert any(line.startswith("driftline_attribution_ndcg{") and line.endswith("} 0.712") for line in lines)
    assert any(line.startswith("driftline_attribution_verdict{") and line.endswith("} 1.0") for line in lines)
