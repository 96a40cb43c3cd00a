"""`driftline policy try`: what a policy would have done with the history that a store has."""

from pathlib import Path

import msgspec
import rich_click as click
from msgspec.structs import replace

from sinks.commit import PLANS, WINDOWS, Store
from sinks.duck import looked_at
from stream.cli import opening
from stream.cli.groups import Group
from stream.cli.options import JSON
from stream.config.mistakes import nearest
from stream.config.units import duration, several
from stream.files import FileProblem
from stream.policy.incidents import PROMOTED
from stream.trying.trial import Fired, Trial, trial


@click.group(cls=Group)
def policy() -> None:
    """What is done about findings (docs/policy.md)."""


@policy.command("try")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--since", default="30d", show_default=True, help="How far back, in event time, from the newest window.")
@click.option("--store", help="The store, or a backup of it. Default: store.path of the configuration.")
@click.option("--model", help="One model. Default: all.")
@JSON
def try_policy(file: Path | None, since: str, store: str | None, model: str | None, as_json: bool) -> None:
    """List what the policies of a configuration would have done with what was found.

    Nothing is written, and the service that has the store goes on: a copy of it is looked at, which takes as much room
    in the folder for temporary files (TMPDIR) until the end.
    """
    settings = opening.configuration(file)
    if store:
        settings = replace(settings, store=replace(settings.store, path=store))
    if not Path(settings.store.path).exists():
        raise FileProblem(f"there is no store at {settings.store.path}")
    try:
        back = duration(since)
    except ValueError as error:
        raise click.BadParameter(f"--since: expected {error}, found {since}") from error
    with looked_at(Path(settings.store.path), settings.store.memory_limit) as opened:
        if model is not None:
            _known(opened, model)
        found = trial(opened, settings, back, model)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo("\n".join(_lines(found)) if found is not None else "No window has closed yet.")


def _known(store: Store, model: str) -> None:
    """A misspelt model would have had no incident."""
    if len(store.select(WINDOWS, where={"model": model}, limit=1)["model"]):
        return
    names = sorted({*store.select(PLANS)["model"].tolist()})
    near = f"did you mean {each!r}?" if (each := nearest(model, names)) else f"it has {', '.join(names[:10]) or 'none'}"
    raise click.BadParameter(f"--model: the store has no window of a model {model!r}; {near}")


def _lines(found: Trial) -> list[str]:
    span = f"{found.since} to {found.until}"
    would = _happened(found.incidents, found.triggers)
    were = "was" if found.incidents_then == 1 else "were"
    lines = [f"{span}: {would}; there {were} {_happened(found.incidents_then, found.triggers_then)}."]
    return lines + [_line(one) for one in found.fired]


def _happened(incidents: int, triggers: int) -> str:
    return f"{several(incidents, 'incident')}, {several(triggers, 'trigger')}"


def _line(one: Fired) -> str:
    about = " in ".join(filter(None, (one.feature, one.segment)))
    asks = "asks for retraining" if one.trigger else f"asks for nothing ({one.why})" if one.why else ""
    if one.state == "closed":
        asks = PROMOTED if one.why == PROMOTED else ""
    targets = f"for {', '.join(one.targets)}" if one.targets and one.trigger else ""
    what = f"{one.rule} ({one.severity}): {one.kind}{f' of {about}' if about else ''}"
    says = ", ".join(filter(None, (what, asks, targets)))
    return f"  {one.at}  {' '.join(filter(None, (one.model, one.version)))}  {one.state} {says}"
