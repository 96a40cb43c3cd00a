"""`driftline export`: the store's tables as Parquet."""

from pathlib import Path

import rich_click as click

from sinks.commit import BY_NAME
from stream.cli import opening
from stream.cli.asking import exported
from stream.cli.options import FILE


@click.command(name="export")
@FILE
@click.option("-o", "--output", "folder", default="export", type=click.Path(path_type=Path), help="The folder.")
@click.option("--table", "tables", multiple=True, type=click.Choice(sorted(BY_NAME)), help="Only this one.")
def export_tables(file: Path | None, folder: Path, tables: tuple[str, ...]) -> None:
    """Write the tables of the store as Parquet files, all of one moment.

    The running service is asked over HTTP (`http.listen`); where none has the store, its file is opened.
    """
    settings = opening.configuration(file, (), "")
    for written in exported(settings, folder, tables or tuple(BY_NAME)):
        click.echo(str(written))
