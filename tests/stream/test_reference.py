"""References: what is watched follows from the rows."""

import json
import math
from collections import Counter
from typing import Any

import pytest

from stream import reference
from stream.config.settings import Limits, Model, Output
from stream.plan import LATENCY, PREDICTION, SCORE, STATUS
from stream.reference import ReferenceProblem, Table
from stream.reference.columns import column
from stream.segments.fields import SegmentField
from tests.stream.reference_tables import EVENTS, LIMITS, TABLE, kinds_of, of_columns, plan_of


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3] * 40, "numeric"),
        ([0.5, None, None, 2.5] * 30, "numeric"),
        ([7] * 120, "numeric"),
        ([1.0] * 96 + ["broken"] * 4, "numeric"),
        ([1.0] * 94 + ["broken"] * 6, "categorical"),
        ([True, False, None] * 40, "categorical"),
        (["FR", "DE", None] * 40, "categorical"),
        ([f"user-{i}" for i in range(120)], None),
        ([f"user-{i}" for i in range(99)], "categorical"),
        ([f"user-{i % 60}" for i in range(120)], "categorical"),
        ([None] * 120, None),
        ([math.nan, math.inf] * 60, None),
        ([[1], {"x": 1}] * 60, None),
        (["a"] * 94 + [[1]] * 6, None),
        ([], None),
    ],
)
def test_the_kind_of_a_feature_follows_from_its_values(values: list[object], expected: str | None) -> None:
    """Numbers are numeric, few texts and truth values are categories; nothing is made of identifiers and objects."""
    assert expected == reference.inferred_kind(column(values))


def test_what_is_not_watched_has_a_reason() -> None:
    """Identifiers, empty columns, lists, fields of events and what is beyond the limit are left out, and named."""
    n = 200
    table = of_columns(
        {
            "a": [1.0] * n,
            "b": ["x"] * n,
            "c": [2.0] * n,
            "customer": [f"c{i}" for i in range(n)],
            "label": [1] * n,
            "list": [[1]] * n,
            "nothing": [None] * n,
        }
    )
    expected = {
        "c": "beyond limits.features (2)",
        "customer": "beyond limits.features (2)",
        "label": "a field of events; declare it if it is a feature",
        "list": "beyond limits.features (2)",
        "nothing": "beyond limits.features (2)",
    }
    assert expected == reference.left_out(table, Model(), Limits(features=2))
    assert {
        "customer": "an identifier: 200 distinct texts in 200 rows",
        "label": "a field of events; declare it if it is a feature",
        "list": "objects, lists or bytes",
        "nothing": "no value",
    } == reference.left_out(table, Model(), LIMITS)
    declared = Model(features={"label": "numeric"})
    assert ({}, {"label": "numeric"}) == (
        reference.left_out(table, declared, LIMITS),
        kinds_of(plan_of(table, declared)),
    )


def test_a_declared_feature_that_is_missing_is_named_with_the_nearest() -> None:
    """Whoever mistyped a name reads which one was meant, or which there are; all that are missing are named."""
    with pytest.raises(ReferenceProblem) as problem:
        plan_of(TABLE, Model(features={"amuont": "numeric", "qqq": "categorical", "items": "numeric"}))
    assert (
        "the reference train.parquet has no feature 'amuont'; did you mean 'amount'?, nor 'qqq' (it has amount, "
        "constant, country, customer, items, nothing, returning, zip)"
    ) == str(problem.value)


def test_nothing_to_watch_is_a_problem() -> None:
    """A file whose columns can all not be watched serves nobody."""
    with pytest.raises(ReferenceProblem, match=r"^train\.parquet: no feature or output to watch was found in 3 rows$"):
        plan_of(of_columns({"x": [None] * 3}))


def test_outputs_are_recognised_by_their_names() -> None:
    """Score and latency are numbers; status is a category, though it may look like a number."""
    table = of_columns({"x": [1] * 3, "score": [0.1, 0.2, None], "latency_ms": [1, 2, 3], "status": [200, 200, 500]})
    assert {"x": "numeric", SCORE: "numeric", LATENCY: "numeric", STATUS: "categorical"} == kinds_of(plan_of(table))


@pytest.mark.parametrize(
    ("predictions", "output", "expected"),
    [
        ([0, 1, 1], "auto", "categorical"),
        ([True, False, True], "auto", "categorical"),
        (["cat", "dog", "cat"], "auto", "categorical"),
        ([0.5, 1.0, 1.0], "auto", "numeric"),
        (list(range(21)), "auto", "numeric"),
        (list(range(20)), "auto", "categorical"),
        ([0, 1, 1], "regression", "numeric"),
        ([0.5, 1.0, 1.0], "multiclass", "categorical"),
        ([None, None, None], "regression", None),
    ],
)
def test_a_prediction_is_a_class_or_a_number(predictions: list[object], output: Any, expected: str | None) -> None:  # noqa: ANN401 - a Literal
    """The configuration says which; otherwise fractions and many distinct numbers are a regression's."""
    table = of_columns({"x": [1.0] * len(predictions), "prediction": predictions})
    assert expected == kinds_of(plan_of(table, Model(output=Output(output)))).get(PREDICTION)


