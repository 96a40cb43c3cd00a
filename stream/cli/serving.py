"""`driftline run`: the service until it is told to stop."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import rich_click as click

from stream.app import Service
from stream.broker import quieten
from stream.cli import opening
from stream.cli.options import BOOTSTRAP, FILE, TOPIC


@click.command()
@FILE
@TOPIC
@BOOTSTRAP
def run(file: Path | None, topics: tuple[str, ...], bootstrap: str) -> None:
    """Run the service: consume, summarise, judge, keep, show and tell, in one process.

    Without any file, `driftline run --topic predictions` learns every model that it meets from the stream.
    """
    settings = opening.configuration(file, topics, bootstrap)
    sources, store = opening.sources(settings), opening.store(settings)
    try:
        asyncio.run(_serve(Service(settings, store, sources, dict(os.environ), _say)))
    finally:
        store.close()


async def _serve(service: Service) -> None:
    quieten()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    await service.run()


def _say(sentence: str) -> None:
    """What the service has to say while it runs."""
    sys.stderr.write(f"driftline: {sentence}\n")
    sys.stderr.flush()
