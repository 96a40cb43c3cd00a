"""The commands that run until they are told to stop: the service, or its two tiers on machines of their own."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import rich_click as click
from msgspec.structs import replace

from stream.app.intake import W
from stream.app.service import Service
from stream.app.tiers import MONITOR, RUN, Tier
from stream.broker import quieten
from stream.cli import opening
from stream.cli.dispatching import given
from stream.cli.options import BOOTSTRAP, FILE, LABELS, NAME, TOPIC
from stream.config.mistakes import ConfigurationError, Mistake
from stream.config.reading import scalars
from stream.config.sections.monitors import Monitors
from stream.config.settings import Settings
from stream.dispatch.beside import Beside, Process
from stream.worker import Attended, Worker


def _address(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """An address as in `http.listen`."""
    del context, parameter
    try:
        return None if text is None else scalars.listen(text)
    except ValueError as error:
        raise click.BadParameter(f"expected {error}, found {text}") from error


@click.command()
@FILE
@TOPIC
@LABELS
@BOOTSTRAP
def run(file: Path | None, topics: tuple[str, ...], labels: tuple[str, ...], bootstrap: str) -> None:
    """Run the service: consume, summarise, judge, keep, show and tell, in one process.

    Without any file, `driftline run --topic predictions` learns every model that it meets from the stream, and with
    `--labels labels` it says how good they are.
    """
    settings = opening.configuration(file, topics, bootstrap, labels)
    _service(replace(settings, monitors=Monitors()), RUN)


@click.command()
@FILE
@TOPIC
@LABELS
@BOOTSTRAP
@NAME
def monitor(file: Path | None, topics: tuple[str, ...], labels: tuple[str, ...], bootstrap: str, name: str) -> None:
    """Run the second half: judge, keep, show and tell what workers have summarised (`driftline ingest`)."""
    settings = opening.configuration(file, topics, bootstrap, labels)
    _service(opening.named(settings, name), MONITOR)


@click.command()
@FILE
@TOPIC
@LABELS
@BOOTSTRAP
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=_address,
    help="Where /metrics and /health answer; port 0: a free one, which is said. Without it, nowhere.",
)
def ingest(
    file: Path | None, topics: tuple[str, ...], labels: tuple[str, ...], bootstrap: str, listen: str | None
) -> None:
    """Run one worker of the first half: consume and summarise, for a `driftline monitor`.

    Start as many as there are partitions, at most: they share them, and take over from one that dies.
    """
    settings = opening.configuration(file, topics, bootstrap, labels)
    if not settings.kafka.transactional:
        expected = "true: workers hand partitions over by transactions"
        raise ConfigurationError((Mistake("kafka.transactional", expected, "false"),))
    worker = Worker(settings, dict(os.environ), _say)
    asyncio.run(_until_told(worker if listen is None else Attended(worker, listen, _say)))


def _service(settings: Settings, tier: Tier[W]) -> None:
    sources, store = opening.sources(settings), opening.store(settings)
    try:
        asyncio.run(_until_told(_with_dispatcher(Service(settings, store, sources, dict(os.environ), _say, tier=tier))))
    finally:
        store.close()


def _with_dispatcher(service: Service[W]) -> Process:
    """The service, and a dispatcher beside it where `dispatch.inside` says so."""
    settings, environment = service.settings, dict(os.environ)
    if not settings.dispatch.inside:
        return service
    from stream.dispatch.opening import targets
    from stream.dispatch.process import Dispatcher

    return Beside(service, Dispatcher(given(settings), targets(settings.dispatch, environment), environment, _say))


async def _until_told(process: Process) -> None:
    quieten()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    await process.run()


def _say(sentence: str) -> None:
    """What the process has to say while it runs."""
    sys.stderr.write(f"driftline: {sentence}\n")
    sys.stderr.flush()
