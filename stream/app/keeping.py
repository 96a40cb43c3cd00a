"""One Commit: kept first, then sent, then told. Each step stands on the one before: a crash between two is none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from sinks import commit as tables
from sinks.commit import Commit, plain
from stream.app.intake import Intake, W
from stream.app.outbox import Outbox
from stream.app.writing import Writer


@dataclass
class Keeping(Generic[W]):
    """Takes Commits of a watch. `relayed`: up to which the store knows that everything has been sent."""

    writer: Writer
    outbox: Outbox
    intake: Intake[W]
    say: Callable[[str], None]
    relayed: int = 0

    @property
    def due(self) -> bool:
        """Whether something was sent that the store does not know of."""
        return self.outbox.upto != self.relayed

    async def keep(self, watch: W) -> bool:
        """Keep what was decided; False where a stop came first."""
        upto = self.outbox.upto
        watch.relayed(upto)
        commit = watch.take()
        if not await self.writer.write(commit):
            return False
        self.relayed = upto
        self.outbox.add(commit)
        self._announce(commit)
        await self.intake.told(watch)
        await self.writer.meet(watch)
        return True

    def _announce(self, commit: Commit) -> None:
        """Tell the operator who needs retraining."""
        triggers = commit.tables.get(tables.TRIGGERS.name)
        if triggers is not None:
            asked = (plain(triggers)[name] for name in ("model", "version", "incident", "reason"))
            for model, version, incident, reason in zip(*asked, strict=True):
                why = f"incident {incident}" if incident else reason
                self.say(f"trigger: {model} version {version or '(none)'} needs retraining ({why})")
