"""An incident as the API answers."""

from datetime import datetime

from msgspec import Struct


class Incident(Struct, frozen=True):
    """Findings that belong together, from opening to closing; `closed` is null while it is open.

    `kind`, `rule` and `severity` are those that opened it, `why` says why it then asked for no retraining. The times
    are event time: `began` is where the change probably began, and detection is counted from there.
    """

    id: str
    model: str
    version: str
    feature: str
    detector: str
    kind: str
    rule: str
    severity: str
    why: str
    opened: datetime
    closed: datetime | None = None
    acknowledged: datetime | None = None
    began: datetime | None = None
    seconds_to_detect: float | None = None
    seconds_to_acknowledge: float | None = None
    seconds_to_recover: float | None = None
