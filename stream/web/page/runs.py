"""Runs that triggers have started at targets: what dispatchers have told of each, folded into one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from sinks.commit import OUTCOMES, Store
from stream.outcomes import OPEN, STATES, State
from stream.web.answers import records
from stream.web.page.html import Html, join, tag

OUTCOMES_MAX = 10_000  # the newest that are looked through: the page is no archive


class Run(Struct, frozen=True):
    """What became of a trigger at a target. Times are wall clock, as the dispatcher says.

    `since` is event time, ns: up to there panes were closed when its newest state was heard of.
    """

    trigger: str
    target: str
    incident: str
    model: str
    version: str
    state: State
    external_id: str = ""
    link: str = ""
    why: str = ""
    accepted: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    since: int = 0


def runs(store: Store, model: str | None = None) -> list[Run]:
    """The newest runs, the newest first; of one model, or of all."""
    where = {} if model is None else {"model": model}
    found = store.select(OUTCOMES, where=where, order=("at",), descending=True, limit=OUTCOMES_MAX)
    made: dict[tuple[object, object], Run] = {}
    for row in records(found):
        if row["state"] in STATES:
            key = row["trigger"], row["target"]
            made[key] = _with(made.get(key), row)
    return list(made.values())


def by_incident(some: Sequence[Run]) -> Mapping[str, list[Run]]:
    """Those that an incident asked for, the oldest first."""
    found: dict[str, list[Run]] = {}
    for run in sorted(some, key=_begun):
        if run.incident:
            found.setdefault(run.incident, []).append(run)
    return found


def by_trigger(some: Sequence[Run]) -> Mapping[str, list[Run]]:
    """The same by their triggers."""
    found: dict[str, list[Run]] = {}
    for run in sorted(some, key=lambda run: run.target):
        found.setdefault(run.trigger, []).append(run)
    return found


def _begun(run: Run) -> tuple[datetime, str]:
    """When it was first heard of, and of whom."""
    return min(at for at in (run.accepted, run.started, run.ended) if at is not None), run.target


def _with(run: Run | None, row: Mapping[str, object]) -> Run:
    """With one more step, in whatever order they come."""
    state = str(row["state"])
    names = ("trigger", "target", "incident", "model", "version", "state", "external_id", "link", "why", "since")
    told = Run(**{name: row[name] for name in names})  # type: ignore[arg-type]  # as the table has them
    if run is not None:
        newest, other = (told, run) if _rank(state) > _rank(run.state) else (run, told)
        more = {name: getattr(newest, name) or getattr(other, name) for name in ("external_id", "link")}
        told = replace(newest, **more, accepted=run.accepted, started=run.started, ended=run.ended)
    name = state if state in OPEN else "ended"
    first = getattr(told, name)
    at = row["at"]
    assert isinstance(at, datetime)
    return replace(told, **{name: at if first is None else min(first, at)})


def _rank(state: str) -> int:
    """What is told later: of ends, that a version is served outweighs that it was made."""
    return min(STATES.index(state), 2) + (state == "promoted")


def shown(some: Sequence[Run]) -> Html:
    """Runs for a person: who, how far, where to look."""
    return join(*(tag("span", _one(run), class_="quiet") for run in some))


def _one(run: Run) -> Html:
    name = run.external_id or "the run"
    where = tag("a", name, href=run.link, rel="noreferrer") if _web(run.link) else run.external_id
    return join(f"{run.target}: {run.state}", *([" (", where, ")"] if where else []), f": {run.why}" if run.why else "")


def _web(link: str) -> bool:
    """Whether a page may lead there: a target may say anything."""
    return link.startswith(("https://", "http://"))
