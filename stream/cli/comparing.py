"""`driftline compare`: two files beside each other, by driftline's verdict or by another tool's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from detectors.conventions import ALL, CONVENTIONS
from detectors.distances import DISTANCES
from stream.cli.options import JSON
from stream.comparison import Side, answer, by_convention, own, page, paired, picture
from stream.files import FileProblem, integers, table

DRIFTED: Final = 3  # the exit code that stops a pipeline; 1 and 2 are failures


@click.command()
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("current", type=click.Path(path_type=Path))
@click.option("--by", type=click.Choice(tuple(CONVENTIONS)), help="Another tool: its tests, bins, limits and verdicts.")
@click.option("--measures", default="", help="Names after commas, or all. Default: the tool's own choice.")
@click.option("--features", default="", help="Names after commas. Default: every column that can be compared.")
@JSON
@click.option("--html", type=click.Path(path_type=Path), help="Write a page with pictures, which needs nothing else.")
def compare(  # noqa: PLR0913, PLR0917 - the options
    reference: Path, current: Path, by: str | None, measures: str, features: str, as_json: bool, html: Path | None
) -> None:
    """Compare the files REFERENCE and CURRENT (Parquet, CSV, JSON lines): which features drifted, and how.

    With `--by`, the values, limits and verdicts are those of another tool, its defects included (docs/compare.md);
    driftline's own verdict stands beside. Exit code 0: not drifted; 3: drifted.
    """
    wanted = _measures(by, _names(measures))
    sides = [Side(path.name, table(path), integers(path)) for path in (reference, current)]
    pairs = paired(sides[0], sides[1], _names(features))
    ours = own(pairs, () if by else wanted)
    theirs = by_convention(CONVENTIONS[by], pairs, wanted) if by else None
    said = answer(pairs, ours, by or "driftline", theirs)
    if as_json:
        click.echo(msgspec.json.encode(said).decode())
    else:
        for line in picture(said, ours, pairs):
            click.echo(line)
    if html is not None:
        _write(html, page(said, ours, pairs, f"{current.name} beside {reference.name}"))
    if said.dataset.drifted:
        raise SystemExit(DRIFTED)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileProblem(f"{path} cannot be written: {error.strerror}") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _measures(by: str | None, wanted: Sequence[str]) -> Sequence[str]:
    known = CONVENTIONS[by].measures if by else tuple(DISTANCES)
    for name in wanted:
        if name not in {*known, ALL}:
            raise click.BadParameter(f"{by or 'driftline'} has no {name!r}; it has {', '.join(known)}, or all")
    return wanted
