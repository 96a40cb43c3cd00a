"""The message that asks for a retraining, as types: CloudEvents 1.0, structured mode. docs/policy.md explains it."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

SCHEMA: Final = "urn:driftline:trigger:1"
TYPE: Final = "driftline.retrain.requested"
Reason = Literal["drift", "performance", "fairness", "service", "labels", "chosen", "schedule", "manual"]
Time = Annotated[str, Meta(description="RFC 3339, UTC, event time", examples=["2026-11-20T17:00:00Z"])]


class Contribution(Struct, frozen=True):
    """A cell of the feature that changed: its share in the reference, its share now, its part of the distance."""

    cell: str
    reference: float | None
    now: float | None
    contribution: float | None


class Evidence(Struct, frozen=True):
    """One finding. `began`: when the change probably began; `cause`: the pipeline broke, or the world changed."""

    kind: str
    detector: str
    feature: str
    segment: str
    words: str
    value: float | None
    limit: float | None
    n: int
    window: tuple[Time, Time]
    began: Time | None
    cause: str | None
    contributions: tuple[Contribution, ...]


class Origin(Struct, frozen=True):
    """What was compared with: the plan's id, which is the hash of its content, and where the reference comes from."""

    id: str
    source: str


class Versions(Struct, frozen=True):
    """The versions of the data that the model was trained on; null where neither reference nor events say one."""

    dvc: dict[str, str] | None = None
    lakefs: dict[str, str] | None = None
    mlflow: dict[str, str] | None = None
    missing: Annotated[bool, Meta(description="true: nothing says which data it was")] = True


class Fresh(Struct, frozen=True, rename={"from_": "from"}):
    """The data to train on: from when the change began, without the spans in which the input was broken.

    `label_coverage` is the share of predictions with a label, where labels have asked; else null.
    """

    from_: Time
    to: Time
    without: tuple[tuple[Time, Time], ...]
    label_coverage: float | None


class Data(Struct, frozen=True):
    """What a retraining needs to know."""

    model: str
    model_version: str
    reason: Reason
    rule: str
    severity: Literal["info", "warning", "critical"]
    incident: Annotated[str, Meta(description="empty where no finding asked: a schedule")]
    supersedes: Annotated[str | None, Meta(description="the id of the trigger before this one")]
    hold_training: Annotated[bool, Meta(description="the input is broken: do not train on it before it is mended")]
    targets: Annotated[tuple[str, ...] | None, Meta(description="whom it is for; null: everyone")]
    evidence: tuple[Evidence, ...]
    reference: Origin
    dataset_versions: Versions
    fresh_data: Fresh
    config_digest: str


class Trigger(Struct, frozen=True):
    """A request to retrain. Its `id` is made from its content: whoever remembers ids acts once."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    source: Literal["/driftline"]
    type: Literal["driftline.retrain.requested"]
    subject: Annotated[str, Meta(description="the model")]
    time: Time
    datacontenttype: Literal["application/json"]
    dataschema: Literal["urn:driftline:trigger:1"]
    data: Data
