"""Plans: what is counted, in which rows and columns."""

from stream import reference
from stream.config.settings import Limits, Model
from stream.plan import Plan
from stream.segments.fields import segment_fields

EVENTS = [
    b'{"features": {"amount": %d, "country": "%s"}, "segments": {"site": "%s"}, "score": 0.5, "status": "ok"}'
    % (i, [b"FR", b"DE"][i % 2], [b"paris", b"lyon"][i % 2])
    for i in range(60)
]


def plan(**settings: object) -> Plan:
    """The plan of the events above."""
    model = Model(**settings)  # type: ignore[arg-type]  # keys of the configuration
    return reference.plan("shop", reference.from_events(EVENTS), model, Limits(), since=0, source="test")


def test_segments_are_laid_out_in_rows_behind_the_row_of_all() -> None:
    """A row per value, then other values, then missing ones, field by field."""
    fields = segment_fields([
        {"name": "site", "feature": False, "values": ["a", "b"]},
        {"name": "c", "feature": True, "values": []},
    ])  # fmt: skip
    assert [1, 5] == [field.first for field in fields]
    assert ("site=a", "site=b", "site=(other)", "site=(missing)") == fields[0].rows
    assert ("c=(other)", "c=(missing)") == fields[1].rows


def test_rows_of_a_plan_begin_with_all_events() -> None:
    """Values in the order of the configuration's fields."""
    rows = plan(segments=("country", "site")).rows
    assert "" == rows[0]
    assert {"country=DE", "country=FR", "country=(other)", "site=lyon", "site=paris"} < set(rows)
    assert len(set(rows)) == len(rows)


def test_outputs_are_watched_and_are_no_features() -> None:
    """They are decoded from their own fields."""
    one = plan()
    assert {"output:score", "service:status"} < set(one.grid.columns)
    assert ("amount",) == one.shape.numeric
    assert ("country",) == one.shape.categorical


def test_a_feature_that_only_segments_use_is_decoded_too() -> None:
    """Declared features leave it out of the grid, not out of the events."""
    one = plan(features={"amount": "numeric"}, segments=("country",))
    assert "country" not in one.grid.columns
    assert ("country",) == one.shape.categorical
