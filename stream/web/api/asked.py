"""What was asked of the monitor: `/v1/controls`, and on the pages what is in force and what became of it."""

from datetime import datetime
from typing import Annotated, Literal

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from sinks.commit import CONTROLS, Store
from stream.controls.asked import EVERY
from stream.controls.control import Controls
from stream.events import NEVER
from stream.roster import FUTURE
from stream.web.answers import Page, records
from stream.web.filters import Asked, Name, paged, where
from stream.web.page.html import Html, join, section, table, tag, time
from stream.web.page.incident import Incident
from stream.web.sources import Given
from stream.web.times import moment

SHOWN = 10  # on a model's page, of its own and of all models each
Outcome = Literal["applied", "repeated", "refused", "lost"]
_Outcome = Annotated[Outcome | None, QueryParameter(description="What became of it.")]
_Kind = Annotated[str | None, QueryParameter(description="What was asked for, such as `pause`.")]


class Control(Struct, frozen=True):
    """What somebody asked for. `at`: when it was published; `since`: event time from which it holds, or null."""

    at: datetime
    since: datetime | None
    id: str
    kind: str
    model: str
    who: str
    words: str
    detail: object
    outcome: Outcome
    why: str


@get("/v1/controls", sync_to_thread=True)
def list_controls(
    sources: Given,
    span: Asked,
    model: Name = None,
    kind: _Kind = None,
    outcome: _Outcome = None,
) -> Page[Control]:
    """What people asked of the monitor, and what became of it, newest first; `model=*` is what concerns all."""
    found, following = paged(sources.store, CONTROLS, where(model=model, kind=kind, outcome=outcome), span)
    return Page([_control(row) for row in records(found)], following)


def _control(row: dict[str, object]) -> Control:
    since = row["since"]
    assert isinstance(since, int)
    told = {name: row[name] for name in Control.__struct_fields__}
    return Control(**told | {"since": _moment(since)})  # type: ignore[arg-type]  # as the table has them


def _moment(at: int) -> datetime | None:
    return None if at in {NEVER, FUTURE} else moment(at)


# ---- on the pages


def notices(controls: Controls, watermark: int | None) -> list[Html]:
    """What is in force by now, for everybody to see."""
    told = []
    for model, held in sorted(controls.models.items()):
        if held.paused is not None:
            told.append(_notice(f"{model} is paused", held.paused.who, held.paused.words))
        for one in held.promotions[-1:]:
            if one.until == FUTURE:
                words = f"version {one.version} of {model} was promoted: its reference is being learned"
                told.append(_notice(words, one.who, ""))
    for model, each in controls.announced(NEVER if watermark is None else watermark):
        about = "all models" if model == EVERY else model
        begin = join(" from ", time(moment(each.begin))) if each.begin != NEVER else join()
        words = join(f"{each.kind} of {about}", begin, " to ", time(moment(each.end)), ": no retraining is asked for")
        told.append(_notice(words, each.by.who, each.by.words))
    return told


def _notice(what: str, who: str, words: str) -> Html:
    return tag("p", what, f", by {who}" if who else "", f" ({words})" if words else "", class_="notice", role="status")


def incident_of(controls: Controls, incident: Incident) -> Html:
    """An open incident in words: since when, who knows of it, and why nothing was asked for."""
    known = controls.acknowledged(incident.model, incident.id)
    who = f", acknowledged by {known.who or 'somebody'}" if known is not None else ""
    quiet = f", no retraining asked for: {incident.why}" if incident.why else ""
    return join("open since ", time(incident.opened), who, quiet)


def controls_of(store: Store, model: str) -> Html:
    """The newest controls of a model, and of all models; nothing where nobody ever asked for anything."""
    rows = [
        _control(row)
        for name in (model, EVERY)
        for row in records(
            store.select(CONTROLS, where={"model": name}, order=("at", "offset"), descending=True, limit=SHOWN)
        )
    ]
    if not rows:
        return join()
    shown: list[tuple[str, ...]] = [
        (
            time(each.at),
            each.kind + (" (all models)" if each.model == EVERY else ""),
            each.who or "somebody",
            each.words,
            each.outcome + (f": {each.why}" if each.why else ""),
        )
        for each in sorted(rows, key=lambda each: each.at, reverse=True)
    ]
    head = ("Published", "Asked for", "By", "Words", "What became of it")
    return section("Asked of the monitor", table(head, shown, "Controls"))
