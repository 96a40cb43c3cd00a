"""What the dispatcher asks of a target: start a run for a trigger, and say how the run is doing."""

from typing import Any, Protocol

from msgspec import Struct


class Trigger(Struct, frozen=True):
    """One message of the trigger topic (CloudEvents 1.0), decoded and validated."""

    id: str
    model: str
    version: str
    reason: str
    severity: str
    incident: str
    time: str  # end of the window that opened the incident, RFC 3339
    data: dict[str, Any]  # the event's data, whole
    raw: bytes  # the message as it came
    redriven: str = ""  # of which dead letter it is another try; empty: it comes for the first time
    only: str = ""  # whom that try is for; empty: those whom the trigger is for


class Started(Struct, frozen=True):
    """The target has taken the trigger, now or before."""

    external_id: str
    link: str = ""  # a page for people


class Again(Struct, frozen=True):
    """Nothing is decided: try later."""

    why: str
    after_s: float | None = None  # what the target asked for


class Refused(Struct, frozen=True):
    """This will never work as it is: no retry."""

    why: str


class Running(Struct, frozen=True):
    """The run has not ended."""


class Ended(Struct, frozen=True):
    """The run has ended."""

    succeeded: bool
    why: str = ""


class Target(Protocol):
    """One system that can start a retraining run."""

    name: str  # of its entry in the configuration: the ledger's key, with the trigger's id
    keyed: bool  # whether the target itself refuses a repeated trigger

    async def start(self, trigger: Trigger) -> Started | Again | Refused:
        """Start the run, in bounded time; never raises."""
        ...

    async def follow(self, external_id: str) -> Running | Ended | Again | None:
        """How the run is doing; None where this target cannot tell."""
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...
