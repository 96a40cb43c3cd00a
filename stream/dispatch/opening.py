"""The targets of a configuration, opened."""

from collections.abc import Mapping

from sinks.dispatch.target import Target
from sinks.dispatch.targets import open_target
from stream.config.sections.dispatch import Dispatch


class TargetProblem(Exception):
    """A target lacks something on this machine: a secret, a program, a library."""


def targets(dispatch: Dispatch, environment: Mapping[str, str]) -> list[Target]:
    """All of them. TargetProblem says of which what is missing."""
    opened = []
    for i, entry in enumerate(dispatch.targets):
        assert isinstance(entry, Mapping), entry  # it was checked
        try:
            opened.append(open_target(entry, environment))
        except ValueError as error:
            raise TargetProblem(f"dispatch.targets[{i}]: {error}") from error
    return opened
