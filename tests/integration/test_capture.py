"""`driftline capture` and its replay on a real broker: the rows of a stream that met with everything."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from sinks import commit as tables
from sinks.duck import DuckStore
from tests.integration.kafka import Kafka
from tests.integration.running import COMMAND, CONFIGURATION, Driftline
from tests.integration.streams import events
from tests.simulation.driver import Rows, rows
from tests.stream.web.served import eventually
from tests.torture.fleet import between

N, STEP_MS = 1_200, 1_000
CATCH_UP_S = 120.0  # two halves agree on each `max_ahead`, and four processes share a machine


def command(driftline: Driftline, *arguments: str) -> tuple[int, str, str]:
    """Run a command where a service is, told what the service is told: exit code, and what it says."""
    done = subprocess.run(
        (*COMMAND, *arguments),
        cwd=driftline.folder,
        env=driftline.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def captured(driftline: Driftline) -> dict[str, object]:
    """Capture what a service has read so far."""
    code, out, err = command(driftline, "capture", "driftline.yaml", "--json")
    assert (0, "") == (code, err.strip()), err
    document: dict[str, object] = json.loads(out)
    return document


def told_again(driftline: Driftline, *arguments: str) -> tuple[Rows, list[str]]:
    """The rows of the replay, and why they need not be those of the stream."""
    name = f"again-{len(list(driftline.folder.glob('again-*')))}.duckdb"
    code, out, err = command(driftline, "replay", "capture", "--store", name, "--json", *arguments)
    assert 0 == code, err
    store = DuckStore(driftline.folder / name)
    try:
        return rows(store), json.loads(out)["differences"]
    finally:
        store.close()


def publish(kafka: Kafka, topic: str, partition: int, part: int) -> None:
    """Another N events of a partition; amounts change in the middle of the first part."""
    chosen = events(partition, (part + 1) * N, STEP_MS, first=part * N, changed_from=N // 2)
    kafka.publish(topic, chosen, partition)


@pytest.mark.timeout(500)
@pytest.mark.parametrize("tier", ["run", "monitor"])
def test_a_stream_that_met_with_everything_is_told_again(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path, tier: str
) -> None:
    """An idle partition, another configuration, a loss by retention, an added partition; captured three times."""
    topic = new_topic(2)
    file = between(CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic, create="false"), topic)
    driftline = Driftline(tmp_path / tier, file=file, command=tier)
    workers = [Driftline(tmp_path / "worker", file=file, command="ingest")] if tier == "monitor" else []

    def lives(*, captures: bool = False) -> None:
        with driftline.running():
            for worker in workers:
                worker.start()
            try:
                driftline.finishes(CATCH_UP_S)
                eventually(lambda: driftline.items("/v1/windows"), CATCH_UP_S)  # the idle partition is released
                if captures:
                    captured(driftline)  # asked of the running service
            finally:
                for worker in workers:
                    worker.stop()
            assert 0 == driftline.stop()

    publish(kafka, topic, 0, 0)  # the other partition is idle
    lives(captures=True)
    segmented = file.replace('"*": {}', '"*": {segments: [country]}, fraud: {tolerate: 0.1, windows: [5m, 10m]}')
    for each in (driftline, *workers):
        (each.folder / "driftline.yaml").write_text(segmented)
    publish(kafka, topic, 0, 1)
    publish(kafka, topic, 1, 1)
    lives(captures=True)
    for partition in (0, 1):
        publish(kafka, topic, partition, 2)
    kafka.delete_records(topic, 0, 2 * N + 31)
    with driftline.running():
        for worker in workers:
            worker.start()
        driftline.finishes(CATCH_UP_S)
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        admin.create_partitions([NewPartitions(topic, 3)])[topic].result(20)
        publish(kafka, topic, 2, 3)
        eventually(lambda: f'partition="2",topic="{topic}"' in driftline.get("/metrics")[1], 60)
        driftline.finishes(CATCH_UP_S)
        for worker in workers:
            worker.stop()
        assert 0 == driftline.stop()
    document = captured(driftline)  # of the file
    with driftline.kept() as store:
        expected, journal = rows(store), store.select(tables.JOURNAL)
    assert {"start", "found", "release", "lost", "plan"} == set(journal["kind"].tolist())
    assert [] == document["gone"]
    found, differences = told_again(driftline)
    assert [] == differences
    assert expected == found
    assert min(len(expected[name]) for name in ("windows", "distances", "findings", "triggers", "dead_letters")) > 0
