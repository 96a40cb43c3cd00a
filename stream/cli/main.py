"""`driftline`: the commands. Each is a thin reading of its options around something that is tested without it."""

import sys
from collections.abc import Sequence
from importlib import import_module

import rich_click as click

from stream.cli.groups import misspelt
from stream.garbage import spared

# Where each is; only the one that is asked for is loaded, which is half of what most of them take.
COMMANDS = {
    "run": "stream.cli.serving:run",
    "ingest": "stream.cli.serving:ingest",
    "monitor": "stream.cli.serving:monitor",
    "dispatch": "stream.cli.dispatching:dispatch",
    "check": "stream.cli.checking:check",
    "demo": "stream.demo.command:demo",
    "publish": "stream.cli.publishing:publish",
    "capture": "stream.cli.capturing:capture",
    "replay": "stream.cli.replaying:replay",
    "reference": "stream.cli.references:reference",
    "compare": "stream.cli.comparing:compare",
    "versions": "stream.cli.abreast:versions",
    "export": "stream.cli.exporting:export_tables",
    "backup": "stream.cli.copying:backup",
    "restore": "stream.cli.copying:restore",
    "hand-over": "stream.cli.handing:hand_over",
    "policy": "stream.cli.trying:policy",
    "redrive": "stream.cli.redriving:redrive",
    "schema": "stream.cli.schemas:schema",
    "control": "stream.cli.controlling:control",
}


class Commands(click.RichGroup):
    """Those of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, as the overview lists them."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; None where there is none of that name, nor of one that is near."""
        if cmd_name not in COMMANDS:
            misspelt(ctx, cmd_name, COMMANDS)
            return None
        module, name = COMMANDS[cmd_name].split(":")
        if module not in sys.modules:
            with spared():
                import_module(module)
        command: click.Command = getattr(sys.modules[module], name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="driftline", prog_name="driftline")
def commands() -> None:
    """Watches machine-learning models on Kafka: reads what they saw and said, finds drift, asks for retraining.

    FILE is a YAML configuration (docs/configuration.md); without one, ./driftline.yaml is used if it is there.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; failures become sentences and exit codes."""
    try:
        commands.main(args=list(arguments) if arguments is not None else None, prog_name="driftline")
    except Exception as error:  # noqa: BLE001 - told by table, raised again where it is in none
        from stream.cli.failures import leave

        leave(error)
