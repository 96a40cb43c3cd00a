"""What the world does to a service: retention, full disks, added partitions, brokers that ask for a password."""

import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
from confluent_kafka.admin import AdminClient, NewPartitions

from sinks import commit as tables
from tests.integration.kafka import PASSWORD, Kafka, RealKafka
from tests.integration.running import Driftline, configuration
from tests.integration.streams import BEGIN_MS, BROKEN_EVERY, LATE_EVERY, events
from tests.stream.web.served import eventually

N, STEP_MS = 1_200, 1_000
LEFT = 2 * N + 31  # the first offset that retention leaves: in the middle of a pane, and its event is not late


def limit_size(driftline: Driftline, n_bytes: int) -> None:
    """Let no file of a running service grow beyond a size, as a full disk would not."""
    resource.prlimit(driftline.process.pid, resource.RLIMIT_FSIZE, (n_bytes, resource.RLIM_INFINITY))


def secured(kafka: RealKafka, topic: str, folder: Path, password: str) -> Driftline:
    """A service of a topic on the listener that asks for TLS and a password."""
    file = kafka.secured(configuration(kafka, topic), password)
    return Driftline(folder, file=file, environment={"SECRET": PASSWORD} if password.startswith("env:") else {})


def test_a_password_is_used_and_never_shown(
    own_kafka: RealKafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """SCRAM over TLS reads, creates and relays; the secret is in no line, answer or file of the service."""
    (tmp_path / "secret").write_text(f"{PASSWORD}\n")
    passwords = ("env:SECRET", f"file:{tmp_path / 'secret'}")
    services, topics = [], []
    for i, password in enumerate(passwords):
        topic = new_topic()
        own_kafka.publish(topic, events(0, 200, STEP_MS))
        topics.append(topic)
        services.append(secured(own_kafka, topic, tmp_path / str(i), password))
    with services[0].running(), services[1].running():
        for driftline in services:
            driftline.finishes()
            eventually(lambda asked=driftline: asked.metric("driftline_outbox_pending") == 0)
            answers = [str(driftline.get(path)) for path in ("/", "/metrics", "/v1/models", "/health/ready")]
            assert 0 == driftline.stop()
            written = [path.read_bytes() for path in driftline.folder.iterdir()]
            assert not any(PASSWORD in answer for answer in answers)
            assert not any(PASSWORD.encode() in content for content in written)
    for driftline, topic in zip(services, topics, strict=True):
        with driftline.kept() as store:
            assert [200] == store.select(tables.POSITIONS, where={"topic": topic})["offset"].tolist()
            assert 200 // BROKEN_EVERY == len(store.select(tables.DEAD_LETTERS)["offset"])


def test_what_retention_took_makes_windows_incomplete(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """The loss is declared once, in words and in the journal; windows that it touches are incomplete, and no others."""
    topic = new_topic()
    driftline = Driftline(tmp_path, file=configuration(kafka, topic))
    kafka.publish(topic, events(0, N, STEP_MS))
    with driftline.running():
        driftline.finishes()
        assert 0 == driftline.stop()
    with driftline.kept() as store:
        last = store.last()
    kafka.publish(topic, events(0, 3 * N, STEP_MS, first=N))
    kafka.delete_records(topic, 0, LEFT)
    with driftline.running():
        driftline.finishes()
        assert 0 == driftline.stop()
    with driftline.kept() as store:
        journal, windows = store.select(tables.JOURNAL), store.select(tables.WINDOWS)
    lost = journal["kind"] == "lost"
    ((begin,), (end,)) = journal["offset"][lost].tolist(), journal["until"][lost].tolist()
    assert f"{topic}/0: records {begin} to {end} are gone from the topic" in driftline.said
    assert (True, LEFT) == (0 < begin <= N, end)
    touched = (windows["commit"] > last) & (windows["start"] < np.datetime64(BEGIN_MS + LEFT * STEP_MS, "ms"))
    assert windows["end"][~windows["complete"]].tolist() == windows["end"][touched].tolist()
    assert 0 < np.count_nonzero(touched) < np.count_nonzero(windows["commit"] > last)


def test_an_added_partition_is_read(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """From its beginning; what it holds of panes that were closed before is late, and counted as that."""
    topic = new_topic()
    driftline = Driftline(tmp_path, file=configuration(kafka, topic))
    kafka.publish(topic, events(0, N, STEP_MS))
    with driftline.running():
        driftline.finishes()
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        admin.create_partitions([NewPartitions(topic, 2)])[topic].result(20)
        kafka.publish(topic, events(1, N, STEP_MS), 1)
        eventually(lambda: f'partition="1",topic="{topic}"' in driftline.get("/metrics")[1])
        for partition in (0, 1):
            kafka.publish(topic, events(partition, 2 * N, STEP_MS, first=N), partition)
        driftline.finishes()
        assert 0 == driftline.stop()
    with driftline.kept() as store:
        assert [2 * N, 2 * N] == store.select(tables.POSITIONS, where={"topic": topic})["offset"].tolist()
        found, traffic = store.select(tables.JOURNAL), store.select(tables.TRAFFIC)
    assert [0, 1] == sorted(found["partition"][found["kind"] == "found"].tolist())
    late, by_design = int(traffic["late"].sum()), 4 * N // LATE_EVERY
    assert N - 150 < late - by_design < N  # all but those of the panes that were still open


def test_a_full_disk_turns_readiness_red_and_costs_nothing(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """While the store cannot grow nothing is committed; when it can, everything is, once. A stop waits for neither."""
    topic = new_topic()
    driftline = Driftline(tmp_path, file=configuration(kafka, topic))
    kafka.publish(topic, events(0, N, STEP_MS))
    with driftline.running():
        driftline.finishes()
        limit_size(driftline, 4096)
        kafka.publish(topic, events(0, 2 * N, STEP_MS, first=N))
        assert "driftline.duckdb" in str(eventually(driftline.unready))
        limit_size(driftline, resource.RLIM_INFINITY)
        eventually(driftline.ready)
        driftline.finishes()
        limit_size(driftline, 4096)
        kafka.publish(topic, events(0, 3 * N, STEP_MS, first=2 * N))
        eventually(driftline.unready)
        assert 0 == driftline.stop()
    assert "the store: well again" in driftline.said
    assert "the store did not take the last commit: what it holds is read again by the next start" in driftline.said
    with driftline.running():
        driftline.finishes()
        assert 0 == driftline.stop()
    with driftline.kept() as store:
        assert [3 * N] == store.select(tables.POSITIONS, where={"topic": topic})["offset"].tolist()
        letters = store.select(tables.DEAD_LETTERS)["offset"].tolist()
    assert list(range(BROKEN_EVERY - 1, 3 * N, BROKEN_EVERY)) == letters
