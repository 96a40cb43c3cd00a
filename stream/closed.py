"""Up to where the panes of each model are closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from stream.events import NEVER


@dataclass(frozen=True)
class Closed:
    """The newest closed end, of models by name, and of any other by the first pattern that matches, as its settings."""

    models: Mapping[str, int] = field(default_factory=dict)
    patterns: tuple[tuple[str, int], ...] = ()

    def of(self, name: str) -> int:
        """The end up to which the panes of a model are closed."""
        known = self.models.get(name)
        if known is not None:
            return known
        return next((end for pattern, end in self.patterns if fnmatchcase(name, pattern)), NEVER)
