"""What can be wrong with a reference."""


class ReferenceProblem(Exception):  # noqa: N818 - it says what happened, as all our exceptions do
    """The reference cannot serve the configuration; says what is missing and what there is."""
