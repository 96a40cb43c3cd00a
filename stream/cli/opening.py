"""What several commands begin with: the configuration, the reference files, the store."""

import os
from pathlib import Path

from msgspec.structs import replace

from sinks.duck import DuckStore
from stream.config.mistakes import ConfigurationError, Mistake, choice
from stream.config.parse import onboarding, parse
from stream.config.settings import Settings
from stream.events import NEVER
from stream.files import FileProblem, reference_file, text_of
from stream.monitor.plans.onboarding import Sources

DEFAULT_FILE = Path("driftline.yaml")


def configuration(
    file: Path | None, topics: tuple[str, ...] = (), bootstrap: str = "", labels: tuple[str, ...] = ()
) -> Settings:
    """The configuration of a file, of the default file where there is one, or of the command line alone."""
    environment = dict(os.environ)
    if topics or labels:
        if file is not None:
            option = "--topic" if topics else "--labels"
            raise FileProblem(f"{option} is for a start without a file: name the topics under `events:` in the file")
        return onboarding(topics, bootstrap, environment, labels)
    if file is None and DEFAULT_FILE.exists():
        file = DEFAULT_FILE
    if file is None:
        return onboarding((), bootstrap, environment)
    text = text_of(file)
    if bootstrap:
        environment["DRIFTLINE_KAFKA_BOOTSTRAP"] = bootstrap
    return parse(text, environment)


def named(settings: Settings, name: str) -> Settings:
    """The settings of one monitor. ConfigurationError where there is none of that name, or none was said of several."""
    monitors = replace(settings.monitors, name=name or settings.monitors.name)
    if monitors.name not in (monitors.names or ("",)):
        expected = f"{choice(monitors.names)} (--name)" if monitors.names else "no name: monitors.names has none"
        raise ConfigurationError((Mistake("monitors.name", expected, monitors.name or "nothing"),))
    return replace(settings, monitors=monitors)


def sources(settings: Settings) -> Sources:
    """The reference files that the configuration names, read."""
    names = {model.reference.file for _, model in settings.patterns if model.reference.file}
    return Sources(settings.limits, {name: reference_file(name) for name in sorted(names)})


def try_references(settings: Settings) -> None:
    """Make the plan of every reference file, as a start would. FileProblem or ReferenceProblem where that fails."""
    read = sources(settings)
    for pattern, model in settings.patterns:
        if model.reference.file:
            read.plan(pattern, model, None, NEVER)


def store(settings: Settings) -> DuckStore:
    """The store, opened for writing."""
    return DuckStore(settings.store.path, memory_limit=settings.store.memory_limit)
