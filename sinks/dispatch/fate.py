"""What became of a trigger at a target, step by step. Pure.

The way is accepted, started, then one end; a trigger that never started goes from accepted to its end. Each step is
kept in the ledger before it is told, and told before the trigger is let go, so a crash between any two goes on there.
"""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

State = Literal["accepted", "started", "succeeded", "failed", "superseded", "promoted"]  # the last is told by others
ACCEPTED: Final = "accepted"  # from here on it may have been asked of the target
STARTED: Final = "started"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
SUPERSEDED: Final = "superseded"
ENDS: Final = (SUCCEEDED, FAILED, SUPERSEDED)
HELD: Final = "held: "  # begins why a trigger was given up that must not be trained on yet
WHY_MAX = 1_000  # characters


class Fate(Struct, frozen=True):
    """One row of the ledger: a trigger at a target. Times are seconds since 1970."""

    trigger: str
    target: str
    model: str
    version: str
    incident: str
    accepted_at: float
    state: State = ACCEPTED
    told: str = ""  # the last state that is surely on the outcomes topic
    attempts: int = 0
    started_at: float | None = None
    changed_at: float = 0.0
    external_id: str = ""
    link: str = ""
    why: str = ""
    redriven: str = ""  # the dead letter that this is another try of

    @property
    def dead(self) -> bool:
        """Whether it was given up without a run: there is a dead letter of it."""
        return self.state == FAILED and self.started_at is None

    @property
    def held(self) -> bool:
        """Whether it was given up because its data must not be trained on: it may be released."""
        return self.dead and self.why.startswith(HELD)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDS

    @property
    def way(self) -> tuple[State, ...]:
        """The states that it has been through, this one last."""
        middle: tuple[State, ...] = (STARTED,) if self.started_at is not None and self.ended else ()
        last: tuple[State, ...] = () if self.state == ACCEPTED else (self.state,)
        return (ACCEPTED, *middle, *last)

    @property
    def untold(self) -> tuple[State, ...]:
        """The states that are perhaps not on the outcomes topic."""
        if self.state == SUPERSEDED and self.told == FAILED:  # it was held
            return (SUPERSEDED,)
        way = self.way
        return way[way.index(self.told) + 1 :] if self.told in way else way

    @property
    def settled(self) -> bool:
        """Whether the record of the trigger may be let go: what is left to do follows from the ledger alone."""
        return self.state != ACCEPTED and not self.untold


def started(fate: Fate, at: float, external_id: str, link: str) -> Fate:
    """The target has taken it."""
    return replace(fate, state=STARTED, started_at=at, changed_at=at, external_id=external_id, link=link, why="")


def ended(fate: Fate, at: float, state: State, why: str = "") -> Fate:
    """It has come to an end; the first end stands, but that what is held may be superseded: then it stays so."""
    assert state in ENDS, state
    stands = fate.ended and not (fate.held and state == SUPERSEDED)
    return fate if stands else replace(fate, state=state, changed_at=at, why=why[:WHY_MAX])
