"""Two-sample tests of windows, in the API and on the page."""

from collections.abc import Iterator

import numpy as np
import pytest

from sinks.commit import DRIFT, TESTED, Commit, columns
from stream.config.settings import Settings
from stream.web.app import Served
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import DRIFTING, HOUR, PANE, seeded_status, seeded_store

PATH = f"/v1/models/{DRIFTING}/tested"
NOTE = "Chances take events to be independent; they decide no verdict."
TESTS = (
    ("amount", "ks", 0.3, 1e-9, ""),
    ("", "classifier", 0.6, 0.01, "amount 80%, <b> 20%"),
    ("", "pca", 0.1, np.nan, "n 9%"),
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The application over a store in which one model's amounts are tested, and all of its features together."""
    store = seeded_store()
    found = store.select(DRIFT, where={"model": DRIFTING, "feature": "amount", "segment": ""})
    told: dict[str, list[object]] = {column.name: [] for column in TESTED.columns}
    for i in range(len(found["end"])):
        for feature, test, effect, p, words in TESTS:
            about = {name: found[name][i] for name in ("model", "version", "length", "start", "end")}
            about |= {"feature": feature, "test": test, "statistic": 2 * effect, "p": p, "effect": effect}
            for name, value in (about | {"n": 480, "n_reference": 500, "words": words}).items():
                told[name].append(value)
    store.write(Commit(store.last() + 1, {"tested": columns(TESTED, told)}))
    with client_over(Served.of(store, seeded_status, Settings())) as client:
        yield client


def test_the_api_has_them(client: Client) -> None:
    """Newest first, filtered, page by page; those of all features have none."""
    found = client.get(PATH, params={"test": "ks", "length": "1h", "limit": 2}).json()
    assert [("ks", 0.3, "1h")] * 2 == [(one["test"], one["effect"], one["length"]) for one in found["items"]]
    assert found["items"][0]["end"] > found["items"][1]["end"]
    together = client.get(PATH, params={"feature": "", "length": "1h", "limit": 2}).json()["items"]
    assert {"classifier": 0.01, "pca": None} == {one["test"]: one["p"] for one in together}
    assert 404 == client.get("/v1/models/nobody/tested").status_code


@pytest.mark.parametrize("length", [PANE, HOUR])
def test_the_page_shows_them_below_the_feature(client: Client, length: int) -> None:
    """Its own, and those of all; what moved them is text, whatever a feature is called."""
    spelled = "1h" if length == HOUR else "5m"
    page = client.get(f"/models/{DRIFTING}?feature=amount&length={spelled}").text
    assert "<td>ks</td><td>0.3</td><td>below 0.0001</td><td>480</td><td>500</td>" in page
    assert (
        "<td>classifier</td><td>0.6</td><td>0.0100</td><td>480</td><td>500</td><td>amount 80%, &lt;b&gt; 20%</td>"
        in page
    )
    assert "<td>pca</td><td>0.1</td><td>not known</td>" in page
    assert 1 == page.count(NOTE)
    other = client.get(f"/models/{DRIFTING}?feature=age&length={spelled}").text
    assert "<td>classifier</td>" in other
    assert "<td>ks</td>" not in other
