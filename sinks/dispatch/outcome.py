"""What is told of a trigger at a target: CloudEvents 1.0 JSON, under ids that follow from what they tell. Pure."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from sinks.dispatch.fate import ACCEPTED, STARTED, Fate

SOURCE = "/driftline/dispatch"
SCHEMA = "urn:driftline:outcome:1"


def outcome_id(trigger: str, target: str, state: str) -> str:
    """The same for the same step, however often it is told."""
    return blake2b(f"{trigger}\0{target}\0{state}".encode(), digest_size=8).hexdigest()


def outcome(fate: Fate, state: str) -> bytes:
    """One step of a fate. `at` is when it was taken."""
    at = {ACCEPTED: fate.accepted_at, STARTED: fate.started_at or fate.changed_at}.get(state, fate.changed_at)
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    data: dict[str, Any] = {
        "trigger": fate.trigger,
        "target": fate.target,
        "model": fate.model,
        "model_version": fate.version,
        "incident": fate.incident,
        "state": state,
        "external_id": fate.external_id if state != ACCEPTED else "",
        "link": fate.link if state != ACCEPTED else "",
        "at": when,
        "why": fate.why if state == fate.state else "",
    }
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": outcome_id(fate.trigger, fate.target, state),
            "source": SOURCE,
            "type": f"driftline.outcome.{state}",
            "subject": fate.model,
            "time": when,
            "datacontenttype": "application/json",
            "dataschema": SCHEMA,
            "data": data,
        }
    )
