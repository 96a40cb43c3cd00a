"""Conditions on what a model said: its score and its answer tell events apart, in the reference and in the stream."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from stream import reference
from stream.config.sections.segments import Segment
from stream.config.settings import Limits, Model
from stream.plan import Plan
from tests.stream.encodings.worlds import written
from tests.stream.test_segmented import number, rows_of, text

Says = Callable[[Any], bool | None]
SCORES = (0.1, 0.5, 0.9, None, "x", math.inf, math.nan, True)
ANSWERS = {
    "texts": ("yes", "no", "perhaps", None, 7, True, {"a": 1}),
    "yes or no": (1, 0, None, 1, 0),
    "numbers": (1, 0.5, 250, -3.25, None, math.nan),
}


def made(answers: str, n: int = 300) -> list[dict[str, Any]]:
    """Predictions with odd scores and answers, and features alone now and then."""
    known, events = ANSWERS[answers], []
    for i in range(n):
        said = {"score": SCORES[i * 7 % 11 % len(SCORES)], "prediction": known[i * 5 % 13 % len(known)]}
        alone = {"kind": "features", "score": None, "prediction": None} if i % 17 == 0 else {}
        events.append({"features": {"amount": i % 50}, **said, **alone})
    return events


def planned(events: list[dict[str, Any]], where: str, **settings: Any) -> Plan:  # noqa: ANN401 - of a model
    """The plan that some events make, with one condition."""
    table = reference.from_events([written(**event) for event in events])
    model = Model(segments=(Segment("big", where=where),), **settings)
    return reference.plan("fraud", table, model, Limits(), since=0, source="here")


def told(found: bool | None) -> str:
    """The row of an answer."""
    return {True: "big=true", False: "big=false", None: "big=(missing)"}[found]


def score(says: Says) -> Says:
    """What is said of a score; None where there is none."""
    return lambda event: None if (value := number(event["score"])) is None else says(value)


def answer(says: Says) -> Says:
    """The same of an answer as a text."""
    return lambda event: None if (value := text(event["prediction"])) is None else says(value)


def amount(says: Says) -> Says:
    """And of one as a number."""
    return lambda event: None if (value := number(event["prediction"])) is None else says(value)


@pytest.mark.parametrize(
    ("answers", "where", "says"),
    [
        ("texts", "score > 0.4", score(lambda value: value > 0.4)),
        ("texts", "score is missing", lambda event: number(event["score"]) is None),
        ("texts", "0.5 <= score", score(lambda value: value >= 0.5)),
        ("texts", "prediction == 'yes'", answer(lambda value: value == "yes")),
        ("texts", "prediction in ('yes', 'no')", answer(lambda value: value in {"yes", "no"})),
        ("texts", "prediction == 7", answer(lambda value: value == "7")),
        ("yes or no", "prediction == 1", answer(lambda value: value == "1")),
        ("yes or no", "prediction != 1", answer(lambda value: value != "1")),
        ("numbers", "prediction > 0.75", amount(lambda value: value > 0.75)),
        ("numbers", "prediction == 250", amount(lambda value: value == 250)),
    ],
)
def test_what_a_model_said_tells_events_apart(answers: str, where: str, says: Says) -> None:
    """Like a loop does it, in the reference and in the stream; features alone say nothing."""
    events = made(answers)
    plan = planned(events, where)
    expected = [told(says(event)) for event in events]
    assert expected == [row for (row,) in rows_of(plan, [written(**event) for event in events])]
    counts = dict(zip(plan.rows[1:], plan.reference.events()[1:].tolist(), strict=True))
    assert Counter(expected) == Counter({name: n for name, n in counts.items() if n})
    assert Plan.load(plan.body).body == plan.body


def test_a_declared_feature_of_that_name_is_meant_before() -> None:
    """Whoever declared it meant it."""
    events = [{"features": {"score": i}, "score": 0.5} for i in range(20)]
    plan = planned(events, "score > 9", features={"score": "numeric"})
    assert ("score", "numeric") in plan.segments[0].asked
    found = Counter(row for (row,) in rows_of(plan, [written(**event) for event in events]))
    assert found == {"big=true": 10, "big=false": 10}


def test_what_a_model_said_is_no_feature_of_its_plan() -> None:
    """It is decoded as an answer in any case."""
    plan = planned(made("texts"), "score > 0.4 and prediction == 'yes'")
    assert plan.shape.numeric == ("amount",)
    assert plan.shape.categorical == ()
