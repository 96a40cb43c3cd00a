"""`driftline publish`: a file's events or labels onto a topic, as if a service had just published them."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import rich_click as click
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from stream.app.publishing import offered
from stream.app.publishing import publish as send
from stream.backfill import Contents, Judge, Source
from stream.broker import quieten
from stream.cli import opening
from stream.cli.options import BOOTSTRAP, JSON
from stream.config.settings import Settings
from stream.config.units import spelled_duration
from stream.events import KINDS
from stream.files import FileProblem
from stream.files.rows import Given

KIND_WORDS = {"prediction": "predictions", "features": "events of features", "label": "labels"}
MODELS_SHOWN = 20


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("file", metavar="[CONFIG]", required=False, type=click.Path(path_type=Path))
@click.option("--topic", required=True, help="Where they go.")
@click.option("--kind", type=click.Choice(KINDS), help="Of all rows of a table without a column `kind`.")
@click.option("--model", default="", help="Of all rows of a table without a column `model`.")
@click.option("--after", default=0, type=click.IntRange(0), help="Leave out so many events: an earlier run sent them.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent, and show the first events.")
@BOOTSTRAP
@JSON
def publish(  # noqa: PLR0913, PLR0917 - the options, spelled out
    source: Path,
    file: Path | None,
    topic: str,
    kind: str | None,
    model: str,
    after: int,
    dry_run: bool,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Send the events or labels of FILE to a topic: to fill in what was not published, or was not known, at the time.

    JSON lines go as they are. Of CSV and Parquet each row becomes an event; with --kind label the columns id, model
    (or --model), time, label and event become labels, and others are left out. See docs/events.md and docs/labels.md.

    The whole file is checked first, as the service of CONFIG would check it: of one with a mistake nothing is sent.
    Events keep the file's order and are keyed by their model.
    """
    settings = opening.configuration(file, bootstrap=bootstrap)
    judge = Judge(Source(source, Given(kind or "", model)), topic, settings, time.time_ns() // 1_000_000)
    if not judge.declared and (file is not None or opening.DEFAULT_FILE.exists()):
        click.echo(f"driftline: the configuration does not read {topic}: another service should", err=True)
    contents = _checked(judge, source, settings)
    if contents.late:
        click.echo(
            f"driftline: {contents.late:,} events are so much older than one before them that they will count as late "
            f"(lateness {spelled_duration(settings.lateness)}); sort the file by time",
            err=True,
        )
    if not dry_run:
        asyncio.run(_send(settings, topic, judge, after, contents.events))
    n = max(0, contents.events - after)
    _tell(_summary(source, topic, contents, n, dry_run=dry_run), contents, as_json=as_json)


def _checked(judge: Judge, source: Path, settings: Settings) -> Contents:
    """What is in the file. FileProblem, with all that is wrong, where the service would refuse some of it."""
    contents = Contents()
    with _bar("checking", source.stat().st_size) as heard:
        for part in judge.judged():
            contents.add(part, settings)
            heard(part.consumed)
    if contents.wrong:
        more = contents.wrong - len(contents.problems)
        told = [*contents.problems, *([f"and {more:,} more"] if more else [])]
        raise FileProblem("\n  ".join((f"{source}: nothing was sent, for {contents.wrong:,} mistakes:", *told)))
    if not contents.events:
        raise FileProblem(f"{source} has no events")
    return contents


async def _send(settings: Settings, topic: str, judge: Judge, after: int, n: int) -> None:
    quieten()
    environment = dict(os.environ)
    await offered(settings.kafka, environment, topic)
    with _bar("publishing", n) as heard:
        await send(settings.kafka, environment, (part.messages for part in judge.judged()), after, heard)


@contextmanager
def _bar(doing: str, size: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while it lasts; it hears how much of the size is done."""
    bar = (TextColumn(doing), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*bar, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size)
        yield lambda done: progress.update(task, completed=done)


class Summary(Struct):
    """What was sent, or would be; as JSON too."""

    file: str
    topic: str
    dry_run: bool
    events: int
    in_all: int
    models: dict[str, dict[str, int]]  # by name: by kind, of the whole file
    first: str
    last: str
    late: int


def _summary(source: Path, topic: str, contents: Contents, n: int, *, dry_run: bool) -> Summary:
    models: dict[str, dict[str, int]] = {}
    for (name, kind), count in sorted(contents.counts.items()):
        models.setdefault(name, {})[kind] = count
    first, last = (str(np.datetime64(time // 1_000_000, "ms")) + "Z" for time in (contents.first, contents.last))
    return Summary(str(source), topic, dry_run, n, contents.events, models, first, last, contents.late)


def _tell(summary: Summary, contents: Contents, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(summary).decode())
        return
    of_models = [
        f"{name} {', '.join(f'{count:,} {KIND_WORDS[kind]}' for kind, count in kinds.items())}"
        for name, kinds in summary.models.items()
    ]
    shown = "; ".join(of_models[:MODELS_SHOWN]) + (", ..." if len(of_models) > MODELS_SHOWN else "")
    verb = "would be sent" if summary.dry_run else "sent"
    click.echo(f"{summary.file}: {summary.events:,} events {verb} to {summary.topic}, keyed by model ({shown})")
    click.echo(f"their times: {summary.first} to {summary.last}")
    if summary.dry_run:
        for value in contents.shown:
            click.echo(value.decode(errors="replace"))
