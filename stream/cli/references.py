"""`driftline reference`: what a file says as a reference, before anything runs."""

from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Column, Table

from stream import reference as references
from stream.cli import opening
from stream.cli.groups import Group
from stream.cli.options import CONFIG, JSON
from stream.config.settings import Limits, Model
from stream.files import mlmodel, reference_file, table, write_plan
from stream.plan import Plan
from stream.reference.table import NAMES_SHOWN

MLFLOW = click.option(
    "--mlflow",
    type=click.Path(path_type=Path),
    help="The folder of an MLflow model (MLmodel): its signature says which columns are features, and of what kind.",
)


@click.group(cls=Group)
def reference() -> None:
    """References: what windows are compared with."""


@reference.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--model", required=True, help="The model whose settings it is made by.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: MODEL.driftline.json")
@MLFLOW
@CONFIG
def build(source: Path, model: str, output: Path | None, mlflow: Path | None, file: Path | None) -> None:
    """Make a reference of SOURCE (Parquet, CSV, JSON lines), show it, and save it for `reference: {file: ...}`.

    A folder with an MLmodel as SOURCE is the input example of that model, if it has enough rows.
    """
    plan = built(source, model, file, mlflow)
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


def built(source: Path, model: str, file: Path | None, mlflow: Path | None = None) -> Plan:
    """The plan of a file, by the settings of a model; `mlflow`: the folder of the model that the file was given to.

    Such a folder as SOURCE stands for the input example in it.
    """
    settings, limits = _settings(model, file)
    if mlflow is None and not (source.is_dir() and (source / mlmodel.NAME).exists()):
        read = reference_file(source).table
        return references.plan(model, read, settings, limits, since=0, source=f"file {source.name}")
    known = mlmodel.signed(mlflow or source)
    read = table(source) if mlflow is not None else mlmodel.example(known)
    if read.saved is not None:
        raise references.ReferenceProblem(f"{source} is a saved reference: name the rows that it was built from")
    about = f"file {source.name}" if mlflow is not None else "the input example"
    named = " ".join(f"{key} {value}" for key, value in sorted(known.about.items()) if key != "model_uuid")
    about = f"{about}, of the MLflow model {named}".rstrip()
    return references.plan(model, known.table(read), known.settings(settings, read), limits, since=0, source=about)


def _show(plan: Plan, console: Console) -> None:
    names = ("column", "kind", "", "cells", "events", "missing", "mean", "deviation", "most frequent")
    shown = Table(*(Column(name, overflow="fold") for name in names), padding=0)
    for row in references.describe(plan):
        numbers = ["" if number is None else f"{number:.4g}" for number in (row.mean, row.deviation)]
        top = ", ".join(f"{name} {share:.0%}" for name, share in row.top)
        about = (row.column, row.kind, row.origin, str(row.cells), f"{row.events:,}", f"{row.missing:.1%}")
        shown.add_row(*about, *numbers, top)
    console.print(shown)
