"""`driftline hand-over`: a store for one monitor of a new sharing, made of the stores of the former ones."""

from contextlib import ExitStack, closing
from pathlib import Path

import rich_click as click

from sinks.duck import DuckStore
from stream.cli import opening
from stream.cli.options import NAME
from stream.files import FileProblem
from stream.tiers.handover import hand_over as handed_over


@click.command(name="hand-over")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("former", nargs=-1, required=True, type=click.Path(path_type=Path))
@NAME
@click.option("--to", "path", required=True, type=click.Path(path_type=Path), help="The new store.")
def hand_over(file: Path, former: tuple[Path, ...], name: str, path: Path) -> None:
    """Make the store of a monitor from those of FORMER ones, for a FILE that shares the models anew.

    Before that, stop the workers, let all monitors read to the end, and stop them. See docs/scaling.md.
    """
    settings = opening.named(opening.configuration(file), name)
    for each in former:
        if not each.exists():
            raise FileProblem(f"{each}: there is no such store")
    if path.exists():
        raise FileProblem(f"{path} is there already: a hand-over makes a new store")
    with ExitStack() as stores:
        opened = [(str(each), stores.enter_context(closing(DuckStore(each)))) for each in former]
        commits = handed_over(opened, settings)
        first = next(commits)  # whatever speaks against it is said before there is a file
        made = stores.enter_context(closing(DuckStore(path)))
        n = 0
        for commit in (first, *commits):
            made.write(commit)
            n += sum(len(next(iter(rows.values()))) for rows in commit.tables.values())
    click.echo(f"{path}: {n:,} rows of what {name or 'the monitor'} watches now")
