"""From verdicts to triggers: a feature that drifts in k of n windows opens an incident, which asks for one retraining.

Pure folds over closed windows in their order. The state is small and frozen; what happens is returned as facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream.config.settings import Trigger
from stream.events import NEVER


class Incident(msgspec.Struct, frozen=True):
    """Findings of one model and version that belong together, while it is open."""

    id: str
    opened: int  # the end of the window that opened it
    length: int  # the length of the windows that must be clean again before it closes
    feature: str
    segment: str
    detector: str


@dataclass(frozen=True)
class Cause:
    """What opens an incident: the first persistent finding of a close, in order."""

    length: int
    end: int
    segment: str
    feature: str
    detector: str


@dataclass(frozen=True)
class Event:
    """An incident was opened or closed; `triggered` where a retraining is asked for."""

    state: Literal["opened", "closed"]
    incident: Incident
    at: int
    triggered: bool


@dataclass(frozen=True)
class History:
    """The last verdicts of every series, (rows, columns), of windows that follow each other; the newest is bit 0."""

    bits: NDArray[np.int64]

    def step(self, drifted: NDArray[np.bool_], known: NDArray[np.bool_], n: int) -> "History":
        """After one more window; series without a verdict stay as they are."""
        if not self.bits.any() and not drifted.any():
            return self
        shifted = ((self.bits << 1) | drifted) & ((1 << n) - 1)
        return History(np.where(known, shifted, self.bits))

    def persistent(self, k: int) -> NDArray[np.bool_]:
        """Which series drifted now and in k of the windows remembered."""
        return np.asarray((np.bitwise_count(self.bits) >= k) & (self.bits & 1 == 1))

    def pack(self) -> Any:  # noqa: ANN401 - plain data for msgpack
        """The verdicts as plain data: only the series that drifted lately, which are few."""
        at = np.flatnonzero(self.bits)
        return list(self.bits.shape), at.tolist(), self.bits.ravel()[at].tolist()

    @classmethod
    def unpack(cls, packed: Any) -> "History":  # noqa: ANN401 - what `pack` gave
        """The verdicts that `pack` gave."""
        shape, at, some = packed
        bits = np.zeros(shape, np.int64)
        bits.flat[at] = some
        return cls(bits)


@dataclass(frozen=True)
class Policy:
    """One version of a model: its histories, its incident, and until when it is quiet.

    A window that slides is nearly the one before it, and would confirm what that found by mere chance. So a history has
    windows that lie a whole length apart: there is one for each length and each remainder of their ends. Of most there
    is nothing to remember.
    """

    histories: Mapping[tuple[int, int], History]
    plan: str = ""  # whose series the histories are
    incident: Incident | None = None
    quiet_until: int = NEVER
    drifted: Mapping[int, int] = field(default_factory=dict)  # by window length: the end of the last one with any drift

    def observe(  # noqa: PLR0913, PLR0917 - one window, with all that is known of it
        self, plan: str, length: int, end: int, drifted: NDArray[np.bool_], known: NDArray[np.bool_], trigger: Trigger
    ) -> "Policy":
        """After the verdicts of one window.

        (rows, columns). Another plan has other series: the histories begin anew.
        """
        histories = dict(self.histories) if plan == self.plan else {}
        before = histories.pop((length, end % length), History(np.zeros(drifted.shape, np.int64)))
        after = before.step(drifted, known, trigger.of)
        if after.bits.any():
            histories[length, end % length] = after
        return replace(
            self,
            plan=plan,
            histories=histories,
            drifted={**self.drifted, length: end} if drifted.any() else self.drifted,
        )

    def persistent(self, length: int, end: int, k: int) -> NDArray[np.bool_]:
        """Which series drifted in the window that was observed, and in k of those remembered; of none, one False."""
        history = self.histories.get((length, end % length))
        return np.zeros((1, 1), np.bool_) if history is None else history.persistent(k)

    def decide(
        self, at: int, causes: list[Cause], lengths: tuple[int, ...], trigger: Trigger, incident_id: str
    ) -> tuple["Policy", tuple[Event, ...]]:
        """Once per end, after all windows of it: open on the first cause, or close what has been clean for long enough.

        `lengths` are those of the windows that ended here; `incident_id` names an incident that opens now.
        """
        if self.incident is None:
            if not causes:
                return self, ()
            first = causes[0]
            incident = Incident(incident_id, at, first.length, first.feature, first.segment, first.detector)
            triggered = trigger.enabled and at >= self.quiet_until
            quiet_until = at + trigger.cooldown if triggered else self.quiet_until
            opened = replace(self, incident=incident, quiet_until=quiet_until)
            return opened, (Event("opened", incident, at, triggered),)
        incident = self.incident
        # By time, not by the histories: a series that is gone keeps its last verdicts there for ever.
        last = max(incident.opened, self.drifted.get(incident.length, NEVER))
        if causes or incident.length not in lengths or at < last + trigger.of * incident.length:
            return self, ()
        return replace(self, incident=None), (Event("closed", incident, at, triggered=False),)
