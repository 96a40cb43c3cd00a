"""Where answers come from: one frozen value that every handler is given."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from litestar.di import NamedDependency

from sinks.commit import PLANS, Store
from stream.config.settings import Settings
from stream.web.errors import unknown
from stream.web.page.status import Status


@dataclass(frozen=True)
class Sources:
    """What lasts, what is true at this moment, and what was configured."""

    store: Store
    status: Callable[[], Status]
    settings: Settings

    def models(self) -> tuple[str, ...]:
        """The names of all models that are watched or ever had a plan, sorted."""
        planned = self.store.select(PLANS)["model"].tolist()
        return tuple(sorted({*planned, *(model.name for model in self.status().models)}))

    def known(self, model: str | None) -> None:
        """Refuse a model that nobody has heard of; None names none."""
        if model is not None and model not in (names := self.models()):
            raise unknown("model", model, names)

    def addressed(self, model: str) -> str:
        """The model of an address, in which a `/` cannot stand; refuse one that nobody has heard of."""
        names = self.models()
        for name in (model, unquote(model)):
            if name in names:
                return name
        raise unknown("model", model, names)


Given = NamedDependency[Sources]  # how a handler asks for it


def window_lengths(settings: Settings) -> tuple[int, ...]:
    """All window lengths that any model is configured to have, ns, the shortest first."""
    models = (settings.defaults, *(model for _, model in settings.patterns))
    return tuple(sorted({length for model in models for length in model.windows}))
