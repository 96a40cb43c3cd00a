"""Incidents with what became of what they asked for: `/v1/incidents`, and on a model's page."""

from collections.abc import Sequence

from msgspec import structs

from stream.web.page.helping import Helped, helped
from stream.web.page.html import Html, badge, join, named, section, table, tag, time
from stream.web.page.incident import Incident
from stream.web.page.runs import Run, by_incident, runs, shown
from stream.web.page.standing import incidents
from stream.web.sources import Sources

SHOWN = 5  # on a model's page
HELPED_MAX = 20  # incidents of which it is looked up: a dozen questions each
NOTE = (
    "Times are event time. Whether a run helped: windows and labels before it ended and after. What is better "
    "may have become so by itself."
)


class Followed(Incident, frozen=True):
    """An incident, the runs that it asked for, and whether they helped: null while none has ended well.

    Of the newest incidents alone that is looked up.
    """

    runs: Sequence[Run] = ()
    helped: Helped | None = None


def followed(sources: Sources, model: str | None = None, upto: int | None = None) -> list[Followed]:
    """The newest incidents, the newest first."""
    asked, left = by_incident(runs(sources.store, model)), HELPED_MAX
    made = []
    for each in incidents(sources.store, model)[:upto]:
        mine = asked.get(each.id, [])
        answer = helped(sources, each, mine) if mine and left else None
        left -= answer is not None
        made.append(Followed(**structs.asdict(each), runs=mine, helped=answer))
    return made


def incidents_of(sources: Sources, model: str) -> Html:
    """The newest incidents of a model; nothing where there never was one."""
    rows: list[tuple[str, ...]] = [
        (
            join(time(each.opened), _since(each)),
            named(f"{each.kind} of {each.feature}" if each.feature else each.kind),
            f"{each.rule} ({each.severity})",
            _lasted(each.seconds_to_detect),
            time(each.acknowledged) if each.acknowledged else "",
            _lasted(each.seconds_to_recover) if each.closed else "open",
            shown(each.runs) if each.runs else each.why,
            _helped(each.helped),
        )
        for each in followed(sources, model, SHOWN)
    ]
    if not rows:
        return join()
    head = ("Opened", "What", "Rule", "Found after", "Acknowledged", "Over after", "Runs", "Did it help")
    return section("Incidents", table(head, rows, f"The newest {len(rows)} incidents"), note=NOTE)


def _since(incident: Incident) -> Html:
    began = incident.began
    return tag("span", "began ", time(began), class_="quiet") if began else join()


def _helped(said: Helped | None) -> str:
    return "" if said is None else join(badge(said.verdict), tag("span", said.words, class_="quiet wraps"))


def _lasted(seconds: float | None) -> str:
    """A duration for a person: `45 s`, `12 min`, `3.5 h`, `2.1 d`; empty where it is not known."""
    if seconds is None:
        return ""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
