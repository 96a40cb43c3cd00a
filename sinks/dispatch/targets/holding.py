"""A target that starts no run while the data to train on is broken: what `hold_training` says, it obeys."""

from typing import Final

from sinks.dispatch.fate import HELD
from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Target, Trigger

TOLD: Final = frozenset(("mlflow", "webhook"))  # kinds that record or pass on, and train nothing themselves
WHY: Final = f"{HELD}the data to train on is broken (hold_training); mend it, then `driftline redrive --release`"


class Holding:
    """Another target behind this rule. What is held is a dead letter at once: nobody waits for it, and none is lost."""

    def __init__(self, target: Target) -> None:
        self.target, self.name, self.keyed = target, target.name, target.keyed

    async def start(self, trigger: Trigger) -> Started | Again | Refused:
        """Refuse what is to be held, and start the rest."""
        return Refused(WHY) if trigger.data.get("hold_training") is True else await self.target.start(trigger)

    async def follow(self, external_id: str) -> Running | Ended | Again | None:
        """How the run is doing."""
        return await self.target.follow(external_id)

    async def close(self) -> None:
        """Let go of what the target has."""
        await self.target.close()


def holding(target: Target, kind: str, asked: object) -> Target:
    """The target as its entry wants it: `asked` is its key `hold`, None where it was left out."""
    hold = kind not in TOLD if asked is None else asked is True
    return Holding(target) if hold else target
