"""Controls by HTTP: who knows the token puts a record onto the topic, and everybody sees what is in force."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from sinks import commit as tables
from sinks.commit import Commit, columns
from sinks.memory import MemoryStore
from stream.config.settings import Settings
from stream.controls.asked import parsed
from stream.controls.control import Controls
from stream.web.api.speaking import Door, Unsent
from stream.web.app import Served
from stream.web.page.status import Status
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import DRIFTING, INCIDENT, WELL, seeded_status, seeded_store

TOKEN = "a token of a test"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}
PAUSE = {"kind": "pause", "model": WELL, "who": "ada"}
T = 1_000_000_000


class Topic:
    """What has arrived."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, dict[str, Any]]] = []
        self.down = False

    async def send(self, key: bytes, value: bytes) -> None:
        """Take a message, or not."""
        if self.down:
            raise Unsent("no broker answers")
        self.messages.append((key, json.loads(value)))


@pytest.fixture
def topic() -> Topic:
    """An empty one."""
    return Topic()


@pytest.fixture
def client(topic: Topic) -> Iterator[Client]:
    """A service that has a token."""
    served = Served.of(seeded_store(), seeded_status, Settings(), door=Door(TOKEN, topic.send))
    with client_over(served) as client:
        yield client


def test_a_control_goes_to_the_topic_and_gets_an_id(client: Client, topic: Topic) -> None:
    """Keyed by its model, so that those of a model keep their order; an id of its own stays."""
    answer = client.post("/v1/control", json=PAUSE, headers=KNOWN)
    identity = answer.json()["id"]
    assert (202, 16) == (answer.status_code, len(identity))
    assert {"id": identity, "kind": "pause", "model": WELL, "follow": "/v1/controls"} == answer.json()
    client.post("/v1/control", json=PAUSE | {"id": "mine"}, headers=KNOWN)
    key = WELL.encode()
    assert [(key, PAUSE | {"id": identity}), (key, PAUSE | {"id": "mine"})] == topic.messages


@pytest.mark.parametrize(
    "said", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer ä"}]
)
def test_who_does_not_know_the_token_is_refused(client: Client, topic: Topic, said: dict[str, str]) -> None:
    """And is told how to say it, before anybody has looked at the body."""
    headers = {name.encode(): value.encode() for name, value in said.items()}
    answer = client.post("/v1/control", content=b"{", headers=headers)  # type: ignore[arg-type]  # bytes, for the umlaut
    assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"])
    assert "DRIFTLINE_TOKEN" in answer.json()["error"]
    assert [] == topic.messages


def test_without_a_token_nobody_may(topic: Topic) -> None:
    """Not even with an empty one."""
    for door in (Door(), Door("", topic.send)):
        with client_over(Served.of(seeded_store(), seeded_status, Settings(), door=door)) as client:
            for headers in ({}, {"Authorization": "Bearer "}):
                answer = client.post("/v1/control", json=PAUSE, headers=headers)
                assert 403 == answer.status_code
                assert "start it with DRIFTLINE_TOKEN" in answer.json()["error"]


def test_what_is_no_control_is_refused_with_a_sentence(client: Client, topic: Topic) -> None:
    """And what is too long for one."""
    for body in (b"{", b"[1]", b'{"kind": "paws", "model": "m"}', b'"' + b"x" * 20_000 + b'"'):
        answer = client.post("/v1/control", content=body, headers=KNOWN)
        assert (400, True) == (answer.status_code, bool(answer.json()["error"]))
    assert 413 == client.post("/v1/control", content=b" " * 1_100_000, headers=KNOWN).status_code
    assert [] == topic.messages


def test_a_topic_that_takes_nothing_is_told(client: Client, topic: Topic) -> None:
    """It is worth another try."""
    topic.down = True
    answer = client.post("/v1/control", json=PAUSE, headers=KNOWN)
    assert (503, "The control topic does not take it now: no broker answers") == (
        answer.status_code,
        answer.json()["error"],
    )


def audited() -> MemoryStore:
    """The seeded story, with controls."""
    store = seeded_store()
    rows = {
        "topic": ["c"] * 3, "partition": [0] * 3, "offset": [0, 1, 2], "since": [T, -(2**63), T],
        "at": np.array([5, 6, 7], "datetime64[s]"),
        "id": ["1", "2", "3"], "kind": ["pause", "maintenance", "paws"], "model": [WELL, "*", ""],
        "who": ["ada", "", ""], "words": ["<b>", "", ""], "detail": ["{}", '{"to":5}', "{}"],
        "outcome": ["applied", "applied", "refused"], "why": ["", "", "kind: expected pause"],
    }  # fmt: skip
    store.write(Commit(store.last() + 1, {"controls": columns(tables.CONTROLS, rows)}))
    return store


def test_what_became_of_controls_is_listed() -> None:
    """Newest first, by model and outcome."""
    with client_over(Served.of(audited(), seeded_status, Settings())) as client:
        items = client.get("/v1/controls").json()["items"]
        assert ["3", "2", "1"] == [item["id"] for item in items]
        assert (None, {"to": 5}) == (items[1]["since"], items[1]["detail"])
        assert ["2"] == [item["id"] for item in client.get("/v1/controls?model=*").json()["items"]]
        assert ["3"] == [item["id"] for item in client.get("/v1/controls?outcome=refused").json()["items"]]


def force() -> Status:
    """The seeded service with something in force."""
    held = Controls()
    for said in (
        {"id": "1", "kind": "pause", "model": WELL, "who": "ada", "words": "<b>"},
        {"id": "2", "kind": "maintenance", "model": "*", "to": 9_000_000_000_000},
        {"id": "3", "kind": "acknowledge", "model": DRIFTING, "incident": INCIDENT, "who": "ben"},
    ):
        held, why = held.after(
            parsed(json.dumps(said)), 9_000_000_000_000_000_000 - 32 * 86_400 * 10**9 + 10**15, (INCIDENT,)
        )
        assert not why
    return replace(seeded_status(), controls=held)


def test_the_pages_show_what_is_in_force() -> None:
    """On every page what is paused and announced, beside the incident who knows of it; words stay words."""
    with client_over(Served.of(audited(), force, Settings())) as client:
        first, one = client.get("/").text, client.get(f"/models/{WELL}").text
        for page in (first, one):
            assert f"{WELL} is paused, by ada (&lt;b&gt;)" in page
            assert "maintenance of all models to " in page
        assert ", acknowledged by ben" in first
        assert "Asked of the monitor" in one
        assert "maintenance (all models)" in one
