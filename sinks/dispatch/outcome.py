"""What is told of a trigger at a target: CloudEvents 1.0 JSON, under ids that follow from what they tell. Pure."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from sinks.dispatch.fate import ACCEPTED, STARTED, Fate, State

SOURCE: Final = "/driftline/dispatch"
SCHEMA: Final = "urn:driftline:outcome:1"
Time = Annotated[str, Meta(description="RFC 3339, UTC", examples=["2026-11-20T17:00:04.180Z"])]


class Step(Struct, frozen=True):
    """One step of a trigger at a target. `at`: when it was taken."""

    trigger: Annotated[str, Meta(description="the id of the trigger")]
    target: Annotated[str, Meta(description="the name of its entry under dispatch.targets")]
    model: str
    model_version: str
    incident: str
    state: State
    external_id: Annotated[str, Meta(description="what the target calls the run; empty before it is started")]
    link: Annotated[str, Meta(description="a page of the run; may be empty")]
    at: Time
    why: Annotated[str, Meta(description="why it has failed, or was superseded")]


class Outcome(Struct, frozen=True):
    """What became of a trigger. Its `id` is the hash of what it tells: keep the first of an id, drop the others."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    source: str
    type: Annotated[str, Meta(pattern="^driftline\\.outcome\\.[a-z]+$")]
    subject: Annotated[str, Meta(description="the model")]
    time: Time
    datacontenttype: Literal["application/json"]
    dataschema: Literal["urn:driftline:outcome:1"]
    data: Step


def outcome_id(trigger: str, target: str, state: str, redriven: str = "") -> str:
    """The same for the same step, however often it is told; those of another try are others."""
    told = (trigger, target, state, *((redriven,) if redriven else ()))
    return blake2b("\0".join(told).encode(), digest_size=8).hexdigest()


def outcome(fate: Fate, state: State) -> bytes:
    """One step of a fate."""
    at = {ACCEPTED: fate.accepted_at, STARTED: fate.started_at or fate.changed_at}.get(state, fate.changed_at)
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    step = Step(
        trigger=fate.trigger,
        target=fate.target,
        model=fate.model,
        model_version=fate.version,
        incident=fate.incident,
        state=state,
        external_id=fate.external_id if state != ACCEPTED else "",
        link=fate.link if state != ACCEPTED else "",
        at=when,
        why=fate.why if state == fate.state else "",
    )
    told = Outcome(
        specversion="1.0",
        id=outcome_id(fate.trigger, fate.target, state, fate.redriven),
        source=SOURCE,
        type=f"driftline.outcome.{state}",
        subject=fate.model,
        time=when,
        datacontenttype="application/json",
        dataschema=SCHEMA,
        data=step,
    )
    return msgspec.json.encode(told)
