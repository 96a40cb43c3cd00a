"""A real Apache Kafka 4.1.1 of our own: one node in KRaft mode on free ports of the loopback.

The jars come from Maven once and stay in a cache folder (`DRIFTLINE_TEST_KAFKA_JARS` names another). Clients here are
librdkafka's, so that what we read was not written by the client that we test.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.stream.web.served import eventually

JARS = Path(os.environ.get("DRIFTLINE_TEST_KAFKA_JARS", "~/.cache/driftline-tests/kafka-4.1.1")).expanduser()
POM = Path(__file__).with_name("pom.xml")
USER, PASSWORD = "driftline", "open-sesame"  # of a broker that lives for a minute on the loopback
JAVA = (
    "java",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


class Unavailable(Exception):
    """No broker can be started here, and why."""


def jars() -> Path:
    """The folder with Kafka's jars, fetched where it is not there yet."""
    if shutil.which("java") is None:
        raise Unavailable("Java is not installed")
    if JARS.exists():
        return JARS
    if shutil.which("mvn") is None:
        raise Unavailable("Maven is not installed")
    JARS.parent.mkdir(parents=True, exist_ok=True)
    with JARS.with_name(JARS.name + ".lock").open("w") as one, tempfile.TemporaryDirectory(dir=JARS.parent) as folder:
        fcntl.flock(one, fcntl.LOCK_EX)  # two processes of tests begin at once: the second finds what the first fetched
        if JARS.exists():
            return JARS
        fetched = Path(folder) / "jars"
        command = ("mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={fetched}")
        run = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
        if run.returncode:
            raise Unavailable(f"Maven could not fetch Kafka: {(run.stdout + run.stderr).strip()[-300:]}")
        fetched.rename(JARS)
    return JARS


