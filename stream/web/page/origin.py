"""Where a finding comes from, in words: since when it is so, and which special cells made it."""

from datetime import timedelta

from detectors.cause import BOTH, PIPELINE
from stream.web.answers import Cell, Finding

NAMES = ("missing", "wrong type", "not finite", "unseen category")


def origin(finding: Finding) -> str:
    """Such as `began about 10:35 (10:20 to 10:40); broken pipeline: 31 % missing`; empty where nothing is known."""
    return "; ".join(part for part in (_began(finding), _cause(finding)) if part)


def _began(finding: Finding) -> str:
    at, earliest, latest = finding.began, finding.began_earliest, finding.began_latest
    if at is None or earliest is None or latest is None:
        return ""
    form = "%H:%M" if at.date() == finding.end.date() else "%Y-%m-%d %H:%M"
    before = finding.start - (finding.end - finding.start)
    told, first, last = (each.strftime(form) for each in (at, earliest, latest))
    if at <= before:
        return f"began {told} or before"
    if latest - earliest == timedelta():
        return f"began about {told}"
    return f"began about {told} ({f'{first} or before' if earliest <= before else first} to {last})"


def _cause(finding: Finding) -> str:
    cells = [cell for cell in finding.cells if _special(cell.cell) and cell.now is not None]
    if finding.cause not in {PIPELINE, BOTH} or not cells:
        return finding.cause
    most = max(cells, key=_moved)
    detail = f"{most.now:.0%} {most.cell}".replace("%", " %", 1)
    return f"broken pipeline: {detail}" if finding.cause == PIPELINE else f"changed world and broken pipeline: {detail}"


def _special(name: str) -> bool:
    """Whether a cell with this name holds no ordinary values: `missing`, `below 3.2`, `812 and above`."""
    return name in NAMES or name.startswith("below ") or name.endswith(" and above")


def _moved(cell: Cell) -> float:
    return abs((cell.now or 0.0) - (cell.reference or 0.0))
