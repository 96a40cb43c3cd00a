"""`driftline backup` and `driftline restore`: copies of the store, made and put back."""

from pathlib import Path

import rich_click as click

from sinks import duck
from stream.cli import opening
from stream.cli.options import FILE


@click.command()
@FILE
@click.option("-o", "--output", "folder", default="backups", type=click.Path(path_type=Path), help="The folder.")
@click.option(
    "--keep", default=7, type=click.IntRange(1), show_default=True, help="How many copies stay in the folder."
)
def backup(file: Path | None, folder: Path, keep: int) -> None:
    """Copy the store while the service runs; the copy is opened and read whole before it counts.

    It must be able to read the file: run it on the machine, and as the user, of the service, as often as you like.
    """
    store = opening.configuration(file).store
    made = duck.backup(Path(store.path), folder, keep=keep, memory_limit=store.memory_limit)
    click.echo(f"{made.path}: commit {made.commit:,}, {made.path.stat().st_size:,} bytes")


@click.command()
@click.argument("copy", type=click.Path(path_type=Path))
@FILE
@click.option("--force", is_flag=True, help="Also where the store is further than the copy.")
def restore(copy: Path, file: Path | None, force: bool) -> None:
    """Put COPY in the place of the store; what was there stays beside it as `.replaced`.

    Stop the service first, and the workers of a monitor. The next start goes on from the positions of the copy, and
    reads again what the topics still hold.
    """
    store = opening.configuration(file).store
    put = duck.restore(copy, Path(store.path), force=force, memory_limit=store.memory_limit)
    click.echo(f"{put.path}: commit {put.commit:,}")
