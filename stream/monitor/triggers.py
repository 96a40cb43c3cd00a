"""The message that asks for a retraining: CloudEvents 1.0 JSON, the same bytes in every run."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from stream.monitor.findings import Finding, finding_id
from stream.plan import Plan
from stream.policy import Event

EVIDENCE_MAX = 20


def rfc3339(time: int) -> str:
    """Event time in ns as the world writes it."""
    seconds, rest = divmod(time // 1_000_000, 1_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{rest:03}Z" if rest else "Z")


def trigger_id(plan: Plan, version: str, event: Event) -> str:
    """The hash of model, version, reason and the window that opened the incident: no floats, texts or wall clocks."""
    return finding_id(plan.model, version, "drift", event.incident.length, event.at)


def message(  # noqa: PLR0913, PLR0917 - all that it says
    plan: Plan, version: str, event: Event, found: Sequence[Finding], config_digest: str, compared_with: str = ""
) -> bytes:
    """The trigger as CloudEvents 1.0, structured mode. `compared_with`: where it is not the plan's reference."""
    incident = event.incident
    document = {
        "specversion": "1.0",
        "id": trigger_id(plan, version, event),
        "source": "/driftline",
        "type": "driftline.retrain.requested",
        "subject": plan.model,
        "time": rfc3339(event.at),
        "datacontenttype": "application/json",
        "dataschema": "urn:driftline:trigger:1",
        "data": {
            "model": plan.model,
            "model_version": version,
            "reason": "drift",
            "severity": "warning",
            "incident": incident.id,
            "hold_training": False,
            "evidence": [_evidence(finding) for finding in found[:EVIDENCE_MAX]],
            "reference": {"id": plan.id, "source": compared_with or plan.source_for(version)},
            "fresh_data": {"from": rfc3339(event.at - incident.length), "to": rfc3339(event.at)},
            "config_digest": config_digest,
        },
    }
    return msgspec.json.encode(document)


def _evidence(finding: Finding) -> dict[str, object]:
    return {
        "detector": finding.detector,
        "feature": finding.feature,
        "segment": finding.segment,
        "words": finding.words,
        "value": finding.value,
        "limit": finding.limit,
        "n": finding.n,
        "window": (rfc3339(finding.start), rfc3339(finding.end)),
        "began": None if finding.began is None else rfc3339(finding.began.at),
        "cause": finding.cause or None,
    }
