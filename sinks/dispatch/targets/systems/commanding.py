"""A program of this machine as a target: which arguments it gets."""

from collections.abc import Mapping

from msgspec import Struct

from sinks.dispatch.target import Refused, Trigger
from sinks.dispatch.targets.plans.keys import Entry, Key
from sinks.dispatch.targets.plans.row import Together, nothing
from sinks.dispatch.targets.plans.templates import PLACE, fields, text

ARGUMENT_MAX = 100_000  # bytes; Linux takes 131,072


KEYS = {
    "command": Key("names", "a list: the program and its arguments, such as [dvc, exp, run]", needed=True),
    "directory": Key("text", "a directory to run in", "."),
    "environment": Key("names", "a list of names of environment variables to hand on", ()),
    "repeated": Key("text", "words that the program says where it had this trigger before"),
    "timeout": Key("duration", "a duration such as 2h, after which the program is ended", 3_600.0),
}


class Command(Struct, frozen=True):
    """A list of arguments, never a shell; the trigger comes by the standard input."""

    keys: Mapping[str, Key]
    keyed: bool = False
    together: Together = nothing


COMMAND = Command(KEYS)


def arguments(entry: Entry, trigger: Trigger) -> tuple[str, ...] | Refused:
    """The program and its arguments. A field may not begin an argument with a dash: it would be an option."""
    known = fields(trigger)
    filled = []
    for template in entry.names("command"):
        argument = text(template, known)
        if PLACE.match(template) and not template.startswith("$$") and argument.startswith("-"):
            return Refused(f"the argument {template} would begin with a dash")
        if "\0" in argument or len(argument.encode("utf-8", "replace")) > ARGUMENT_MAX:
            return Refused(f"the argument {template} would be longer than {ARGUMENT_MAX} bytes, or hold a NUL")
        filled.append(argument)
    return tuple(filled)
