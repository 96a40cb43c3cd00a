"""What can be wrong with a reference."""


class ReferenceProblem(Exception):
    """The reference cannot serve the configuration; says what is missing and what there is."""
