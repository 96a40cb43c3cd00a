"""`driftline demo`: a thin reading of its options."""

import os
import signal
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import rich_click as click
from rich.console import Console

from stream.demo import report
from stream.demo.child import free_port
from stream.demo.live import publish_for_ever
from stream.demo.stage import Performance, Stage, staged
from stream.demo.world import World

FAILED = 1


@click.command()
@click.option("--seed", default=1, show_default=True, help="Another seed, another world with the same changes.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as JSON, for a program.")
@click.option("--keep-running", is_flag=True, help="Leave the page up until Ctrl-C.")
@click.option("--port", default=8080, show_default=True, help="The page's port; a free one where it is in use.")
@click.option("--publish-only", is_flag=True, help="Only publish, without an end, to a broker that is there already.")
@click.option("--bootstrap", default="localhost:9092", show_default=True, help="HOST:PORT; with --publish-only.")
@click.option(
    "--speed", type=click.FloatRange(min=1), help="With --publish-only: how many times as fast the past is played."
)
def demo(  # noqa: PLR0913, PLR0917 - the options, spelled out
    seed: int, as_json: bool, keep_running: bool, port: int, publish_only: bool, bootstrap: str, speed: float | None
) -> None:
    """Play four models for a minute, and find what was planted in them.

    Starts a broker inside this process, the ordinary service beside it, and a publisher with three days of events.
    Four changes are planted in what two of the models see, and one in what is true of a third: its labels, which come
    some minutes late, show it, and a small retrainer fits it anew. One service
    answers slowly for three hours, and one model begins to say yes to women more often. Exit code 0 says that all of it
    was found, that nothing was claimed of what was well, and that the model that was retrained is well again.
    """
    if publish_only:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)
        publish_for_ever(bootstrap, seed, speed, partial(click.echo, err=True))
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the service is ended, too
        performance = _play(World(seed), port, as_json=as_json, keep_running=keep_running)
        sys.exit(0 if performance.good else FAILED)


def _play(world: World, port: int, *, as_json: bool, keep_running: bool) -> Performance:
    console = Console(stderr=as_json)
    free = free_port(port)
    if free != port:
        console.print(f"port {port} is in use: the page is on port {free}")
    console.print(f"Three days of four models, from seed {world.seed}, in about a minute.")
    folder = Path(tempfile.mkdtemp(prefix="driftline-demo-"))
    with staged(folder, free) as parts:
        with report.Screen(Console(stderr=True, quiet=as_json)) as screen:
            performance = Stage(world, parts, screen.show).play()
        if as_json:
            click.echo(report.document(performance))
        else:
            report.tell(performance, console)
        report.open_next(parts.child, console, running=keep_running)
        if keep_running:
            with suppress(KeyboardInterrupt):
                parts.child.wait()
    return performance


def _leave(number: int, _frame: object) -> None:
    """End at once: what was sent is out, and the client's library takes no interrupt while it is taken down."""
    os._exit(128 + number)
