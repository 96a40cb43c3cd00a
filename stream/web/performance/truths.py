"""Answers beside the truth, on a model's page: how often scores came true, and what was said of each class."""

from sinks.commit import Where
from stream.answers.binary import Binary
from stream.answers.classes import Classes
from stream.web.page.html import Html, join, section, tag
from stream.web.performance.calibration import calibration, calibration_of, parts_of
from stream.web.performance.confusion import METRIC, confusion_of
from stream.web.performance.summed import newest_summed
from stream.web.sources import Sources


def truths_of(sources: Sources, key: Where) -> Html:
    """Of the newest window with enough labels; nothing without one, or where answers are no classes."""
    one = newest_summed(sources, key, METRIC)
    if one is None or not isinstance(one.answers, (Binary, Classes)):
        return join()
    told = calibration(one) if isinstance(one.answers, Binary) else None
    if told is None or not any(each.n for each in told.bins):
        return section("Answers and truth", confusion_of(one))
    beside = tag("div", confusion_of(one), parts_of(told))
    return section("Answers and truth", tag("div", calibration_of(told), beside, class_="pair"))
