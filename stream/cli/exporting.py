"""`driftline export`: the store's tables as Parquet."""

from pathlib import Path

import rich_click as click

from sinks.commit import BY_NAME
from sinks.duck import DuckStore, export
from stream.cli import opening
from stream.cli.options import FILE


@click.command(name="export")
@FILE
@click.option("-o", "--output", "folder", default="export", type=click.Path(path_type=Path), help="The folder.")
@click.option("--table", "tables", multiple=True, type=click.Choice(sorted(BY_NAME)), help="Only this one.")
def export_tables(file: Path | None, folder: Path, tables: tuple[str, ...]) -> None:
    """Write the tables of the store as Parquet files. The service must not be running: DuckDB has one owner."""
    settings = opening.configuration(file, (), "")
    store = DuckStore(settings.store.path, memory_limit=settings.store.memory_limit)
    try:
        for written in export(store, folder, tables or None):
            click.echo(str(written))
    finally:
        store.close()
