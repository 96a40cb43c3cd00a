"""`driftline control`: what a person asks of the running monitor, written to its control topic."""

import asyncio
import getpass
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import rich_click as click

from sinks.topics import Message
from stream import reference as references
from stream.app.publishing import offered, publish
from stream.broker import quieten
from stream.cli import opening
from stream.cli.groups import Group
from stream.cli.options import BOOTSTRAP, CONFIG, JSON
from stream.cli.references import MLFLOW, built
from stream.config.settings import Settings
from stream.config.units import duration
from stream.controls.asked import EVERY, BadControl, parsed

Command = TypeVar("Command", bound=Callable[..., Any])
MODEL = click.argument("model")
MODEL_OR_ALL = click.argument("model", required=False)
INCIDENT = click.argument("incident")
OF_TIME = (
    click.option("--all", "every", is_flag=True, help="All models, instead of MODEL."),
    click.option("--from", "begin", default="", metavar="TIME", help="Event time, RFC 3339. Default: from now on."),
    click.option("--to", "end", default="", metavar="TIME", help="Event time, RFC 3339."),
    click.option("--for", "lasts", default="", metavar="DURATION", help="Such as 2h, from --from or now; or use --to."),
)
COMMON = (
    click.option("--who", default="", help="Who asks. Default: your login name."),
    click.option("-m", "--words", default="", help="Why, for whoever reads it later."),
    click.option(
        "--id", "identity", default="", help="To say a control again: an id is applied once. Default: a new one."
    ),
    BOOTSTRAP,
    CONFIG,
    JSON,
)


@click.group(cls=Group)
def control() -> None:
    """Speak to the running monitor: pause a model, acknowledge an incident, promote a version.

    Each command writes one record to the control topic (`topics.control`), which the monitor reads within a second. It
    holds from the first pane of event time that is not closed yet. What became of it is on the model's page, and at
    /v1/controls. See docs/controls.md.
    """


