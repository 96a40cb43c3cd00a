"""What a worker says of itself over HTTP, on a real broker."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

from stream.broker import MESSAGE_BYTES, PARTIAL_BYTES, configs
from stream.config.parse import parse
from tests.integration.kafka import Kafka
from tests.integration.publishing import CONFIGURATION, STEP_MS
from tests.integration.running import Driftline
from tests.integration.streams import BEGIN_MS, events
from tests.stream.web.served import eventually
from tests.torture.fleet import POSITION, between

N = 400  # events per partition


def stamps(text: str, name: str) -> dict[str, float]:
    """A time per partition."""
    found = re.findall(rf'^driftline_partition_{name}_timestamp_seconds{{partition="(.)".*}} (.+)$', text, re.MULTILINE)
    return {partition: float(value) for partition, value in found}


def test_a_worker_says_how_it_reads(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """Red with a reason until a monitor speaks, then green; per partition position, lag, clock and its last Partial."""
    topic = new_topic(2)
    configuration = between(CONFIGURATION.format(bootstrap=kafka.bootstrap, topic=topic), topic)
    monitor = Driftline(tmp_path / "monitor", file=configuration, command="monitor")
    worker = Driftline(tmp_path / "worker", file=configuration, command="ingest")
    for partition in (0, 1):
        kafka.publish(topic, events(partition, N, STEP_MS), partition)
    begun = time.time()
    with worker.running():
        eventually(lambda: worker.unready() == "waiting for topics")
        assert {"status": "alive"} == worker.get("/health/live")[1]
        with monitor.running():
            eventually(worker.ready, 60)
            eventually(lambda: monitor.metric(POSITION) == 2 * N, 60)
            eventually(lambda: worker.metric(POSITION) == 2 * N)
            assert (2 * N, 0) == tuple(
                worker.metric(f"driftline_{name}") for name in ("records_read_total", "consumer_lag_records")
            )
            eventually(lambda: worker.metric("driftline_partials_sent_total") >= 2)  # counted when acknowledged
            eventually(lambda: worker.metric("driftline_partials_sent_bytes_total") > 1_000)
            assert worker.metric("driftline_rebalances_total") >= 1
            last_s = (BEGIN_MS + N * STEP_MS) / 1e3
            for each in (worker, monitor):
                text = each.get("/metrics")[1]
                kept, clocks = stamps(text, "kept"), stamps(text, "clock")
                assert {"0", "1"} == kept.keys() == clocks.keys()
                assert begun <= min(kept.values()) <= max(kept.values()) <= time.time()
                assert BEGIN_MS / 1e3 <= min(clocks.values()) <= max(clocks.values()) <= last_s
        assert 0 == worker.stop()
    settings = parse(configuration)
    wanted = [f"{topic}.partials.{topic}", settings.topics.plans]
    made = asyncio.run(configs(settings.kafka, {}, wanted))
    assert {str(PARTIAL_BYTES)} == {made[each][MESSAGE_BYTES] for each in wanted}, "large Partials, and large plans"
    assert f"health and metrics are at http://127.0.0.1:{worker.port}" in worker.said
