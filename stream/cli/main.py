"""`driftline`: the commands. Each is a thin reading of its options around something that is tested without it."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import rich_click as click

from sinks.duck import DuckStore, export
from stream.app import Service
from stream.broker import quieten
from stream.cli import opening
from stream.cli.failures import leave
from stream.config.explain import explain, explanation

FILE = click.argument("file", required=False, type=click.Path(path_type=Path))
TOPIC = click.option("--topic", "topics", multiple=True, help="A topic of predictions; instead of a file. May be repeated.")
BOOTSTRAP = click.option("--bootstrap", default="", help="HOST:PORT of Kafka; overrides the file.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="driftline", prog_name="driftline")
def commands() -> None:
    """Watches machine-learning models on Kafka: reads what they saw and said, finds drift, asks for retraining.

    FILE is a YAML configuration (docs/configuration.md); without one, ./driftline.yaml is used if it is there.
    """


@commands.command()
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


@commands.command()
@FILE
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, for a program.")
@click.option("--broker/--no-broker", default=True, help="Whether to ask Kafka what its settings are worth.")
def check(file: Path | None, as_json: bool, broker: bool) -> None:
    """Explain what a configuration means, and find every mistake in it at once."""
    settings = opening.configuration(file, (), "")
    opening.sources(settings)
    click.echo(msgspec.json.encode(explanation(settings)).decode() if as_json else explain(settings))
    del broker


@commands.command(name="export")
@FILE
@click.option("-o", "--output", "folder", default="export", type=click.Path(path_type=Path), help="The folder.")
@click.option("--table", "tables", multiple=True, help="Only this table; may be repeated.")
def export_tables(file: Path | None, folder: Path, tables: tuple[str, ...]) -> None:
    """Write the tables of the store as Parquet files."""
    settings = opening.configuration(file, (), "")
    store = DuckStore(settings.store.path, memory_limit=settings.store.memory_limit)
    try:
        for written in export(store, folder, tables or None):
            click.echo(str(written))
    finally:
        store.close()


def _say(sentence: str) -> None:
    """What the service has to say while it runs."""
    sys.stderr.write(f"driftline: {sentence}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; failures become sentences and exit codes."""
    try:
        commands.main(args=list(arguments) if arguments is not None else None, prog_name="driftline")
    except Exception as error:  # noqa: BLE001 - told by table, re-raised where it is in none
        leave(error)
