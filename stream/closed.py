"""Up to where the panes of each model are closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from stream.events import NEVER, RESERVED


@dataclass(frozen=True)
class Closed:
    """The newest closed end, of models by name, and of any other by the first pattern that matches, as its settings.

    `otherwise`: of those that no pattern matches, or matches any more.
    """

    models: Mapping[str, int] = field(default_factory=dict)
    patterns: tuple[tuple[str, int], ...] = ()
    otherwise: int = NEVER

    def of(self, name: str) -> int:
        """The end up to which the panes of a model are closed."""
        known = self.models.get(name)
        if known is not None:
            return known
        if name.startswith(RESERVED):  # all that are counted together by one pattern
            return dict(self.patterns).get(name.removeprefix(RESERVED), self.otherwise)
        return next((end for pattern, end in self.patterns if fnmatchcase(name, pattern)), self.otherwise)
