"""How topics are configured, as far as the brokers tell."""

from collections.abc import Collection, Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from stream.broker.connect import arguments
from stream.config.settings import Kafka

RETENTION, POLICY, MESSAGE_BYTES = "retention.ms", "cleanup.policy", "max.message.bytes"
# Of a topic of Partials, for what cannot be parted: 4,096 events of a model that is being learned, of 4 KB each.
PARTIAL_BYTES = 16 * 1024**2


async def configs(kafka: Kafka, environment: Mapping[str, str], topics: Collection[str]) -> dict[str, dict[str, str]]:
    """The settings of each topic; nothing where the broker does not tell."""
    admin = AIOKafkaAdminClient(**arguments(kafka, environment), request_timeout_ms=5_000)
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
