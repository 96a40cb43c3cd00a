"""References: what is watched follows from the rows, and what they hold is counted as the stream would count it."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream import reference
from stream.binding import schema
from stream.config.settings import Limits, Model, Output
from stream.events import Records
from stream.plan import LATENCY, PREDICTION, SCORE, STATUS, Plan, SegmentField
from stream.reference import ReferenceProblem, Table
from stream.reference.columns import as_objects, column, joined, of_documents
from tests.stream.files.events import events, lines

EVENTS = events()
TABLE = reference.from_events(lines(EVENTS))
LIMITS = Limits()


def plan_of(table: Table, settings: Model | None = None, limits: Limits = LIMITS) -> Plan:
    """The plan of a table."""
    return reference.plan("fraud", table, settings or Model(), limits, since=0, source="train.parquet")


def of_columns(columns: Mapping[str, Sequence[Any]]) -> Table:
    """A flat table of columns that are lists."""
    return reference.from_columns({name: column(values) for name, values in columns.items()})


def kinds_of(plan: Plan) -> dict[str, str]:
    """What is watched, and as what."""
    return dict.fromkeys(plan.grid.numeric, "numeric") | dict.fromkeys(plan.grid.categorical, "categorical")


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


def test_the_summary_is_plain_counting() -> None:
    """Every cell of the reference holds as many rows as a loop finds in it, in all and for each segment."""
    plan = plan_of(TABLE, Model(segments=("site",)))
    for row, wanted in ((0, None), (1, "paris"), (2, "rome")):
        chosen = [event for event in EVENTS if wanted in {None, event["segments"]["site"]}]
        counts = plan.reference.counts[row]
        for i, name in enumerate(plan.grid.columns):
            values = [_value(event, name) for event in chosen]
            cells = counts[plan.grid.offsets[i] : plan.grid.offsets[i + 1]].tolist()
            regular = int(plan.grid.regular[i])
            assert [values.count(None), 0, 0] == cells[regular + 1 :]
            present = [value for value in values if value is not None]
            assert len(present) == sum(cells[:regular])
            if i < len(plan.grid.numeric):
                assert math.isclose(sum(present) / len(present), plan.reference.mean()[row, i], rel_tol=1e-6)
            else:
                texts = Counter(str(int(value)) if not isinstance(value, str) else value for value in present)
                vocabulary = plan.grid.vocabularies[i - len(plan.grid.numeric)]
                assert [texts[text] for text in vocabulary] == cells[: len(vocabulary)]


def _value(event: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - of some JSON type
    outputs = {SCORE: "score", PREDICTION: "prediction", LATENCY: "latency_ms", STATUS: "status"}
    return event[outputs[name]] if name in outputs else event["features"][name]


ODD = [1, 1.0, True, "1", "x", None, math.nan, math.inf, 10**400, [1], {"a": 1}, 2**53 + 1, 0.1, -0.0, False, "", "nan"]


def test_the_stream_counts_the_references_rows_like_the_reference() -> None:
    """Whatever the values, decoding and summing the same events gives the reference's summary: distance 0."""
    rows = [
        {
            "kind": "prediction",
            "model": "fraud",
            "time": i,
            "features": {"n": ODD[i % len(ODD)] if i % 5 == 0 else i / 3, "c": ODD[i % len(ODD)], "s": ODD[i % 7]},
            "prediction": ODD[i % len(ODD)],
            "segments": {"site": ODD[i % len(ODD)]},
        }
        for i in range(1_000)
    ]
    payloads = lines(rows)
    settings = Model(
        features={"n": "numeric", "c": "categorical", "s": "categorical"},
        segments=("s", "site"),
        output=Output("multiclass"),
    )
    plan = plan_of(reference.from_events(payloads), settings)
    made = schema([("fraud", [plan])], ("site",), identified=False, bytes_max=65_536)
    unknown = np.full(len(rows), -1, np.int64)
    batch = made.decoder.decode(Records("predictions", 0, np.arange(len(rows)), unknown, list(payloads), len(rows)))
    assert () == batch.rejects
    assert plan.reference == made.bindings[plan.id].summary(batch.values, batch.texts, batch.segments)


def test_what_a_model_says_does_not_apply_to_features_alone() -> None:
    """Rows of kind features count for features only; labels count for nothing."""
    rows = [
        {"kind": "prediction", "model": "fraud", "time": 0, "features": {"x": 1}, "prediction": 1, "score": 0.5},
        {"kind": "features", "model": "fraud", "time": 0, "features": {"x": 2}},
        {"kind": "label", "model": "fraud", "time": 0, "label": 1},
    ]
    for table in (reference.from_columns(of_documents(rows)), reference.from_events(lines(rows[:2]))):
        plan = plan_of(table)
        assert ["x", SCORE, PREDICTION] == list(plan.grid.columns)
        assert [2, 1, 1] == plan.reference.comparable()[0].tolist()


def test_of_a_log_of_events_only_the_models_own_count() -> None:
    """Events of several models in one file are told apart; a model that is not among them is a problem."""
    rows = [{"model": name, "time": 0, "features": {"x": 1}} for name in ("fraud", "churn", "fraud")]
    table = reference.from_columns(of_documents(rows))
    assert [2] == plan_of(table).reference.events().tolist()
    with pytest.raises(ReferenceProblem, match=r"no prediction of model 'spam'; it has events of churn, fraud$"):
        reference.plan("spam", table, Model(), LIMITS, since=0, source="log.jsonl")
    flat = of_columns({"model": ["T", "S", "T"], "x": [1, 2, 3]})
    assert [3] == plan_of(flat).reference.events().tolist()


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


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.sampled_from(["a", "1", ""]), st.just([1])
)
DOCUMENTS = st.lists(
    st.dictionaries(st.sampled_from("abc"), VALUES)
    | st.fixed_dictionaries({"features": st.dictionaries(st.sampled_from("xy"), VALUES) | st.none()}),
    min_size=1,
    max_size=12,
)


@given(DOCUMENTS, st.integers(1, 12))
def test_columns_do_not_depend_on_how_rows_were_cut(documents: list[dict[str, Any]], n: int) -> None:
    """Columns of chunks, joined, have the same cells as columns of all rows at once."""
    chunks = [documents[i : i + n] for i in range(0, len(documents), n)]
    whole = of_documents(documents)
    cut = joined([(len(chunk), of_documents(chunk)) for chunk in chunks])
    assert _cells(whole) == _cells(cut)


def _cells(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Every column's type, and its values in words that compare: 1 is not true, and not a number is one word."""
    return {
        name: _cells(values)
        if isinstance(values, Mapping)
        else (values.dtype, [_word(value) for value in as_objects(values)])
        for name, values in columns.items()
    }


def _word(value: object) -> object:
    if isinstance(value, bool | str) or value is None:
        return type(value).__name__, value
    return repr(float(value)) if isinstance(value, int | float) else "object"
