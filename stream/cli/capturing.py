"""`driftline capture`: a stream's records and journal as files, from which its rows can be told again."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sinks.commit import CHECKPOINTS, JOURNAL, POSITIONS
from stream.app.copying import copy
from stream.broker import quieten
from stream.cli import opening
from stream.cli.asking import exported
from stream.cli.options import BOOTSTRAP, FILE, JSON
from stream.config.settings import Settings
from stream.config.units import several
from stream.events import Partition
from stream.files import FileProblem
from stream.files.captures import FORGOTTEN, Contents, holes
from stream.files.capturing import Capturing
from stream.files.kept import Kept, kept
from stream.lives import Hole, lives, spans


@click.command()
@FILE
@BOOTSTRAP
@click.option("-o", "--output", "folder", default="capture", type=click.Path(path_type=Path), help="The folder.")
@JSON
def capture(file: Path | None, bootstrap: str, folder: Path, as_json: bool) -> None:
    """Write what the service has read, and all else that its results depend on, as files to replay.

    Records come from the event topics, up to where the store's last Commit has read; the journal comes from the store,
    of the running service or of the file. A later capture into the same folder adds what has come since: let it run
    more often than the topics forget. `driftline replay FOLDER` then gives the rows of the store.
    """
    settings = opening.configuration(file, bootstrap=bootstrap)
    capturing = Capturing(folder)
    with TemporaryDirectory(prefix=".asked-", dir=folder) as asked:
        paths = exported(settings, Path(asked), [table.name for table in (POSITIONS, JOURNAL, CHECKPOINTS)])
        found = kept({path.stem: path for path in paths})
    if found.commit < capturing.commit:
        raise FileProblem(
            f"{folder} reaches to commit {capturing.commit}, and the store only to {found.commit}: it is another one, "
            "or an older copy; capture into a new folder"
        )
    read = spans(lives(found.journal, found.left))
    contents = _captured(settings, capturing, found, read)
    _tell(folder, contents, capturing.records, holes(contents, read, found.journal), as_json=as_json)


def _captured(
    settings: Settings, capturing: Capturing, found: Kept, read: Mapping[Partition, tuple[int, int]]
) -> Contents:
    """Read what is not captured yet."""
    wanted = {each: (max(begin, capturing.ends.get(each, begin)), end) for each, (begin, end) in read.items()}
    quieten()
    bar = (TextColumn("capturing"), BarColumn(), TextColumn("{task.fields[records]:,} records"), TimeRemainingColumn())
    with Progress(*bar, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=sum(end - begin for begin, end in wanted.values()), records=0)

        def heard(n: int) -> None:
            progress.update(task, completed=n, records=n)

        asyncio.run(copy(settings.kafka, dict(os.environ), wanted, capturing, heard))
    return capturing.finish(found.commit, found.journal, found.left, settings.store.keep)


def _tell(folder: Path, contents: Contents, records: int, gone: Sequence[Hole], *, as_json: bool) -> None:
    in_all, n_bytes = (
        sum(each) for each in zip(*((part.records, part.n_bytes) for part in contents.parts), strict=True)
    )
    if as_json:
        document = {
            "folder": str(folder),
            "commit": contents.commit,
            "records": records,
            "records_in_all": in_all,
            "files": len(contents.parts),
            "bytes": n_bytes,
            "forgotten": contents.forgotten,
            "gone": [
                {"topic": hole.partition[0], "partition": hole.partition[1], "begin": hole.begin, "upto": hole.upto}
                for hole in gone
            ],
        }
        click.echo(msgspec.json.encode(document).decode())
        return
    if contents.forgotten:
        click.echo(f"driftline: {FORGOTTEN}", err=True)
    for hole in gone:
        click.echo(f"driftline: {hole} had gone from the topic before they were captured", err=True)
    click.echo(
        f"{folder}: {several(records, 'record')} more, {in_all:,} in all, up to commit {contents.commit}; "
        f"{several(len(contents.parts), 'file')}, {several(n_bytes, 'byte')}"
    )