def test_segments_come_from_a_feature_or_from_the_events() -> None:
    """A watched feature comes first, then the events' segments, then any other feature; else nothing is known."""
    settings = Model(features={"country": "categorical"}, segments=("country", "site", "zip", "nowhere"))
    expected = (
        SegmentField("country", feature=True, values=("DE", "FR", "IT"), first=1),
        SegmentField("site", feature=False, values=("paris", "rome"), first=6),
        SegmentField("zip", feature=True, values=("00", "01", "02", "03", "04"), first=10),
        SegmentField("nowhere", feature=False, values=(), first=17),
    )
    plan = plan_of(TABLE, settings)
    assert expected == plan.segments
    sites = Counter(event["segments"]["site"] for event in EVENTS)
    assert [len(EVENTS), sites["paris"], sites["rome"], 0, 0] == plan.reference.events()[[0, 6, 7, 8, 9]].tolist()


def test_the_most_frequent_values_of_a_segment_field_have_rows() -> None:
    """The others share one; in a flat file a column that is not watched is taken for a segment of the events."""
    table = of_columns({"x": [1] * 6, "site": ["c", "c", "b", "b", "a", None]})
    plan = plan_of(table, Model(features={"x": "numeric"}, segments=("site",)), Limits(segments=2))
    assert (SegmentField("site", feature=False, values=("b", "c"), first=1),) == plan.segments
    assert [6, 2, 2, 1, 1] == plan.reference.events().tolist()


def test_numbers_that_tell_segments_apart_are_categories() -> None:
    """Inferred to be one where it is a segment field; a contradiction of the configuration is a problem."""
    table = of_columns({"tier": [1, 2, 2], "x": [1, 2, 3]})
    plan = plan_of(table, Model(segments=("tier",)))
    assert ({"tier": "categorical", "x": "numeric"}, ("1", "2")) == (kinds_of(plan), plan.segments[0].values)
    with pytest.raises(ReferenceProblem, match="'tier' cannot be numeric and tell segments apart"):
        plan_of(table, Model(features={"tier": "numeric"}, segments=("tier",)))


def test_a_plan_is_described_for_people() -> None:
    """Each column with its kind, where that comes from, and what the reference holds."""
    table = of_columns({"x": [1.0, 3.0, None, math.inf], "c": ["a", "a", "b", None]})
    x, c = reference.describe(plan_of(table, Model(features={"x": "numeric", "c": "categorical"})))
    expected = reference.Row("x", "numeric", "declared", x.cells, 4, 0.25, 2.0, 1.0, ())
    assert expected == x
    assert reference.Row("c", "categorical", "declared", 2, 4, 0.25, None, None, (("a", 0.5), ("b", 0.25))) == c
    (inferred,) = reference.describe(plan_of(of_columns({"x": [1.0]})))
    assert ("inferred", 1.0, 0.0) == (inferred.origin, inferred.mean, inferred.deviation)


def test_a_saved_plan_comes_back_though_laid_out_anew() -> None:
    """An editor may indent the file; whoever changes what it says is found out."""
    plan = plan_of(TABLE, Model(segments=("country",)))
    saved = reference.save(plan)
    indented = json.dumps(json.loads(saved), indent=2).encode()
    assert [plan.body, plan.body] == [reference.load(document, "x").body for document in (saved, indented)]
    changed = indented.replace(b'"inferred"', b'"Inferred"')
    for document, said in (
        (changed, "x was changed after it was saved; build it again"),
        (saved[:-20], "x is no JSON"),
        (b"\xff", "x is no JSON"),
        (b'{"format": "other"}', "x is no saved plan"),
        (b"[]", "x is no saved plan"),
    ):
        with pytest.raises(ReferenceProblem, match=f"^{said}"):
            reference.load(document, "x")


def test_a_saved_plan_serves_another_model_that_asks_for_the_same() -> None:
    """It is adopted with the model's name and time; a configuration that asks for something else is told so."""
    plan = plan_of(TABLE, Model(segments=("country",)))
    table = Table(saved=plan)
    settings = Model(segments=("country",))
    adopted = reference.plan("churn", table, settings, LIMITS, since=60, source="x")
    assert ("churn", 60, "x", plan.grid, plan.inferred) == (
        adopted.model,
        adopted.since,
        adopted.source,
        adopted.grid,
        adopted.inferred,
    )
    for other, said in (
        (Model(segments=("site",)), "built for segments country, the configuration has site"),
        (Model(segments=("country",), features={"amount": "categorical"}), "has it numeric"),
        (Model(segments=("country",), features={"qqq": "numeric"}), "does not have it"),
        (Model(segments=("country",), features={"amount": "numeric"}), "not declared: constant, country"),
    ):
        with pytest.raises(ReferenceProblem, match=said):
            reference.plan("churn", table, other, LIMITS, since=60, source="x")
