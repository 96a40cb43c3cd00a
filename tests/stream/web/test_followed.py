"""What became of incidents: the runs that they asked for, how long all took, and whether it helped."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sinks import commit as tables
from sinks.commit import Columns, Commit, columns
from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.web.app import Served
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import (
    DRIFTING,
    DRIFTS_FROM,
    INCIDENT,
    N_PANES,
    PANE,
    START,
    TRIGGER,
    seeded_status,
    seeded_store,
)

ENDED = START + N_PANES * PANE  # event time when the run's end was heard of
WALL = np.datetime64("2026-11-20T17:00:00", "us")


def outcomes(*steps: tuple[str, str], since: int = ENDED) -> Columns:
    """Steps of runs, by target and state, a minute apart."""
    n = len(steps)
    rows: dict[str, Any] = {column.name: [""] * n for column in tables.OUTCOMES.columns}
    rows |= {"topic": ["o"] * n, "partition": [0] * n, "offset": range(n), "since": [since] * n}
    rows |= {"at": [WALL + np.timedelta64(i, "m") for i in range(n)], "id": [str(i) for i in range(n)]}
    rows |= {"trigger": [TRIGGER] * n, "incident": [INCIDENT] * n, "model": [DRIFTING] * n, "version": ["3"] * n}
    rows |= {"target": [target for target, _ in steps], "state": [state for _, state in steps]}
    rows |= {"external_id": ["run <17>"] * n, "link": ["https://airflow/17"] * n}
    return columns(tables.OUTCOMES, rows)


def later(n: int, verdict: str) -> Columns:
    """Windows after the run."""
    ends = START + (N_PANES + 1 + np.arange(n)) * PANE
    rows: dict[str, Any] = {column.name: [""] * n for column in tables.WINDOWS.columns}
    rows |= {"model": [DRIFTING] * n, "version": ["3"] * n, "length": [PANE] * n, "events": [400] * n}
    rows |= {"start": (ends - PANE) // 1_000, "end": ends // 1_000, "complete": [True] * n, "verdict": [verdict] * n}
    rows |= {name: rows[name].astype("datetime64[us]") for name in ("start", "end")}
    return columns(tables.WINDOWS, rows)


def serving(*commits: dict[str, Columns]) -> Served:
    """The seeded story, and what came after it."""
    store = seeded_store()
    for more in commits:
        store.write(Commit(store.last() + 1, more))
    return Served.of(store, seeded_status, Settings())


STEPS = (("airflow", "accepted"), ("airflow", "started"), ("hook", "failed"), ("airflow", "succeeded"))


@pytest.fixture
def client() -> Iterator[Client]:
    """Of an incident that two targets were asked for."""
    with client_over(serving({"outcomes": outcomes(*STEPS), "windows": later(6, "ok")})) as client:
        yield client


def incident(client: Client) -> dict[str, Any]:
    """The one that is open."""
    found: list[dict[str, Any]] = client.get("/v1/incidents", params={"model": DRIFTING}).json()["items"]
    return next(each for each in found if each["id"] == INCIDENT)


def test_an_incident_has_its_runs(client: Client) -> None:
    """Each with its newest state, and the times of its steps, in whatever order they came."""
    first, second = incident(client)["runs"]
    assert ("airflow", "succeeded", "run <17>") == (first["target"], first["state"], first["external_id"])
    times = [first[name] for name in ("accepted", "started", "ended")]
    assert ["2026-11-20T17:00:00Z", "2026-11-20T17:01:00Z", "2026-11-20T17:03:00Z"] == times
    assert ("hook", "failed", None) == (second["target"], second["state"], second["started"])


def test_an_incident_says_how_long_it_took(client: Client) -> None:
    """From where the change began; what is not over has no end."""
    one = incident(client)
    assert (2 * PANE / 1e9, None, None) == tuple(
        one[f"seconds_to_{phase}"] for phase in ("detect", "acknowledge", "recover")
    )
    old = client.get("/v1/incidents", params={"model": DRIFTING}).json()["items"][-1]
    assert old["seconds_to_recover"] == 5 * PANE / 1e9


def test_whether_it_helped_is_said_with_numbers(client: Client) -> None:
    """Windows until the run ended against those since."""
    said = incident(client)["helped"]
    drifted = N_PANES - DRIFTS_FROM
    assert ("better", "findings", "the run's end") == (said["verdict"], said["by"], said["after"])
    before, after = (said["answer"]["findings"][side] for side in ("before", "after"))
    assert (drifted, 6, 0) == (before["found"], after["windows"], after["found"])
    assert before["severity"] > 1
    assert f"findings in {drifted} of" in said["words"]


def test_without_an_end_nobody_asks_whether_it_helped() -> None:
    """And right after it nothing is known yet."""
    with client_over(serving({"outcomes": outcomes(*STEPS[:3])})) as client:
        assert incident(client)["helped"] is None
    with client_over(serving({"outcomes": outcomes(*STEPS)})) as client:
        said = incident(client)["helped"]
        assert ("not yet known", True) == (said["verdict"], "no window has been judged since" in said["words"])


def test_what_drifts_on_is_no_better() -> None:
    """As many windows as would have shown it."""
    with client_over(serving({"outcomes": outcomes(*STEPS), "windows": later(8, "drift")})) as client:
        assert "no difference" == incident(client)["helped"]["verdict"]


def test_the_page_shows_what_became_of_incidents(client: Client) -> None:
    """Words stay words; a link leads only where the web is."""
    page = client.get(f"/models/{DRIFTING}").text
    for words in (
        "Incidents",
        "Found after",
        "run &lt;17&gt;",
        'href="https://airflow/17"',
        "airflow: succeeded",
        "better",
    ):
        assert words in page
    steps = outcomes(("hook", "started"))
    odd = {**steps, "link": np.array(["javascript:alert(1)"], object)}
    with client_over(serving({"outcomes": odd})) as other:
        page = other.get(f"/models/{DRIFTING}").text
        assert "javascript:alert" not in page
        assert "hook: started (run &lt;17&gt;)" in page


def test_a_store_without_runs_says_nothing_of_them() -> None:
    """As before anybody dispatched."""
    with client_over(Served.of(MemoryStore(), seeded_status, Settings())) as client:
        assert [] == client.get("/v1/incidents").json()["items"]
