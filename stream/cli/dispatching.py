"""`driftline dispatch`: start runs for triggers."""

from pathlib import Path

import rich_click as click

from stream.cli import opening
from stream.cli.options import BOOTSTRAP, FILE
from stream.config.mistakes import ConfigurationError, Mistake
from stream.config.settings import Settings
from stream.dispatch.given import Given


@click.command()
@FILE
@BOOTSTRAP
def dispatch(file: Path | None, bootstrap: str) -> None:
    """Start runs for triggers: read `topics.triggers`, ask every target once, tell `topics.outcomes` what became of it.

    What has been asked of which target is in `dispatch.ledger`; a dispatcher that was killed goes on there. It answers
    /health/ready and /metrics at `dispatch.listen`.
    """
    from stream.dispatch.lean import become

    become(given(opening.configuration(file, (), bootstrap)))


def given(settings: Settings) -> Given:
    """What a dispatcher needs. ConfigurationError where there is nothing to start."""
    if not settings.dispatch.targets:
        expected = "at least one target, see docs/triggers.md"
        raise ConfigurationError((Mistake("dispatch.targets", expected, "an empty list"),))
    return Given(settings.kafka, settings.topics, settings.dispatch)
