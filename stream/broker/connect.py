"""How a client reaches the brokers: the arguments of every aiokafka client, and why a connection failed.

Secrets are resolved here, each time a client is made, and live no longer than that client: a rotated secret file is
noticed, and no setting, log line or repr has ever held one.
"""

import asyncio
import ssl
from collections.abc import Mapping

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from stream.broker.problems import ConnectionProblem
from stream.config.mistakes import ConfigurationError, Mistake
from stream.config.secrets import secret
from stream.config.settings import Kafka, Security

CONNECT_S = 10.0  # a broker that has not answered by then is reported as not answering
CLOSING_S = 0.1  # a refused connection is closed "not right ahead" (aiokafka), and its socket is ours until then


def arguments(kafka: Kafka, environment: Mapping[str, str]) -> dict[str, object]:
    """What every aiokafka client of these brokers is made with.

    ConfigurationError: a secret or a certificate is not there.
    """
    security = kafka.security
    made: dict[str, object] = {"bootstrap_servers": kafka.bootstrap, "security_protocol": security.protocol}
    if security.protocol in ("SSL", "SASL_SSL"):
        made["ssl_context"] = _tls(security)
    if security.protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        made["sasl_mechanism"] = security.mechanism
        made["sasl_plain_username"] = security.username
        made["sasl_plain_password"] = secret(security.password, environment)
    return made


def _tls(security: Security) -> ssl.SSLContext:
    """Trust `ca_file`, else what the system trusts; present `cert_file` where one is given."""
    ca_file, cert_file, key_file = (name or None for name in (security.ca_file, security.cert_file, security.key_file))
    try:
        context: ssl.SSLContext = create_ssl_context(cafile=ca_file, certfile=cert_file, keyfile=key_file)
    except OSError as error:  # it names no file
        files = ", ".join(filter(None, (ca_file, cert_file, key_file)))
        expected = f"certificates and keys that can be read from {files} ({error.strerror or error})"
        raise ConfigurationError((Mistake(path="kafka.security", expected=expected),)) from error
    context.check_hostname = security.check_hostname
    return context


async def unreachable(kafka: Kafka, given: Mapping[str, object]) -> ConnectionProblem:
    """Why no broker can be reached: the clients only log it, so each address is tried once more."""
    reasons = []
    others = {name: value for name, value in given.items() if name != "bootstrap_servers"}
    for address in kafka.bootstrap.split(","):
        host, port = split(address.strip())
        try:
            async with asyncio.timeout(CONNECT_S):
                connection = await create_conn(host, port, request_timeout_ms=int(CONNECT_S * 1000), **others)
            connection.close()
            reasons.append(f"{address} answers now, but did not a moment ago")
        except (OSError, KafkaError, TimeoutError) as error:
            reasons.append(f"{address}: {reason(error)}")
    await asyncio.sleep(CLOSING_S)
    return ConnectionProblem(f"cannot reach Kafka at {'; '.join(reasons)}")


def reason(error: BaseException) -> str:
    """An exception as words; never empty."""
    if isinstance(error, TimeoutError):
        return "no answer in time; is the protocol right (PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL)?"
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return str(cause) or type(cause).__name__


def split(address: str) -> tuple[str, int]:
    """`host:port`, `[v6]:port` or `host` as host and port; Kafka's port is 9092."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return address.strip("[]"), 9092
    return host.strip("[]"), int(port)
