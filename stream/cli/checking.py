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
from stream.config.settings import Settings
from stream.config.telling.estimate import ASSUMED
from stream.config.telling.explain import explain, explanation


@click.command()
@FILE
@JSON
@click.option(
    "--events-per-second", type=click.FloatRange(min=0, min_open=True), help="Say what such a load takes, too."
)
@click.option("--models", type=click.IntRange(min=1), help="Models per pattern, at most limits.models.")
@click.option("--broker/--no-broker", default=True, help="Whether to ask Kafka what its settings are worth.")
def check(file: Path | None, as_json: bool, events_per_second: float | None, models: int | None, broker: bool) -> None:
    """Explain what a configuration means, and find every mistake in it at once.

    Reference files are read, and a plan is made of each, so that what a start would refuse is refused here.
    """
    settings = opening.configuration(file, (), "")
    opening.try_references(settings)
    assumed = msgspec.structs.replace(ASSUMED, models=models or ASSUMED.models)
    meaning = explanation(settings, assumed, events_per_second)
    told = asyncio.run(_broker(settings)) if broker else []
    if as_json:
        document = {**msgspec.to_builtins(meaning), "broker": told}
        click.echo(msgspec.json.encode(document).decode())
        return
    click.echo(explain(meaning))
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
