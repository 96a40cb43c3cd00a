"""What `driftline check` says of a real broker's settings."""

import asyncio
from collections.abc import Callable

import pytest

from stream.broker.worth import worth
from stream.config.parse import parse
from tests.integration.kafka import Kafka


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"retention.ms": "604800000"}, "3 partitions; it keeps 7d: the service may be down for as long, less 12m."),
        ({"retention.ms": "60000"}, "it keeps 1m, less than the 12m that a restart may read again: raise"),
        ({"retention.ms": "-1"}, "it keeps everything, so no outage is too long."),
        ({"cleanup.policy": "compact"}, "it is compacted"),
    ],
)
def test_a_topics_retention_is_weighed(
    kafka: Kafka, new_topic: Callable[..., str], config: dict[str, str], expected: str
) -> None:
    """Retention against what a restart reads again; compaction loses events."""
    topic = new_topic(3, config)
    settings = parse(f"kafka: {{bootstrap: '{kafka.bootstrap}'}}\nevents: {{predictions: [{topic}, {topic}-absent]}}")
    told = asyncio.run(worth(settings, {}))
    assert f"Topic {topic}-absent does not exist yet." in told
    assert any(sentence.startswith(f"Topic {topic}: ") and expected in sentence for sentence in told), told


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"retention.ms": "604800000"}, "1 partition, fewer than {topic} has: the monitor adds them; it keeps what "),
        ({"retention.ms": "60000"}, "it keeps 1m, less than {topic}: a monitor that is away for longer cannot go on"),
        (
            {"retention.ms": "-1", "max.message.bytes": "16777216"},
            "it keeps what workers have summed as long as {topic} keeps the events.",
        ),
        (
            {"retention.ms": "-1", "max.message.bytes": "1048588"},
            "its messages may have 1,048,588 bytes, and those of a model that is being learned more: raise max.message",
        ),
    ],
)
def test_partials_must_live_as_long_as_events(
    kafka: Kafka, new_topic: Callable[..., str], config: dict[str, str], expected: str
) -> None:
    """Where workers read, their sums are all that a monitor has."""
    topic = new_topic(3, {"retention.ms": "86400000"})
    kafka.create_topic(f"driftline.partials.{topic}", 1, config)
    settings = parse(f"kafka: {{bootstrap: '{kafka.bootstrap}'}}\nevents: {{predictions: [{topic}]}}")
    (told,) = [one for one in asyncio.run(worth(settings, {})) if one.startswith(f"Topic driftline.partials.{topic}: ")]
    assert expected.format(topic=topic) in told
