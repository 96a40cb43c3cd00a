"""What the clients' wrappers decide without a broker: columns, silence, quiet loggers, arguments."""

import logging

import numpy as np
import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from stream.broker import arguments
from stream.broker.connect import split
from stream.broker.fetched import columns
from stream.broker.quiet import SAME_S, Seldom, quieten
from stream.broker.silence import Silence, names
from stream.config.settings import Kafka, Security

A, B = ("a", 0), ("a", 1)


def record(offset: int) -> ConsumerRecord:
    """A record as the client hands it out."""
    return ConsumerRecord("a", 0, offset, 1000 + offset, 0, None, b"", None, -1, 0, ())


@pytest.mark.parametrize("offsets", [[], [7], [3, 4, 5, 6], [3, 5, 6], [0, 9]])
def test_offsets_are_those_of_the_records(offsets: list[int]) -> None:
    """With holes and without, the columns say what a loop over the records says."""
    fetched = columns(TopicPartition("a", 0), [record(offset) for offset in offsets], 10)
    assert offsets == fetched.offsets.tolist()
    assert [1000 + offset for offset in offsets] == fetched.timestamps.tolist()
    assert (np.dtype(np.int64), np.dtype(np.int64)) == (fetched.offsets.dtype, fetched.timestamps.dtype)
    assert 10 == fetched.position


def test_a_partition_without_answers_is_a_problem_after_five_seconds() -> None:
    """Only the silent one is named, and one answer ends it."""
    silence = Silence([A, B], 0.0)
    silence.listen({A: None, B: 100}, [A, B], 4.0)
    assert "" == silence.problem(5.0)
    assert "no answer for 6 s about a/0" == silence.problem(6.0)
    silence.listen({A: 200, B: 100}, [A, B], 7.0)
    assert "" == silence.problem(8.0)


def test_who_is_not_asked_is_not_silent() -> None:
    """A paused partition owes no answer until it is asked again, and its old answer is no fresh one."""
    silence = Silence([A], 0.0)
    silence.listen({A: 1}, [A], 1.0)
    assert silence.fresh(A, 2.0)
    silence.listen({A: 1}, [], 60.0)
    assert not silence.fresh(A, 60.0)
    assert "" == silence.problem(64.0)
    assert "no answer for 6 s about a/0" == silence.problem(66.0)


def test_while_nobody_listens_nobody_is_silent() -> None:
    """Answers are due again from when somebody does."""
    silence = Silence([A], 0.0)
    silence.listen({A: 1}, [A], 1.0)
    silence.listen({A: 1}, [A], 90.0)
    assert "" == silence.problem(94.0)
    silence.listen({A: 1}, [A], 94.0)
    assert "no answer for 6 s about a/0" == silence.problem(96.0)


def test_who_waits_for_its_turn_is_not_silent() -> None:
    """A round that was full has asked nobody; only rounds that leave nothing behind let an answer be due."""
    silence = Silence([A, B], 0.0)
    for second in range(60):
        silence.listen({A: None, B: second}, (), float(second))
        assert set() == silence.silent(float(second))
    for second in range(60, 67):
        silence.listen({A: None, B: second}, [A, B], float(second))
    assert {A} == silence.silent(66.0)


def test_nothing_heard_yet_is_not_fresh() -> None:
    """Before the first answer nobody knows where a partition ends."""
    assert not Silence([A], 0.0).fresh(A, 0.0)


def test_many_partitions_are_named_briefly() -> None:
    """Five names and a number are enough to know which."""
    assert "a/0, a/1, a/2, a/3, a/4 and 2 more" == names([("a", i) for i in range(7)])


def test_the_same_complaint_is_heard_once_in_a_while() -> None:
    """A thousand lines of one template become one line, and later one more that counts them."""
    clock = iter([0.0] * 1000 + [1.0, SAME_S + 1])
    seldom = Seldom(lambda: next(clock))

    def heard(template: str) -> str:
        line = logging.LogRecord("aiokafka", logging.ERROR, "", 0, template, ("x",), None)
        return line.getMessage() if seldom.filter(line) else ""

    lines = [heard("cannot reach %s") for _ in range(1000)] + [heard("other %s"), heard("cannot reach %s")]
    assert ["cannot reach x", "other x", "cannot reach x (999 more like this)"] == [line for line in lines if line]


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [("a:1", "a", 1), ("a", "a", 9092), ("[::1]:5", "::1", 5), ("[::1]", "::1", 9092), ("10.0.0.1:9", "10.0.0.1", 9)],
)
def test_addresses_are_split(address: str, host: str, port: int) -> None:
    """Names, IPv4 and IPv6, with Kafka's port where none is given."""
    assert (host, port) == split(address)


def test_secrets_are_resolved_into_the_arguments_only() -> None:
    """The password reaches the client and no repr of ours."""
    kafka = Kafka(security=Security(protocol="SASL_PLAINTEXT", mechanism="PLAIN", username="u", password="env:P"))
    given = arguments(kafka, {"P": "open-sesame"})
    assert ("PLAIN", "u", "open-sesame") == tuple(
        given[f"sasl_{name}"] for name in ("mechanism", "plain_username", "plain_password")
    )
    assert "open-sesame" not in repr(kafka)


def test_lines_of_the_clients_begin_as_ours_do() -> None:
    """Where nobody has set logging up."""
    quieten()
    assert logging.lastResort is not None
    record = logging.LogRecord("aiokafka.conn", logging.ERROR, "", 0, "no route to %s", ("a:1",), None)
    assert "driftline: aiokafka.conn: no route to a:1" == logging.lastResort.format(record)
