"""`driftline`: the commands. Each is a thin reading of its options around something that is tested without it."""

from collections.abc import Sequence

import rich_click as click

from stream.cli.abreast import versions
from stream.cli.capturing import capture
from stream.cli.checking import check
from stream.cli.comparing import compare
from stream.cli.controlling import control
from stream.cli.copying import backup, restore
from stream.cli.dispatching import dispatch
from stream.cli.exporting import export_tables
from stream.cli.failures import leave
from stream.cli.handing import hand_over
from stream.cli.publishing import publish
from stream.cli.redriving import redrive
from stream.cli.references import reference
from stream.cli.replaying import replay
from stream.cli.schemas import schema
from stream.cli.serving import ingest, monitor, run
from stream.cli.trying import policy
from stream.demo.command import demo

COMMANDS = (
    *(run, ingest, monitor, dispatch, check, demo, publish, capture, replay, reference),
    *(compare, versions, export_tables, backup, restore, hand_over, policy, redrive, schema),
    control,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="driftline", prog_name="driftline")
def commands() -> None:
    """Watches machine-learning models on Kafka: reads what they saw and said, finds drift, asks for retraining.

    FILE is a YAML configuration (docs/configuration.md); without one, ./driftline.yaml is used if it is there.
    """


for command in COMMANDS:
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; failures become sentences and exit codes."""
    try:
        commands.main(args=list(arguments) if arguments is not None else None, prog_name="driftline")
    except Exception as error:  # noqa: BLE001 - told by table, raised again where it is in none
        leave(error)
