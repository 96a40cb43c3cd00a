"""The dispatcher on a real Kafka: one test for each way in which Faust loses an event, and for what goes wrong beside.

The ways are those of docs/triggers.md; every test would fail with the plain use of Faust.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.integration.dispatching import Dispatching, Stub, trigger
from tests.integration.kafka import PASSWORD, USER, Kafka, RealKafka
from tests.integration.running import taken
from tests.stream.web.served import eventually

STOP_S = 5.0
Make = Callable[..., str]


@contextmanager
def dispatching(
    folder: Path, kafka: Kafka, topic: str, names: Sequence[str] = ("keyed",), **more: object
) -> Iterator[tuple[Dispatching, Stub]]:
    """A dispatcher that is ready, and its targets."""
    with Stub().serving() as stub:
        made = Dispatching(folder / "d", kafka, topic, stub, names, **more)  # type: ignore[arg-type]
        with made.running():
            eventually(made.ready, 60)
            yield made, stub


def started(stub: Stub, *numbers: int, target: str = "keyed") -> Callable[[], bool]:
    """Whether these were taken."""
    return lambda: {(target, f"t{i}") for i in numbers} <= stub.taken.keys()


def test_a_topic_that_was_missing_is_read(tmp_path: Path, kafka: Kafka) -> None:
    """It is there before Faust starts: one that comes later would be seen after minutes. A stop is quick."""
    topic = f"test-{secrets.token_hex(6)}"
    with dispatching(tmp_path, kafka, topic, ("keyed", "plain")) as (made, stub):
        kafka.publish(topic, [trigger(1), trigger(2)])
        eventually(lambda: started(stub, 1, 2)() and started(stub, 1, 2, target="plain")())
        told = [json.loads(each.value() or b"{}") for each in taken(kafka, f"{topic}.outcomes", 8)]
        assert {("accepted", 4), ("started", 4)} == {
            (state, sum(each["data"]["state"] == state for each in told)) for state in ("accepted", "started")
        }
        assert 8 == len({each["id"] for each in told})
        code, took = made.stop()
        assert (0, True) == (code, took < STOP_S), made.said
        assert "leaked" not in made.said


def test_what_is_no_trigger_is_a_dead_letter(tmp_path: Path, kafka: Kafka, new_topic: Make) -> None:
    """Faust acknowledges the event at which a body raises (way 1), or one after it (way 2): ours never raises."""
    topic = new_topic()
    with dispatching(tmp_path, kafka, topic, ("keyed", "plain")) as (made, stub):
        kafka.publish(topic, [trigger(1), b"{", b"\xff\x00", trigger(2), b"", b'{"specversion": "1.0"}', trigger(3)])
        eventually(lambda: started(stub, 1, 2, 3)() and started(stub, 1, 2, 3, target="plain")())
        eventually(lambda: [0.0, 0.0] == [made.shown("waiting", name) for name in ("keyed", "plain")])
        letters = taken(kafka, f"{topic}.dead-letters", 4)
        assert [b"no_trigger"] * 4 == [dict(each.headers() or [])["driftline-reason"] for each in letters]
        assert made.stop()[0] == 0
        with made.running():
            eventually(made.ready, 60)
            kafka.publish(topic, [trigger(4)])
            eventually(started(stub, 4))
    assert {1} == {n for (target, _), n in stub.taken.items() if target == "plain"}


def test_what_is_held_comes_again_after_a_kill(tmp_path: Path, kafka: Kafka, new_topic: Make) -> None:
    """Acknowledged out of order an event is lost by `kill -9` (way 3): later ones are settled, the first is not."""
    topic = new_topic()
    with dispatching(tmp_path, kafka, topic, ("keyed", "plain")) as (made, stub):
        stub.dead.add("held")
        kafka.publish(topic, [trigger(0, "held"), *(trigger(i, f"m{i}") for i in range(1, 20))])
        eventually(lambda: started(stub, *range(1, 20))() and started(stub, *range(1, 20), target="plain")())
        eventually(lambda: [1.0, 1.0] == [made.shown("waiting", name) for name in ("keyed", "plain")])
        made.kill()
        stub.dead.clear()
        with made.running():
            eventually(lambda: started(stub, 0)() and started(stub, 0, target="plain")(), 60)
    assert {1} == set(stub.taken.values())


def test_what_is_under_way_comes_again_after_a_stop(tmp_path: Path, kafka: Kafka, new_topic: Make) -> None:
    """A cancelled event is acknowledged by a stop (way 4), or the stop waits for it without end (way 5)."""
    topic = new_topic()
    with dispatching(tmp_path, kafka, topic) as (made, stub):
        stub.silent.add("slow")
        kafka.publish(topic, [trigger(0, "slow"), trigger(1)])
        eventually(lambda: started(stub, 1)() and stub.calls["keyed"] > 2 and made.shown("waiting", "keyed") == 1.0)
        code, took = made.stop()
        assert (0, True) == (code, took < STOP_S), (took, made.said)
        stub.silent.clear()
        with made.running():
            eventually(started(stub, 0), 60)
    assert {1} == set(stub.taken.values())


def test_a_dead_target_holds_up_nobody(tmp_path: Path, kafka: Kafka, new_topic: Make) -> None:
    """Nor does a dead model: other targets, partitions and models go on; after its time it is a dead letter."""
    topic = new_topic(2)
    retry = {"first": 50_000_000, "most": 100_000_000, "within": 4_000_000_000, "broken_for": 100_000_000}
    with dispatching(tmp_path, kafka, topic, ("dead", "keyed"), retry=retry) as (made, stub):
        stub.dead |= {"dead", "stuck"}
        kafka.publish(topic, [trigger(0, "stuck"), trigger(1, "m1"), trigger(2, "m2")], partition=0)
        kafka.publish(topic, [trigger(3, "m3")], partition=1)
        eventually(started(stub, 1, 2, 3))
        assert {"keyed"} == {target for target, _ in stub.taken}
        letters = taken(kafka, f"{topic}.dead-letters", 5)
        headers = [dict(each.headers() or []) for each in letters]
        assert {b"dispatch_failed"} == {each["driftline-reason"] for each in headers}
        assert 1 == sum(each["driftline-target"] == b"keyed" for each in headers)
        assert all(
            b"HTTP 500" in each["driftline-detail"] or b"does not answer" in each["driftline-detail"]
            for each in headers
        )
        assert made.ready()


def test_a_broker_that_restarts_costs_nothing(tmp_path: Path, own_kafka: RealKafka, new_topic: Make) -> None:
    """Triggers go on, no trigger is asked twice, and the log stays short."""
    topic = new_topic()
    with dispatching(tmp_path, own_kafka, topic, ("plain",)) as (made, stub):
        own_kafka.publish(topic, [trigger(i, f"m{i}") for i in range(10)])
        eventually(started(stub, *range(10), target="plain"))
        eventually(lambda: made.shown("waiting", "plain") == 0.0)
        own_kafka.restart()
        own_kafka.publish(topic, [trigger(i, f"m{i}") for i in range(10, 20)])
        eventually(started(stub, *range(20), target="plain"), 90)
        assert {1} == set(stub.taken.values())
        assert len(made.said.splitlines()) < 60


def test_it_reaches_a_broker_that_asks_who_it_is(tmp_path: Path, own_kafka: RealKafka, new_topic: Make) -> None:
    """SASL over TLS; the password comes from a file, and is in no log."""
    topic = new_topic()
    (tmp_path / "password").write_text(PASSWORD)
    security = {
        "protocol": "SASL_SSL",
        "mechanism": "SCRAM-SHA-512",
        "username": USER,
        "password": f"file:{tmp_path / 'password'}",
        "ca_file": str(own_kafka.ca_file),
    }
    reached = {"bootstrap": own_kafka.tls, "security": security}
    with dispatching(tmp_path, own_kafka, topic, reached=reached) as (made, stub):
        own_kafka.publish(topic, [trigger(1)])
        eventually(started(stub, 1))
        assert PASSWORD not in made.said


def test_runs_are_followed_over_a_restart(tmp_path: Path, kafka: Kafka, new_topic: Make) -> None:
    """What was started is known to the ledger alone; its end is told."""
    topic, began = new_topic(), monotonic()
    with dispatching(tmp_path, kafka, topic, ("followed",)) as (made, stub):
        stub.state = "running"
        kafka.publish(topic, [trigger(1)])
        eventually(started(stub, 1, target="followed"))
        eventually(lambda: '_following{target="followed"} 1.0' in made.get("/metrics")[1])
        made.kill()
        stub.state = "succeeded"
        with made.running():
            told = taken(kafka, f"{topic}.outcomes", 3)
            states = [json.loads(each.value() or b"{}")["data"]["state"] for each in told]
            assert ["accepted", "started", "succeeded"] == states
    assert monotonic() - began < 120