class Kafka:
    """A broker at `bootstrap`, ours or somebody else's: topics made, records written and deleted."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Create a topic and give back its name."""
        made = self._admin.create_topics([NewTopic(name, partitions, 1, config=dict(config or {}))])
        made[name].result(20)
        eventually(lambda: name in self._admin.list_topics(timeout=10).topics)  # the brokers learn it a moment later
        return name

    def delete_topic(self, name: str) -> None:
        """Delete a topic with all that is in it."""
        self._admin.delete_topics([name])[name].result(20)

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Let a partition begin at `before`, as retention does."""
        wanted = TopicPartition(topic, partition, before)
        self._admin.delete_records([wanted])[wanted].result(20)

    def publish(self, topic: str, values: Iterable[bytes], partition: int = 0, **settings: object) -> None:
        """Write records to one partition, in order; return when the broker has them all."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 5, **settings}
        )
        for value in values:
            producer.produce(topic, value, partition=partition)
        assert producer.flush(30) == 0

    def publish_in_transaction(self, topic: str, values: Sequence[bytes], partition: int = 0, *, commit: bool) -> None:
        """Write records to one partition in a transaction of their own, committed or aborted."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "transactional.id": f"publisher-{topic}-{partition}"})
        producer.init_transactions(20)
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value, partition=partition)
        producer.flush(20)
        (producer.commit_transaction if commit else producer.abort_transaction)(20)

    def wait(self, limit_s: float = 30.0) -> None:
        """Return when the broker answers."""
        until = time.monotonic() + limit_s
        while True:
            try:
                if self._admin.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                if time.monotonic() > until:
                    raise


class RealKafka(Kafka):
    """A broker of our own, in `folder`, with listeners for SASL and TLS beside the plain one."""

    def __init__(self, folder: Path) -> None:
        plain, controller, sasl, tls, behind, proxy = free_ports(6)
        self.sasl, self.tls = f"127.0.0.1:{sasl}", f"127.0.0.1:{tls}"
        self.behind, self.proxy = behind, proxy  # who asks at the first is told to come by way of the second
        self.ca_file = folder / "ca.pem"
        self._folder = folder
        self._properties = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        self._class_path = f"{jars()}/*"
        _certificate(folder)
        self._properties.write_text(_properties(folder, plain, controller, sasl, tls, behind, proxy))
        scram = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        self._java("kafka.tools.StorageTool", "format", "-t", "q8LJ0VQeTsWcOmV0qTnQeA", "-c", str(self._properties),
                   "--standalone", "--add-scram", scram)  # fmt: skip
        super().__init__(f"127.0.0.1:{plain}")

    def secured(self, configuration: str, password: str) -> str:
        """The configuration on the listener that asks for TLS and a password; `password` as a user writes it."""
        scram = "protocol: SASL_SSL, mechanism: SCRAM-SHA-512"
        security = f'security: {{{scram}, username: {USER}, password: "{password}", ca_file: {self.ca_file}}}'
        return configuration.replace(self.bootstrap, self.tls).replace("kafka: {", f"kafka: {{{security}, ")

    @property
    def log(self) -> Path:
        """What the broker has printed."""
        return self._folder / "broker.log"

    @property
    def process(self) -> "subprocess.Popen[bytes] | None":
        """Its present life."""
        return self._process

    def start(self) -> None:
        """Start the broker and wait until it answers."""
        command = (*JAVA, "-cp", self._class_path, "kafka.Kafka", str(self._properties))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self.wait()
        except KafkaException as error:
            raise Unavailable(f"Kafka did not start: {self.log.read_text()[-500:]}") from error

    def kill(self) -> None:
        """End it like `kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        """Kill it, and start it on the same data and ports."""
        self.kill()
        self.start()

    def _java(self, *arguments: str) -> None:
        subprocess.run((*JAVA, "-cp", self._class_path, *arguments), check=True, capture_output=True, timeout=60)


def free_ports(n: int) -> list[int]:
    """Ports that nobody listens on."""
    with_each = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in with_each]
    for each in with_each:
        each.close()
    return ports


def _certificate(folder: Path) -> None:
    """A key that signs itself, for 127.0.0.1, and its certificate for clients to trust."""
    store = ("-keystore", str(folder / "broker.p12"), "-storepass", PASSWORD, "-alias", "broker")
    for command in (
        (
            "-genkeypair",
            "-keyalg",
            "EC",
            "-dname",
            "CN=driftline-test",
            "-ext",
            "san=ip:127.0.0.1",
            "-validity",
            "2",
            *store,
        ),
        ("-exportcert", "-rfc", "-file", str(folder / "ca.pem"), *store),
    ):
        subprocess.run(("keytool", *command), check=True, capture_output=True, timeout=60)


def _properties(  # noqa: PLR0917 - one port after the other
    folder: Path, plain: int, controller: int, sasl: int, tls: int, behind: int, proxy: int
) -> str:
    """One node that is broker and controller. Quick to restart, small, and no sharper than it must be."""
    plain_login = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    scram_login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    logins = "\n".join(
        f"listener.name.{name}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512\n"
        f"listener.name.{name}.plain.sasl.jaas.config={plain_login}\n"
        f"listener.name.{name}.scram-sha-512.sasl.jaas.config={scram_login}"
        for name in ("sasl", "tls")
    )
    named = {"PLAIN": plain, "SASL": sasl, "TLS": tls}
    told = ",".join(f"{name}://127.0.0.1:{port}" for name, port in named.items())
    return f"""
process.roles=broker,controller
node.id=1
listeners={told},CONTROLLER://127.0.0.1:{controller},BEHIND://127.0.0.1:{behind}
advertised.listeners={told},BEHIND://127.0.0.1:{proxy}
listener.security.protocol.map=PLAIN:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL
inter.broker.listener.name=PLAIN
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={folder / "data"}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
ssl.keystore.location={folder / "broker.p12"}
ssl.keystore.password={PASSWORD}
ssl.keystore.type=PKCS12
{logins}
"""


@contextmanager
def own_kafka(prefix: str, parent: Path | None = None) -> Iterator[tuple[RealKafka, Path]]:
    """A broker that lives as long as the block, and its folder, which goes with it."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as name:
        folder = Path(name)
        kafka = RealKafka(folder)
        kafka.start()
        try:
            yield kafka, folder
        finally:
            kafka.kill()