def _with(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options at once, in their order."""

    def decorated(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


@control.command()
@_with(MODEL, *COMMON)
def pause(model: str, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """Count MODEL's events, but judge nothing: its windows are unknown, nothing opens an incident or triggers."""
    _ask({"kind": "pause", "model": model}, **common)


@control.command()
@_with(MODEL_OR_ALL, OF_TIME[0], *COMMON)
def resume(model: str | None, *, every: bool, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """End a pause of MODEL, and maintenance or a deployment that has begun."""
    _ask({"kind": "resume", "model": _model(model, every=every)}, **common)


@control.command()
@_with(MODEL, INCIDENT, *COMMON)
def acknowledge(model: str, incident: str, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """Say that somebody knows of an open INCIDENT of MODEL; its id is in /v1/incidents and in the trigger."""
    _ask({"kind": "acknowledge", "model": model, "incident": incident}, **common)


@control.command()
@_with(MODEL, INCIDENT, *COMMON)
def close(model: str, incident: str, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """Close an open INCIDENT of MODEL; drift that lasts opens another one, after as many windows as the first."""
    _ask({"kind": "close", "model": model, "incident": incident}, **common)


@control.command()
@_with(MODEL, *COMMON)
def trigger(model: str, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """Ask for a retraining of MODEL now, whatever was found; a cooldown and what is announced do not hold it up."""
    _ask({"kind": "trigger", "model": model}, **common)


@control.command()
@_with(MODEL_OR_ALL, *OF_TIME, *COMMON)
def maintenance(model: str | None, *, every: bool, begin: str, end: str, lasts: str, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """Announce maintenance: incidents still open, but none asks for retraining, and each says why."""
    _ask({"kind": "maintenance", "model": _model(model, every=every), **_span(begin, end, lasts)}, **common)


@control.command()
@_with(MODEL_OR_ALL, *OF_TIME, *COMMON)
def deployment(model: str | None, *, every: bool, begin: str, end: str, lasts: str, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """Announce a deployment: like maintenance, under its own name."""
    _ask({"kind": "deployment", "model": _model(model, every=every), **_span(begin, end, lasts)}, **common)


@control.command()
@_with(MODEL, click.argument("source", type=click.Path(path_type=Path)), *COMMON)
def reference(model: str, source: Path, file: Path | None, **common: Any) -> None:  # noqa: ANN401 - the options of COMMON
    """Compare MODEL with SOURCE from now on: rows, or what `driftline reference build` has saved.

    It holds from the first pane that nobody has read yet, until the configuration asks for another reference.
    """
    saved = msgspec.Raw(references.save(built(source, model, file)))
    _ask({"kind": "reference", "model": model, "saved": saved, "source": f"file {source.name}"}, file=file, **common)


@control.command()
@_with(
    MODEL,
    click.argument("version"),
    click.option(
        "--reference",
        "reference_of",
        type=click.Path(path_type=Path),
        help="Rows, or what `driftline reference build` has saved. Default: learned from the version's first events.",
    ),
    MLFLOW,
    *COMMON,
)
def promote(
    model: str,
    version: str,
    reference_of: Path | None,
    mlflow: Path | None,
    file: Path | None,
    **common: Any,  # noqa: ANN401 - the options of COMMON
) -> None:
    """Say that VERSION of MODEL is the one that is served now: a retraining has ended well.

    Open incidents of it, and of the versions before it, are closed. Its windows are compared with the reference given
    here, or with one that is learned from its own first events; the versions before it ask for nothing any more.
    """
    about: dict[str, object] = {"kind": "promote", "model": model, "version": version}
    if reference_of is not None:
        plan = built(reference_of, model, file, mlflow)
        about |= {"saved": msgspec.Raw(references.save(plan)), "source": plan.source[:200]}
    _ask(about, file=file, **common)


def _model(model: str | None, *, every: bool) -> str:
    if (model is None) != every:
        raise click.UsageError("name one MODEL, or say --all")
    return EVERY if model is None else model


def _span(begin: str, end: str, lasts: str) -> dict[str, str]:
    """From when to when, as the control says it."""
    if bool(end) == bool(lasts):
        raise click.UsageError("say until when: --to TIME, or --for DURATION")
    if lasts:
        end = _after(begin, lasts)
    return {"to": end} | ({"from": begin} if begin else {})


def _after(begin: str, lasts: str) -> str:
    try:
        length = duration(lasts) / 1e9
    except ValueError as error:
        raise click.UsageError(f"--for: expected {error}, found {lasts}") from error
    try:
        start = msgspec.convert(begin, datetime).timestamp() if begin else time.time()
    except msgspec.ValidationError as error:
        raise click.UsageError(f"--from: expected a time such as 2026-11-20T17:00:00Z, found {begin}") from error
    return datetime.fromtimestamp(start + length, UTC).isoformat(timespec="seconds")


def _ask(  # noqa: PLR0913 - the options of COMMON
    said: Mapping[str, object], *, who: str, words: str, identity: str, bootstrap: str, file: Path | None, as_json: bool
) -> None:
    """Write the control, once it is one."""
    settings = opening.configuration(file, bootstrap=bootstrap)
    record = {"id": identity or secrets.token_hex(8), **said, "who": who or _login(), "words": words}
    value = msgspec.json.encode(record)
    try:
        parsed(value.decode())
    except BadControl as error:
        raise click.UsageError(str(error)) from error
    asyncio.run(_send(settings, str(said["model"]), value))
    if as_json:
        click.echo(value.decode())
        return
    click.echo(f"asked on {settings.topics.control}: {said['kind']} {said['model']} (id {record['id']})")


async def _send(settings: Settings, key: str, value: bytes) -> None:
    quieten()
    environment, topic = dict(os.environ), settings.topics.control
    await offered(settings.kafka, environment, topic, "start the monitor, which makes it")
    message = Message(topic, key.encode(), value, (("content-type", b"application/json"),))
    await publish(settings.kafka, environment, [[message]], 0, lambda _: None)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return ""
