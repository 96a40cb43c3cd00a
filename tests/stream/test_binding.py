"""Plans meet the bytes: what is decoded is counted as the reference was, whatever other plans are in force."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from detectors import parts
from detectors.grids import MISSING_CELL
from stream import reference
from stream.binding import Schema, schema
from stream.config.settings import Limits, Model
from stream.plan import Plan
from tests.stream.encodings.worlds import records, written

NUMBERS = [0, -0.0, 1.5, -3, 10**400, 1e300, None, float("nan"), float("inf"), True, "7", [1], 2**53 + 1]
DECLARED = {"amount": "numeric", "age": "numeric", "country": "categorical", "device": "categorical"}
SWAPPED = {**DECLARED, "amount": "categorical", "country": "numeric"}
CATEGORIES = [
    "FR",
    "DE",
    "",
    None,
    7,
    7.0,
    0.5,
    True,
    False,
    float("nan"),
    {"a": 1},
    "\ud800x",
    "é",
    2**53 + 1,
    "x" * 99,
]


def events(seed: int, n: int, **changes: object) -> list[bytes]:
    """Predictions with odd values among the usual ones."""
    dice = random.Random(seed)
    return [
        written(
            features={
                "amount": dice.choice((dice.gauss(50, 9), dice.gauss(50, 9), dice.choice(NUMBERS))),
                "age": dice.randrange(90),
                "country": dice.choice(CATEGORIES),
                "device": dice.choice(("phone", "web")),
            },
            score=dice.choice((dice.random(), dice.random(), dice.choice(NUMBERS))),
            prediction=dice.choice((0, 1, "1", None, True)),
            status=dice.choice(("ok", "ok", None, [1])),
            segments={"site": dice.choice(CATEGORIES)},
            **changes,
        )
        for _ in range(n)
    ]


def planned(values: Sequence[bytes], since: int = 0, **settings: object) -> Plan:
    """The plan that some events make."""
    model = Model(**{"segments": ("site", "country"), **settings})  # type: ignore[arg-type]  # as the names say
    return reference.plan(
        "fraud", reference.from_events(values), model, Limits(vocabulary=5, segments=3), since=since, source="here"
    )


def bound(*plans: Plan, others: Sequence[tuple[str, Sequence[Plan]]] = ()) -> Schema:
    """The schema of some plans of one model."""
    return schema([*others, ("fraud", plans)], ("site", "country"), identified=False, bytes_max=65_536)


def summary(bindings: Schema, plan: Plan, values: Sequence[bytes]) -> parts.Summary:
    """What the events add under a plan."""
    batch = bindings.decoder.decode(records(values))
    assert not batch.rejects
    return bindings.bindings[plan.id].summary(batch.values, batch.texts, batch.segments)


def cells(found: parts.Summary, column: str) -> list[list[int]]:
    """The counts of one column, by row."""
    i = found.grid.columns.index(column)
    return found.counts[:, found.grid.offsets[i] : found.grid.offsets[i + 1]].tolist()


@pytest.mark.parametrize(
    ("features", "segments"),
    [({}, ("site", "country")), (DECLARED, ("site", "country")), (SWAPPED, ("site",))],
    ids=["inferred", "declared", "swapped"],
)
def test_what_is_decoded_is_counted_as_the_reference_was(features: dict[str, str], segments: tuple[str, ...]) -> None:
    """The events that made the reference, decoded and counted, are the reference, bit for bit."""
    values = events(1, 500)
    plan = planned(values, features=features, segments=segments)
    assert plan.reference == summary(bound(plan), plan, values)


def test_other_models_change_nothing() -> None:
    """Wider, narrower and unlearned models with other words in the same schema."""
    values = events(2, 300)
    plan = planned(values, features=DECLARED)
    wide = planned(events(3, 100), features={**SWAPPED, "country": "categorical"}, segments=("site",))
    narrow = planned(events(4, 100), features={"age": "numeric"}, segments=())
    crowded = bound(plan, others=[("wide", [wide]), ("narrow", [narrow]), ("unlearned", [])])
    assert plan.reference == summary(crowded, plan, values)


def test_two_plans_of_a_model_count_the_same_events_each_in_its_way() -> None:
    """While both are in force, each has the summary that it has alone."""
    values = events(5, 300)
    old = planned(events(6, 200), since=0, features=DECLARED)
    new = planned(values, since=60, features={"device": "categorical", "amount": "numeric"}, segments=("site",))
    both = bound(old, new)
    assert summary(bound(old), old, values) == summary(both, old, values)
    assert new.reference == summary(both, new, values)


def test_a_feature_of_another_kind_is_missing_to_the_older_plan() -> None:
    """The newest plan decides how it is decoded; the older one's other columns are what they are alone."""
    values = events(7, 300)
    old = planned(values, since=0, features=DECLARED)
    new = planned(values, since=60, features=SWAPPED, segments=("site",))
    both = bound(old, new)
    assert new.reference == summary(both, new, values)
    found = summary(both, old, values)
    for column in ("amount", "country"):
        missing = np.zeros(len(cells(found, column)[0]), np.int64)
        missing[-4 + MISSING_CELL] = len(values)
        assert missing.tolist() == cells(found, column)[0]
    for column in ("age", "device", "output:score", "output:prediction", "service:status"):
        assert cells(old.reference, column)[0] == cells(found, column)[0]
    site = [i for i, row in enumerate(old.rows) if row.startswith("site=")]
    assert np.array_equal(old.reference.take(site).events(), found.take(site).events())
    country = old.rows.index("country=(missing)")
    assert [len(values)] == found.take([country]).events().tolist()


def test_a_model_without_a_plan_is_decoded_for_its_header_only() -> None:
    """It has its place among the models, and no binding."""
    unlearned = schema([("fraud", [])], (), identified=False, bytes_max=65_536)
    batch = unlearned.decoder.decode(records(events(8, 10)))
    assert unlearned.bindings == {}
    assert [(head.name, head.model) for head in batch.heads] == [("fraud", 0)]
    assert batch.values.shape == (10, 3)
