"""`driftline replay`: the same core over files, without Kafka, faster than real time."""

import time
from pathlib import Path

import msgspec
import numpy as np
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sinks import commit as tables
from sinks.commit import Store
from sinks.duck import DuckStore
from sinks.memory import MemoryStore
from stream.cli import opening
from stream.cli.options import CONFIG, JSON
from stream.files import logs
from stream.replay import Replay

SHOWN = 20  # findings


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@CONFIG
@click.option("--store", "path", default="", help="Keep the results in this DuckDB file.")
@JSON
def replay(files: tuple[Path, ...], file: Path | None, path: str, as_json: bool) -> None:
    """Run the service's core over FILES of events: JSON lines, Parquet or CSV.

    Each file is a log of one partition in its own order; a captured log keeps its partitions. In the end every
    window is closed. Exit code 0, whatever was found.
    """
    settings = opening.configuration(file, (), "")
    store: Store = DuckStore(path, memory_limit=settings.store.memory_limit) if path else MemoryStore()
    try:
        feeds = logs(files, topic=settings.events.predictions[0])
        running = Replay(settings, opening.sources(settings), store, feeds)
        begun = time.perf_counter()
        events = TextColumn("{task.fields[events]:,} events")
        bar = (TextColumn("replaying"), BarColumn(), events, TimeRemainingColumn())
        with Progress(*bar, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=sum(feed.size for feed in feeds), events=0)
            running.run(lambda n: progress.update(task, completed=sum(feed.consumed for feed in feeds), events=n))
        _tell(store, running.events, time.perf_counter() - begun, as_json=as_json)
    finally:
        store.close()


def _tell(store: Store, events: int, seconds: float, *, as_json: bool) -> None:
    """What was found, most recent last."""
    found = store.select(tables.FINDINGS, order=("end",))
    triggers = store.select(tables.TRIGGERS, order=("at",))
    windows = store.select(tables.WINDOWS)
    letters = len(store.select(tables.DEAD_LETTERS)["commit"])
    if as_json:
        document = {
            "events": events,
            "seconds": seconds,
            "windows": len(windows["commit"]),
            "findings": len(found["commit"]),
            "dead_letters": letters,
            "triggers": [msgspec.json.decode(body) for body in triggers["body"].tolist()],
        }
        click.echo(msgspec.json.encode(document).decode())
        return
    console = Console()
    rate = events / max(seconds, 1e-9)
    console.print(
        f"{events:,} records in {seconds:.1f} s ({rate:,.0f} a second): {len(windows['commit']):,} windows, "
        f"{len(found['commit']):,} findings, {len(triggers['commit'])} triggers, {letters:,} dead letters"
    )
    if not len(found["commit"]):
        return
    shown = Table("window end", "model", "segment", "what", "detector", "value", "limit")
    overall = np.flatnonzero(found["segment"] == "")
    for i in (overall if len(overall) else np.arange(len(found["commit"])))[-SHOWN:].tolist():
        about = [str(found[name][i]) for name in ("model", "segment", "words", "detector")]
        numbers = [f"{found[name][i]:.3g}" for name in ("value", "limit")]
        shown.add_row(str(found["end"][i].astype("datetime64[s]")), *about, *numbers)
    console.print(shown)
