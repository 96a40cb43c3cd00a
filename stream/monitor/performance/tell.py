"""That a window is to be told, and how it stands then."""

from dataclasses import dataclass
from typing import Final

from stream.monitor.labels.called import Key

PROVISIONAL: Final = "provisional"
MATURE: Final = "mature"
FINAL: Final = "final"


@dataclass(frozen=True)
class Tell:
    """A window that is to be told: at which step, as what, and how it stands then.

    `worse`: the metrics that it was found to be worse by; what is found now is added to it.
    """

    key: Key
    at: int
    status: str
    predicted: int
    repeats: int
    labelled: int
    settles: bool  # it has enough labels for the first time
    corrected: bool  # an earlier number may not be one any more: what is undefined now is told, too
    worse: set[str]
    abreast: bool  # of the shortest length, and other versions have predictions in it, too

    @property
    def arrived(self) -> int:
        """All predictions of the window that wait."""
        return self.predicted + self.repeats

    @property
    def final(self) -> bool:
        """Nothing more will be told of it."""
        return self.status == FINAL
