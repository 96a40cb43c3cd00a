"""Groups of commands that know what a misspelt one was to be."""

from collections.abc import Iterable
from difflib import get_close_matches

import rich_click as click

NEAR = 0.7  # of short names: `runn` was to be `run`, `init` was not to be `ingest`


class Group(click.RichGroup):
    """A group whose commands are at hand."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; None where there is none of that name, nor of one that is near."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            misspelt(ctx, cmd_name, self.commands)
        return found


def misspelt(ctx: click.Context, name: str, names: Iterable[str]) -> None:
    """Refuse a name that is near one of these; else leave it to whoever asks."""
    meant = get_close_matches(name, sorted(names), n=1, cutoff=NEAR)
    if meant and not ctx.resilient_parsing:
        ctx.fail(f"No such command '{name}'. Did you mean {meant[0]}?")
