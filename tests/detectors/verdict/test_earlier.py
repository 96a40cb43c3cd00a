"""The same slot of other days keeps the verdict's promise: a short version of `tests.honesty.earlier`."""

from stream.config.references import Reference
from stream.config.settings import HOUR
from tests.honesty.earlier import Row, measured


def test_the_same_hour_of_other_days_keeps_the_promise() -> None:
    """Of 18,000 verdicts some 180 are promised; and where days differ, it does not, as the page says."""
    often, seldom = measured(Row("", HOUR, Reference(days=7)), days=84)
    assert 0.5 <= often <= 1.5
    assert seldom <= 1.5
    assert 10 < measured(Row("", HOUR, Reference(days=7), 0.1), days=20)[0]
