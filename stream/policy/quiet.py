"""When nothing triggers: maintenance windows of the configuration."""

from collections.abc import Sequence

from stream.config import cron
from stream.config.sections.policy import Maintenance


def maintenance(spans: Sequence[Maintenance], at: int) -> str:
    """Why nothing may be asked for at an event time, in words; empty: it may."""
    return next((one.why for one in spans if covers(one, at)), "")


def covers(one: Maintenance, at: int) -> bool:
    """Whether a span is then. What ends with its last instant is in it: windows are told at their ends."""
    if one.cron is not None and one.for_ is not None:
        return cron.read(one.cron).latest(at - one.for_ - 1, at) is not None
    return one.from_ is not None and one.to is not None and one.from_ <= at <= one.to
