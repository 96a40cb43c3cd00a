"""What other systems may tell by HTTP: the section `hooks`."""

from msgspec import Struct

from stream.config.sections.kinds import Called, Duration, Secret, Tag, Text

VERSION = "${version}"  # in `version`: what the registry calls it


class Mlflow(Struct, frozen=True, forbid_unknown_fields=True):
    """Webhooks of MLflow's model registry: which versions are served."""

    secret: Secret = ""  # the webhook's own; left out: nothing is taken
    alias: Text = "champion"  # of the version that is served
    tag: Tag = ""  # key=value of a version that is served, where that is said by tags
    models: dict[str, Text] = {}  # registered model: model here; empty: they have the same names
    version: Called = VERSION  # how events call a registered version, such as v${version}
    tolerance: Duration = 300_000_000_000  # 5m: how old a delivery may be, or ahead, by the clock of this machine


class Hooks(Struct, frozen=True, forbid_unknown_fields=True):
    """By the system that calls."""

    mlflow: Mlflow = Mlflow()
