"""What a broker's settings are worth to us: sentences for `driftline check`."""

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from stream.broker.connect import arguments
from stream.broker.questions import Questions
from stream.config.panes import reread
from stream.config.settings import Settings
from stream.config.units import spelled_duration

MILLISECOND = 1_000_000


async def worth(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    """One sentence per topic. ConnectionProblem where nobody answers."""
    topics = list(dict.fromkeys((*settings.events.predictions, *settings.events.labels)))
    found = await Questions(settings.kafka, environment).partitions(topics)
    told = [f"Topic {topic} does not exist yet." for topic in found.missing]
    present = [topic for topic in topics if topic not in found.missing]
    configs = await _configs(settings, environment, present)
    for topic in present:
        n = sum(one == topic for one, _ in found.partitions)
        kept = _retention(settings, configs.get(topic, {}))
        told.append(f"Topic {topic}: {n} partition{'s' if n > 1 else ''}; {kept}.")
    return told


def _retention(settings: Settings, config: Mapping[str, str]) -> str:
    policy, kept = config.get("cleanup.policy", ""), config.get("retention.ms", "")
    if "compact" in policy:
        return "it is compacted: events whose keys repeat may be gone before they are read"
    if not kept:
        return "its settings could not be read"
    if int(kept) < 0:
        return "it keeps everything, so no outage is too long"
    span, needed = int(kept) * MILLISECOND, reread(settings)
    if span < needed:
        return (
            f"it keeps {spelled_duration(span)}, less than the {spelled_duration(needed)} that a restart may read "
            "again: raise retention.ms"
        )
    return f"it keeps {spelled_duration(span)}: the service may be down for as long, less {spelled_duration(needed)}"


async def _configs(settings: Settings, environment: Mapping[str, str], topics: list[str]) -> dict[str, dict[str, str]]:
    """The settings of each topic; nothing where the broker does not tell."""
    admin = AIOKafkaAdminClient(**arguments(settings.kafka, environment), request_timeout_ms=5_000)
    try:
        await admin.start()
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics])
        return {
            resource[3]: {entry[0]: entry[1] for entry in resource[4]}
            for answer in answers
            for resource in answer.resources
        }
    except KafkaError:
        return {}
    finally:
        await admin.close()
