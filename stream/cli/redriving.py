"""`driftline redrive`: triggers that a target has not taken, put before it once more."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from sinks.dispatch.letters import Letter, letter, released, worth_another_try
from sinks.dispatch.message import CONTENT
from sinks.dispatch.targets.entry import named
from sinks.topics import Message
from stream.app.publishing import publish
from stream.broker import headed, quieten
from stream.cli import opening
from stream.cli.options import BOOTSTRAP, FILE, JSON
from stream.config.mistakes import nearest
from stream.config.settings import Settings
from stream.config.units import duration

LETTERS_MAX = 10_000  # triggers of 4 KB, 40 MB; of more the newest


@click.command()
@FILE
@click.option("--target", "targets", multiple=True, help="Only what this target has not taken. May be repeated.")
@click.option("--model", "models", multiple=True, help="Only triggers of this model. May be repeated.")
@click.option("--since", default="", metavar="DURATION", help="Only what was given up within so long, such as 12h.")
@click.option("--release", is_flag=True, help="Also what was held: the data to train on is mended.")
@click.option("--dry-run", is_flag=True, help="Only list them.")
@BOOTSTRAP
@JSON
def redrive(  # noqa: PLR0913, PLR0917 - the options, spelled out
    file: Path | None,
    targets: tuple[str, ...],
    models: tuple[str, ...],
    since: str,
    release: bool,
    dry_run: bool,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Let targets try again what they have given up: dead letters of the dispatcher (docs/triggers.md).

    Each goes onto the topic of triggers once more, for the one target that has not taken it. What a later dead letter
    supersedes is left out, and a dead letter counts once, however often this command is given. Triggers that were held
    because their data is broken (hold_training) stay so without --release.
    """
    settings = opening.configuration(file, bootstrap=bootstrap)
    known = [named(each) for each in settings.dispatch.targets]
    for name in targets if known else ():
        if name not in known:
            near = f"did you mean {each!r}?" if (each := nearest(name, known)) else f"there is {', '.join(known)}"
            raise click.BadParameter(f"--target: {name!r} is no target of this configuration; {near}")
    try:
        begin = int(time.time() * 1e3) - duration(since) // 1_000_000 if since else 0
    except ValueError as error:
        raise click.BadParameter(f"--since: expected {error}, found {since}") from error
    quieten()
    worth = worth_another_try(asyncio.run(_letters(settings)), models, targets, begin)
    found = [released(one) if one.held else one for one in worth if release or not one.held]
    if found and not dry_run:
        asyncio.run(_send(settings, found))
    if as_json:
        click.echo(msgspec.json.encode([_document(one) for one in found]).decode())
        return
    for one in found:
        click.echo(
            f"{_time(one)}  {one.trigger.model} {one.trigger.version}  {one.trigger.id} at {one.target}: {one.why}"
        )
    done = "would be tried again" if dry_run else f"put on {settings.topics.triggers} again"
    held = len(worth) - len(found)
    click.echo(f"{len(found)} {done}" + (f"; {held} held: --release, when the data is mended" if held else ""))


async def _letters(settings: Settings) -> list[Letter]:
    """Those of the dispatcher among the dead letters, in the order in which they were written."""
    found: list[Letter] = []
    async for one in headed(settings.kafka, dict(os.environ), settings.topics.dead_letters):
        place = f"{one.partition}/{one.offset}/{one.timestamp}"  # a topic that is made anew begins at 0 again
        if (read := letter(one.value, one.headers, place, one.timestamp)) is not None:
            found.append(read)
            if len(found) > 2 * LETTERS_MAX:
                found = sorted(found, key=_written)[-LETTERS_MAX:]
    return sorted(found, key=_written)[-LETTERS_MAX:]


async def _send(settings: Settings, letters: list[Letter]) -> None:
    messages = [
        Message(settings.topics.triggers, one.trigger.model.encode(), one.trigger.raw, (*CONTENT, *one.headers))
        for one in letters
    ]
    await publish(settings.kafka, dict(os.environ), [messages], 0, lambda _: None)


def _written(one: Letter) -> tuple[int, str]:
    return one.at, one.place


def _time(one: Letter) -> str:
    return datetime.fromtimestamp(one.at / 1e3, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _document(one: Letter) -> dict[str, Any]:
    about = {"trigger": one.trigger.id, "model": one.trigger.model, "model_version": one.trigger.version}
    return {**about, "target": one.target, "given_up": _time(one), "why": one.why}
