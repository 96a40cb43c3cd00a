"""MLflow's webhooks by HTTP: what is signed goes to the control topic, and everything else is told why not."""

import json
from collections.abc import Iterator

import pytest

from stream.config.mistakes import ConfigurationError, Mistake
from stream.config.sections.hooks import Mlflow
from stream.config.settings import Settings
from stream.controls.asked import Promote, parsed
from stream.web.api.hooking import BODY_MAX, Receiver
from stream.web.api.speaking import Door, Unsent
from stream.web.app import Served
from stream.web.page.status import Status
from tests.stream.test_registered import BODY, DELIVERY, NOW, SECRET, event, headers
from tests.stream.web.client import Client, client_over
from tests.stream.web.seeded import seeded_status, seeded_store

ROUTE = "/v1/hooks/mlflow"


class Topic:
    """What has arrived."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, bytes]] = []
        self.down = False

    async def send(self, key: bytes, value: bytes) -> None:
        """Take a message, or not."""
        if self.down:
            raise Unsent("no broker answers")
        self.messages.append((key, value))


def secret() -> str:
    """The webhook's."""
    return SECRET


@pytest.fixture
def topic() -> Topic:
    """An empty one."""
    return Topic()


@pytest.fixture
def receiver(topic: Topic) -> Receiver:
    """One that knows the secret, and one model."""
    settings = Mlflow(secret="env:SECRET", tolerance=300_000_000_000)
    return Receiver(settings, Door("", topic.send), secret, lambda name: name == "fraud", lambda: NOW)


@pytest.fixture
def client(receiver: Receiver) -> Iterator[Client]:
    """A service that has no token: only the webhook's secret counts."""
    with client_over(Served.of(seeded_store(), seeded_status, Settings(), receiver=receiver)) as client:
        yield client


def test_a_delivery_goes_to_the_topic_and_says_where_to_look(client: Client, topic: Topic) -> None:
    """Said twice it is the same record, whose id is applied once."""
    for _ in range(2):
        answer = client.post(ROUTE, content=BODY, headers=headers())
        told = {"id": f"mlflow-{DELIVERY}", "kind": "promote", "model": "fraud", "follow": "/v1/controls"}
        assert (202, told) == (answer.status_code, answer.json())
    (first, second) = topic.messages
    assert first == second
    assert b"fraud" == first[0]
    control = parsed(first[1].decode())
    assert isinstance(control, Promote)
    assert "2" == control.version


def test_answers_say_why_and_are_counted(client: Client, topic: Topic, receiver: Receiver) -> None:
    """Nothing of it reaches the topic."""
    other = BODY.replace(b"fraud", b"churn")
    asked = [
        (BODY, headers() | {"x-mlflow-signature": "v1,AAAA"}, 401, "not that of the secret"),
        (BODY, headers(time=str(NOW - 3_600)), 401, "too long ago"),
        (b"{", headers(b"{"), 400, "no event of MLflow's registry"),
        (other, headers(other), 404, "No model here is the registered model 'churn'"),
        (b" " * (BODY_MAX + 1), headers(), 413, ""),
    ]
    for body, said, status, why in asked:
        answer = client.post(ROUTE, content=body, headers=said)
        assert status == answer.status_code, answer.text
        assert why in answer.json()["error"]
    deleted = event("model_version_alias", "deleted", alias="champion")
    answer = client.post(ROUTE, content=deleted, headers=headers(deleted))
    assert (200, ["ignored"]) == (answer.status_code, [*answer.json()])
    topic.down = True
    assert 503 == client.post(ROUTE, content=BODY, headers=headers()).status_code
    assert [] == topic.messages
    counted = {answer: n for _, answer, n in receiver.answered}
    assert {"ignored", "not_genuine", "not_understood", "too_long", "unknown_model", "unsent"} == counted.keys()
    assert 2 == counted["not_genuine"]


def test_without_a_secret_nobody_is_heard(topic: Topic) -> None:
    """Not named, or not there: MLflow tries again, for it may come."""

    def missing() -> str:
        raise ConfigurationError((Mistake("env:SECRET", "the environment variable SECRET to hold the secret"),))

    for receiver, status, why in (
        (Receiver(), 403, "hooks.mlflow.secret"),
        (Receiver(Mlflow(secret="env:SECRET"), Door("", topic.send), missing), 503, "env:SECRET"),
    ):
        with client_over(Served.of(seeded_store(), seeded_status, Settings(), receiver=receiver)) as client:
            answer = client.post(ROUTE, content=BODY, headers=headers())
        assert status == answer.status_code
        assert why in json.dumps(answer.json())


def test_the_numbers_are_metrics() -> None:
    """By system and answer."""
    status = Status(hooks=(("mlflow", "accepted", 2),))
    with client_over(Served.of(seeded_store(), lambda: status, Settings())) as client:
        assert 'driftline_hooks_total{answer="accepted",hook="mlflow"} 2.0' in client.get("/metrics").text
