"""The message that asks for a retraining: CloudEvents 1.0 JSON, the same bytes in every run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from detectors.cause import BOTH, PIPELINE
from stream.monitor.acting.findings import Finding, finding_id
from stream.monitor.acting.sighted import kinds_of
from stream.plan import Plan
from stream.policy import Incident
from stream.trigger import SCHEMA, TYPE, Contribution, Data, Evidence, Fresh, Origin, Reason, Trigger, Versions

EVIDENCE_MAX = 20
REASONS: Final[Mapping[str, Reason]] = {
    **dict.fromkeys(("drift", "prediction_drift", "quality", "attribution"), "drift"),
    **dict.fromkeys(("performance", "estimated_performance"), "performance"),
    **dict.fromkeys(("latency", "errors", "traffic"), "service"),
    "fairness": "fairness",
    "labels": "labels",
    "chosen": "chosen",
}
SCHEDULE: Final[Reason] = "schedule"
DATASETS: Final = frozenset(("dvc", "lakefs", "mlflow"))
MANUAL: Final[Reason] = "manual"  # somebody asked for it


@dataclass(frozen=True)
class Request:
    """What is asked for, and why: times in ns. `incident` may be empty where no finding asked."""

    id: str
    model: str
    version: str
    reason: Reason
    rule: str
    severity: str
    incident: str
    at: int
    since: int  # where the window that opened it begins
    supersedes: str = ""
    targets: tuple[str, ...] = ()
    broken: tuple[tuple[int, int], ...] = ()
    coverage: float | None = None


def rfc3339(time: int) -> str:
    """Event time in ns as the world writes it."""
    seconds, rest = divmod(time // 1_000_000, 1_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{rest:03}Z" if rest else "Z")


def trigger_id(model: str, version: str, incident: Incident) -> str:
    """The hash of model, version, reason and the window that opened the incident: no floats, texts or wall clocks."""
    return finding_id(model, version, REASONS[incident.kind], incident.length, incident.opened)


def message(asked: Request, plan: Plan, found: Sequence[Finding], config_digest: str, compared_with: str = "") -> bytes:
    """The trigger as CloudEvents 1.0, structured mode. `compared_with`: where it is not the plan's reference."""
    evidence = found[:EVIDENCE_MAX]
    data = Data(
        model=asked.model,
        model_version=asked.version,
        reason=asked.reason,
        rule=asked.rule,
        severity=asked.severity,  # type: ignore[arg-type]  # a word of the rules
        incident=asked.incident,
        supersedes=asked.supersedes or None,
        hold_training=holds(evidence),
        targets=asked.targets or None,
        evidence=tuple(_evidence(finding) for finding in evidence),
        reference=Origin(plan.id, compared_with or plan.source_for(asked.version)),
        dataset_versions=versions(plan),
        fresh_data=fresh(asked, evidence),
        config_digest=config_digest,
    )
    about = (asked.id, "/driftline", TYPE, asked.model, rfc3339(asked.at), "application/json", SCHEMA, data)
    return msgspec.json.encode(Trigger("1.0", *about))  # type: ignore[arg-type]  # the words that they must be


def versions(plan: Plan) -> Versions:
    """Of the data that a plan's reference is of, as far as the tools that keep it said so."""
    told = {tool: dict(about) for tool, about in plan.datasets.items() if tool in DATASETS}
    return Versions(**told, missing=not told)


def holds(found: Iterable[Finding]) -> bool:
    """Whether training should wait: the input broke, in part at least."""
    return any(one.cause in {PIPELINE, BOTH} for one in found)


def fresh(asked: Request, found: Collection[Finding]) -> Fresh:
    """The data to train on: from where the change began, if that is known, to now, without what is broken."""
    since = min((asked.since, *(one.began.at for one in found if one.began is not None)))
    broken = [(max(start, since), min(end, asked.at)) for start, end in asked.broken]
    without = tuple((rfc3339(start), rfc3339(end)) for start, end in broken if start < end)
    return Fresh(rfc3339(since), rfc3339(asked.at), without, asked.coverage)


def _evidence(finding: Finding) -> Evidence:
    cells = (Contribution(*msgspec.structs.astuple(cell)) for cell in finding.cells)
    return Evidence(
        kinds_of(finding)[0],
        finding.detector,
        finding.feature,
        finding.segment,
        finding.words,
        finding.value,
        finding.limit,
        finding.n,
        (rfc3339(finding.start), rfc3339(finding.end)),
        None if finding.began is None else rfc3339(finding.began.at),
        finding.cause or None,
        tuple(cells),
    )
