"""A comparison in lines for a terminal: the verdict, then a picture of each feature."""

from collections.abc import Iterator

from detectors.conventions import Score
from stream.comparison.answer import Answer
from stream.comparison.own import Own


def picture(said: Answer, ours: Own) -> Iterator[str]:
    """The lines."""
    whole = said.dataset
    yield f"{whole.by}: {'drifted' if whole.drifted else 'not drifted'}"
    for name, scores in said.features.items():
        yield f"{name}"
        for measure, score in scores.items():
            yield f"  {measure} {told(score)}"


def told(score: Score) -> str:
    """A value, its limit and the verdict."""
    if score.value is None:
        return f"none: {score.problem}"
    return f"{score.value:.4g} {score.limit} {score.drifted}"
