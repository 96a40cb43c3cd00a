"""`driftline reference`: what a file says as a reference, before anything runs."""

from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table

from stream import reference as references
from stream.cli import opening
from stream.cli.options import CONFIG, JSON
from stream.config.settings import Limits, Model
from stream.files import reference_file, table, write_plan
from stream.plan import Plan

NAMES_SHOWN = 20


@click.group()
def reference() -> None:
    """References: what windows are compared with."""


@reference.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--model", required=True, help="The model whose settings it is made by.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: MODEL.driftline.json")
@CONFIG
def build(source: Path, model: str, output: Path | None, file: Path | None) -> None:
    """Make a reference of SOURCE (Parquet, CSV, JSON lines), show it, and save it for `reference: {file: ...}`."""
    plan = built(source, model, file)
    _show(plan, Console())
    target = output or Path(f"{model}.driftline.json")
    write_plan(plan, target)
    click.echo(f"written: {target}")


@reference.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--model", default="", help="The model whose settings it is read by. Default: the only one in the file.")
@JSON
@CONFIG
def show(source: Path, model: str, as_json: bool, file: Path | None) -> None:
    """Show what SOURCE would be as a reference: its columns, what was inferred, and what is left out."""
    read = table(source)
    model = model or _only_model(read, source)
    plan = built(source, model, file)
    if as_json:
        click.echo(msgspec.json.encode(references.describe(plan)).decode())
        return
    _show(plan, Console())
    settings, limits = _settings(model, file)
    for name, why in references.left_out(read.of(model, str(source)), settings, limits).items():
        click.echo(f"left out: {name} ({why})")


def _only_model(read: references.Table, source: Path) -> str:
    """The model that a file is of; of a flat file nobody knows, and the defaults do. ReferenceProblem for several."""
    if read.saved is not None:
        return read.saved.model
    names = sorted({name for name in read.models if isinstance(name, str)}) if read.models is not None else []
    if len(names) > 1:
        shown = ", ".join(names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
        raise references.ReferenceProblem(f"{source} has events of {shown}; say which one with --model")
    return names[0] if names else "model"


def _settings(model: str, file: Path | None) -> tuple[Model, Limits]:
    settings = opening.configuration(file)
    return settings.model(model) or settings.defaults, settings.limits


def built(source: Path, model: str, file: Path | None) -> Plan:
    """The plan of a file, by the settings of a model."""
    settings, limits = _settings(model, file)
    read = reference_file(source)
    return references.plan(model, read.table, settings, limits, since=0, source=f"file {source.name}")


def _show(plan: Plan, console: Console) -> None:
    shown = Table("column", "kind", "", "cells", "events", "missing", "mean", "deviation", "most frequent")
    for row in references.describe(plan):
        numbers = ["" if number is None else f"{number:.6g}" for number in (row.mean, row.deviation)]
        top = ", ".join(f"{name} {share:.0%}" for name, share in row.top)
        about = (row.column, row.kind, row.origin, str(row.cells), f"{row.events:,}", f"{row.missing:.1%}")
        shown.add_row(*about, *numbers, top)
    console.print(shown)
