"""One real broker for the whole run; where there can be none, one loud line, or a failure under `CI=true`."""

import os
import secrets
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.integration.kafka import Kafka, RealKafka, Unavailable

WITHOUT = pytest.StashKey[str]()
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder needs another program.

    Files with the longest stories are begun first, or in the end one of them would be told while nobody else works.
    """
    longest: dict[Path, int] = {}
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.integration)
            for mark in item.iter_markers("timeout"):
                longest[item.path] = max(longest.get(item.path, 0), *mark.args)
    items.sort(key=lambda item: -longest.get(item.path, 0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tests that miss the broker are skipped at one place, so that they are one line of the summary."""
    report = yield
    if report.skipped and call.excinfo is not None and str(call.excinfo.value) == item.config.stash.get(WITHOUT, None):
        report.longrepr = (str(HERE / "conftest.py"), 1, f"Skipped: {call.excinfo.value}")
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly what was not tested."""
    if reason := config.stash.get(WITHOUT, ""):
        terminalreporter.write_line(f"NOT TESTED against a real Kafka: {reason}", red=True, bold=True)


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """The broker at `DRIFTLINE_TEST_KAFKA`, else one of our own that lives as long as the run."""
    if address := os.environ.get("DRIFTLINE_TEST_KAFKA"):
        yield Kafka(address)
        return
    try:
        broker = RealKafka(tmp_path_factory.mktemp("kafka"))
        broker.start()
    except Unavailable as error:
        request.config.stash[WITHOUT] = str(error)
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def own_kafka(kafka: Kafka) -> RealKafka:
    """The same broker, where it is ours to kill and has all its listeners."""
    if not isinstance(kafka, RealKafka):
        pytest.skip("DRIFTLINE_TEST_KAFKA names a broker that is not ours to kill")
    return kafka


@pytest.fixture
def new_topic(kafka: Kafka) -> Callable[..., str]:
    """Makes a topic that nobody has used: `new_topic(partitions, config)`."""

    def made(partitions: int = 1, config: dict[str, str] | None = None) -> str:
        return kafka.create_topic(f"test-{secrets.token_hex(6)}", partitions, config)

    return made
