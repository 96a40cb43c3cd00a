"""`driftline schema`: what is published, for programs: the JSON Schemas of triggers and outcomes, and AsyncAPI."""

import msgspec
import rich_click as click

from stream.schema import DOCUMENTS


@click.command()
@click.argument("which", type=click.Choice(list(DOCUMENTS)), default="trigger")
def schema(which: str) -> None:
    """Print the JSON Schema of a trigger or of an outcome, or the AsyncAPI document of both topics."""
    click.echo(msgspec.json.format(msgspec.json.encode(DOCUMENTS[which]()), indent=2).decode())
