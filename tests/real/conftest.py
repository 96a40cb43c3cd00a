"""Each system in an environment of its own, installed once and kept; nothing here runs unless it is asked for.

What cannot be installed or started fails: nothing is skipped. Airflow and MLflow are one server each for all tests;
both are begun before the first test, and those that need neither are told first.
"""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.kafka import RealKafka
from tests.real import airflow_server, mlflow_server
from tests.real.programs import Server, free_port

HERE = Path(__file__).parent
ORDER = ("test_guard", "test_local", "test_mlflow", "test_airflow", "test_loop")  # as servers are up


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Installing takes a while and gigabytes: `-m real` must say so."""
    asked = "real" in str(config.getoption("-m"))
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.real)
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.timeout(400))  # the start of a server included
            if not asked:
                item.add_marker(pytest.mark.skip(reason="only by `make real`"))
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.is_relative_to(HERE) else -1)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKafka]:
    """A Kafka with the topic of triggers."""
    own = RealKafka(tmp_path_factory.mktemp("kafka"))
    try:
        own.start()
        own.create_topic("driftline.triggers")
        yield own
    finally:
        own.kill()


@pytest.fixture(scope="session", autouse=True)
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """The servers that some test asks for, by the names of their fixtures: not up yet."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    addresses = {name: f"http://127.0.0.1:{free_port()}" for name in ("airflow", "mlflow")}
    servers: dict[str, Server] = {}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is cut off ends what it has begun
    with ExitStack() as stack:
        if "airflow" in wanted:
            kafka: RealKafka = request.getfixturevalue("broker")
            folder = tmp_path_factory.mktemp("airflow")
            servers["airflow"] = stack.enter_context(airflow_server.serving(folder, kafka.bootstrap, **addresses))
        if "mlflow" in wanted:
            folder = tmp_path_factory.mktemp("mlflow")
            servers["mlflow"] = stack.enter_context(mlflow_server.serving(folder, addresses["mlflow"]))
        yield servers


@pytest.fixture(scope="session")
def airflow(begun: dict[str, Server]) -> str:
    """The address of a standalone Airflow with one user, who signs in by a password, and the DAGs of the examples."""
    return airflow_server.up(begun["airflow"])


@pytest.fixture(scope="session")
def mlflow(begun: dict[str, Server]) -> str:
    """The address of a server with an empty store."""
    return begun["mlflow"].up("/health")
