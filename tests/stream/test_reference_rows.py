"""References: what their rows hold is counted as the stream would count it, however they were cut."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream import reference
from stream.binding import schema
from stream.config.settings import Model, Output
from stream.events import Records
from stream.plan import LATENCY, PREDICTION, SCORE, STATUS
from stream.reference import ReferenceProblem
from stream.reference.columns import as_objects, joined, of_documents
from tests.stream.files.events import lines
from tests.stream.reference_tables import EVENTS, LIMITS, TABLE, of_columns, plan_of


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
