"""`driftline replay`: the same core over files, without Kafka, faster than real time."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sinks import commit as tables
from sinks.commit import Store
from sinks.duck import DuckStore
from sinks.memory import MemoryStore
from stream.cli import opening
from stream.cli.listing import lines
from stream.cli.options import CONFIG, JSON
from stream.cli.retelling import retelling
from stream.config.settings import Settings
from stream.config.units import several
from stream.files import FileProblem, logs
from stream.monitor.panes.window import LEARNING
from stream.replay import Replay


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@CONFIG
@click.option("--store", "path", default="", help="Keep the results in this DuckDB file.")
@click.option("--model", default="", help="Of all rows of a table without a column `model`.")
@JSON
def replay(files: tuple[Path, ...], file: Path | None, path: str, model: str, as_json: bool) -> None:
    """Run the service's core over FILES of events: JSON lines, Parquet or CSV, or over a captured stream.

    Each file is a log of one partition in its own order; Parquet files of captured records keep their partitions. A row
    of a table is a prediction, unless a column `kind` says otherwise; it needs a column `time`, and what is no field of
    an event is a feature (docs/events.md). In the end every window is closed.

    A folder that `driftline capture` has written gives the rows of its stream: by the configurations of the time, with
    all that its journal says, up to where it was captured. With --config it says what another configuration would have
    found. Exit code 0, whatever was found.
    """
    if len(files) == 1 and files[0].is_dir():
        if model:
            raise FileProblem("--model is for tables without a column `model`; a captured stream has all that it needs")
        _retell(files[0], file, path, as_json=as_json)
        return
    settings = opening.configuration(file, (), "")
    store = _store(path, settings)
    try:
        feeds = logs(files, topic=settings.events.predictions[0], model=model)
        running = Replay(settings, opening.sources(settings), store, feeds)
        begun = time.perf_counter()
        size = sum(feed.size for feed in feeds)
        with _bar(size) as heard:
            running.run(lambda n: heard(sum(feed.consumed for feed in feeds), n))
        _tell(store, running.events, time.perf_counter() - begun, as_json=as_json)
    finally:
        store.close()


def _retell(folder: Path, file: Path | None, path: str, *, as_json: bool) -> None:
    """A captured stream once more; why its rows may be others is told on stderr."""
    store = _store(path, Settings())
    try:
        with retelling(folder, store, file) as told:
            begun = time.perf_counter()
            with _bar(told.size) as heard:
                told.run(lambda n: heard(n, n))
            for difference in told.differences:
                click.echo(f"driftline: not the stream's own rows: {difference}", err=True)
            seconds = time.perf_counter() - begun
            _tell(store, told.events, seconds, as_json=as_json, differences=told.differences)
    finally:
        store.close()


def _store(path: str, settings: Settings) -> Store:
    return DuckStore(path, memory_limit=settings.store.memory_limit) if path else MemoryStore()


@contextmanager
def _bar(size: int) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr while it lasts; it hears how much of the size is done, and how many records that are."""
    events = TextColumn("{task.fields[events]:,} events")
    bar = (TextColumn("replaying"), BarColumn(), events, TimeRemainingColumn())
    with Progress(*bar, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=size, events=0)
        yield lambda done, n: progress.update(task, completed=done, events=n)


def _tell(
    store: Store, events: int, seconds: float, *, as_json: bool, differences: Sequence[str] | None = None
) -> None:
    """What was found, most recent last."""
    found = store.select(tables.FINDINGS, order=("end",))
    triggers = store.select(tables.TRIGGERS, order=("at",))
    windows = store.select(tables.WINDOWS)
    buried = store.select(tables.DEAD_LETTERS)
    letters = len(buried["commit"])
    reasons = Counter(buried["reason"].tolist())
    details = dict(zip(buried["reason"].tolist(), buried["detail"].tolist(), strict=True))
    unknown = Counter(why for why in windows["why"].tolist() if why)
    if as_json:
        document = {
            "events": events,
            "seconds": seconds,
            "windows": len(windows["commit"]),
            "unknown": dict(unknown.most_common()),
            "findings": len(found["commit"]),
            "dead_letters": letters,
            "reasons": dict(reasons.most_common()),
            "triggers": [msgspec.json.decode(body) for body in triggers["body"].tolist()],
        }
        if differences is not None:
            document["differences"] = differences
        click.echo(msgspec.json.encode(document).decode())
        return
    rate = events / max(seconds, 1e-9)
    click.echo(
        f"{several(events, 'record')} in {seconds:.1f} s ({rate:,.0f} a second): "
        f"{several(len(windows['commit']), 'window')}, {several(len(found['commit']), 'finding')}, "
        f"{several(len(triggers['commit']), 'trigger')}, {several(letters, 'dead letter')}"
    )
    for why, n in reasons.most_common():  # of a closed set
        click.echo(f"  {why} ({n:,}), such as: {details[why]}")
    if unknown:
        whys = ", ".join(f"{why} ({n:,})" for why, n in unknown.most_common())
        click.echo(f"without a verdict: {several(sum(unknown.values()), 'window')}: {whys}")
    if LEARNING in unknown or (letters < events and not len(windows["commit"])):
        click.echo("A reference is learned first, from a day unless told otherwise, or is a file: docs/references.md")
    for line in lines(found):
        click.echo(line)
