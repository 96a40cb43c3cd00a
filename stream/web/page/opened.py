"""An open incident on top of its model's page: what changed, and what whoever is called may say to the monitor."""

import shlex

from sinks.commit import FINDINGS, Store
from stream.controls.control import Controls
from stream.monitor.acting.sighted import ALARMS
from stream.web.answers import Finding, answers
from stream.web.api.asked import incident_of
from stream.web.page.html import Html, tag
from stream.web.page.incident import Incident
from stream.web.times import short

LOOKED_AT = 20  # of its newest findings: alarms ring on every pane, windows of an hour close seldom


def opened_of(store: Store, controls: Controls, incident: Incident | None) -> Html:
    """The incident in words with its commands; nothing where none is open."""
    if incident is None:
        return Html("")
    words = _words(store, incident)
    what = f"{incident.kind.replace('_', ' ')} of {incident.feature}, by the rule {incident.rule} ({incident.severity})"
    known = controls.acknowledged(incident.model, incident.id) is not None
    over = "It is over by itself once enough windows in a row are clean" + (
        "." if known else "; until then tell others "
    )
    ask = [] if known else ["that you look at it: ", tag("code", _command("acknowledge", incident))]
    return tag(
        "div",
        tag("p", tag("strong", what), ", ", incident_of(controls, incident), f". {words}" if words else "."),
        tag("p", over, *ask),
        class_="notice bad",
        role="status",
    )


def _words(store: Store, incident: Incident) -> str:
    """What the newest finding of what opened it says; verdicts say more than alarms do."""
    where: dict[str, str | int] = {"model": incident.model, "incident": incident.id, "feature": incident.feature}
    found = answers(store.select(FINDINGS, where=where, order=("end",), descending=True, limit=LOOKED_AT), Finding)
    one = min(found, key=lambda each: each.detector in ALARMS, default=None)
    return "" if one is None else f"In the {one.length} window to {short(one.end)}: {one.words}."


def _command(verb: str, incident: Incident) -> str:
    # A model may be called --help: behind `--` nothing is an option.
    names = [incident.model, incident.id] if incident.model[:1] != "-" else ["--", incident.model, incident.id]
    return shlex.join(("driftline", "control", verb, *names))
