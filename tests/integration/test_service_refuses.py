"""What a user trips over at a start: one sentence that says what to do, and the right exit code."""

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.kafka import Kafka, free_ports
from tests.integration.running import Driftline, configuration
from tests.stream.web.served import eventually

USER, WORLD = 2, 1


def last_words(driftline: Driftline) -> str:
    """Its last sentence, of a process that has not shown a trace."""
    assert "Traceback" not in driftline.said, driftline.said
    return driftline.said.splitlines()[-1]


def test_an_unreachable_broker_is_named(tmp_path: Path) -> None:
    """After a while of trying it ends with the address and the reason."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with Driftline(tmp_path, "--topic", "predictions", "--bootstrap", address).running() as driftline:
        driftline.hears(f"cannot reach Kafka at {address}")
        assert "connecting to Kafka" == eventually(driftline.unready)
        assert WORLD == driftline.end()
    assert last_words(driftline).startswith(f"driftline: cannot reach Kafka at {address}: ")
    assert re.search(r"Connect(ion refused| call failed)", last_words(driftline))


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """The page's address, and how to choose another."""
    driftline = Driftline(tmp_path)
    with socket.create_server(("127.0.0.1", driftline.port)), driftline.running():
        assert WORLD == driftline.end()
    address = f"127.0.0.1:{driftline.port}"
    assert f"driftline: http.listen: cannot listen on {address} (Address already in use)" in last_words(driftline)


def test_a_store_of_another_process_is_named(tmp_path: Path) -> None:
    """Who has it, by its process id."""
    driftline = Driftline(tmp_path)
    with driftline.kept(), driftline.running():
        assert WORLD == driftline.end()
    assert f"driftline.duckdb is in use by process {os.getpid()}; stop it" in last_words(driftline)


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    """Something else lies at store.path: it is left alone."""
    (tmp_path / "driftline.duckdb").write_text("dear diary" * 1_000)
    with Driftline(tmp_path).running() as driftline:
        code = driftline.end()
    assert "driftline.duckdb cannot be read as a store: " in last_words(driftline)
    assert "dear diary" in driftline.store.read_text()
    assert USER == code


@pytest.mark.parametrize(
    ("reference", "words"),
    [("amount,score\n1,0.5\n2,0.7\n", "country"), (None, "reference.csv")],
)
def test_a_reference_that_does_not_serve_is_named(tmp_path: Path, reference: str | None, words: str) -> None:
    """A declared feature that the file has not, a file that is not there."""
    file = "models: {fraud: {reference: {file: reference.csv}, features: {amount: numeric, country: categorical}}}"
    if reference is not None:
        (tmp_path / "reference.csv").write_text(reference)
    with Driftline(tmp_path, file=file).running() as driftline:
        assert USER == driftline.end()
    assert words in last_words(driftline)


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The variable that should hold it."""
    security = "kafka: {security: {protocol: SASL_PLAINTEXT, username: me, password: 'env:NOT_SET'}}"
    with Driftline(tmp_path, file=security).running() as driftline:
        assert USER == driftline.end()
    assert "env:NOT_SET: expected the environment variable NOT_SET to hold the secret" in last_words(driftline)


def test_another_topic_of_the_same_name_is_named(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """A topic that was deleted and created again ends below what was read: nothing is read by mistake."""
    topic = new_topic()
    kafka.publish(topic, [b"{}"] * 20)
    driftline = Driftline(tmp_path, file=configuration(kafka, topic))
    with driftline.running():
        driftline.finishes()
        assert 0 == driftline.stop()
    kafka.delete_topic(topic)
    kafka.create_topic(topic)
    with driftline.running():
        assert WORLD == driftline.end()
    assert f"{topic}/0 ends at offset 0, but was read up to 20 before" in last_words(driftline)
