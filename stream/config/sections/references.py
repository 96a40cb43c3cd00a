"""The section `reference` of a model."""

from msgspec import Struct

from stream.config.sections.kinds import Duration, Few


class Reference(Struct, frozen=True, forbid_unknown_fields=True):
    """What windows are compared with: a file, or the stream's first stretch; else earlier windows, in its grid."""

    file: str = ""
    learn: Duration = (
        86_400_000_000_000  # a day of event time, from the model's first closed pane; used where no file is given
    )
    previous: Few = 0  # how many windows before
    days: Few = 0  # of how many days the window at the same time
    weeks: Few = 0  # of how many weeks

    @property
    def moves(self) -> bool:
        """Whether windows are compared with earlier ones."""
        return self.previous + self.days + self.weeks > 0
