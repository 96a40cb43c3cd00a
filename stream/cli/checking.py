"""`driftline check`: what a configuration means, and every mistake in it at once."""

import asyncio
import os
from pathlib import Path

import msgspec
import rich_click as click

from stream.broker import ConnectionProblem, quieten
from stream.broker.worth import worth
from stream.cli import opening
from stream.cli.options import FILE, JSON
from stream.config.explain import explain, explanation
from stream.config.settings import Settings


@click.command()
@FILE
@JSON
@click.option("--broker/--no-broker", default=True, help="Whether to ask Kafka what its settings are worth.")
def check(file: Path | None, as_json: bool, broker: bool) -> None:
    """Explain what a configuration means, and find every mistake in it at once.

    Reference files are read, and a plan is made of each, so that what a start would refuse is refused here.
    """
    settings = opening.configuration(file, (), "")
    opening.try_references(settings)
    told = asyncio.run(_broker(settings)) if broker else []
    if as_json:
        document = {**msgspec.to_builtins(explanation(settings)), "broker": told}
        click.echo(msgspec.json.encode(document).decode())
        return
    click.echo(explain(settings))
    if told:
        click.echo("\nBroker")
        for sentence in told:
            click.echo(f"  {sentence}")


async def _broker(settings: Settings) -> list[str]:
    quieten()
    try:
        return await worth(settings, dict(os.environ))
    except ConnectionProblem as problem:
        return [f"Not asked: {problem}."]
