"""What is collected stays until the end: nobody looks for garbage among thousands of tests and modules."""

from stream.garbage import settle, unsettle


def pytest_collection_finish() -> None:
    """Else a full look, of which there are many, takes longer than most tests."""
    settle()


def pytest_unconfigure() -> None:
    """See there."""
    unsettle()
