"""`driftline versions`: two versions of a model side by side."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
import rich_click as click

from stream.cli import opening
from stream.cli.answering import answered
from stream.cli.options import CONFIG, JSON
from stream.web.sources import Sources
from stream.web.times import short
from stream.web.versions.beside import question
from stream.web.versions.sides import Compared, compared


@click.command()
@click.argument("model")
@click.option("--candidate", help="A version. Default: the newest.")
@click.option("--incumbent", help="The version it may replace. Default: the older one that was seen last.")
@click.option("--metric", help="What is compared. Default: accuracy, or mae of numbers.")
@click.option("--since", help="Event time from which on, RFC 3339. Default: since both versions have labels.")
@click.option("--length", help="The windows' length, such as 5m. Default: the shortest.")
@JSON
@CONFIG
def versions(  # noqa: PLR0913, PLR0917 - the options
    model: str,
    candidate: str | None,
    incumbent: str | None,
    metric: str | None,
    since: str | None,
    length: str | None,
    as_json: bool,
    file: Path | None,
) -> None:
    """Compare two versions of MODEL: the difference of a metric, and whether it is better, worse, or not yet known.

    The interval holds however often one looks. The running service is asked over HTTP (`http.listen`); where none has
    the store, its file is opened.
    """
    settings = opening.configuration(file)
    asked = {"candidate": candidate, "incumbent": incumbent, "metric": metric, "since": since, "length": length}
    query = {name: value for name, value in asked.items() if value is not None}
    body = answered(settings, ("v1", "models", model, "compare"), query, partial(_here, model, asked))
    if as_json:
        click.echo(body.decode())
        return
    for line in _lines(msgspec.json.decode(body, type=Compared)):
        click.echo(line)


def _here(model: str, asked: Mapping[str, str | None], sources: Sources) -> Compared:
    """What the service would answer."""
    name = sources.addressed(model)
    candidate, incumbent, metric, since, length = asked.values()
    return compared(sources, name, question(sources, name, candidate, incumbent, metric, _moment(since), length))[0]


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"expected a time such as 2026-11-20T17:00:00Z, found {text}") from error


def _lines(said: Compared) -> list[str]:
    lines = [
        f"{said.model}: {said.candidate.version or 'none'} beside {said.incumbent.version or 'none'}: {said.verdict}"
    ]
    lines.append(f"  {said.words}")
    lines += [
        f"  {side.version}: {said.metric} {side.value:.4g}, {side.labels:,} labels"
        for side in (said.candidate, said.incumbent)
        if side.value is not None
    ]
    if said.since and said.until:
        lines.append(f"  {said.windows:,} windows of {said.length}, {short(said.since)} to {short(said.until)}")
    if said.ratio is not None:
        lines.append(f"  since {short(said.ratio.since)}, {said.ratio.words}")
    return lines
